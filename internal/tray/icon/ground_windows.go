package icon

import (
	"context"

	"golang.org/x/sys/windows/registry"
)

// Grounds tells whether the task bar is light. Another choice of the user counts from the next start on.
func Grounds(_ context.Context, tell func(light bool)) {
	key, err := registry.OpenKey(registry.CURRENT_USER, `Software\Microsoft\Windows\CurrentVersion\Themes\Personalize`, registry.QUERY_VALUE)
	if err != nil {
		return
	}
	defer key.Close()
	if v, _, err := key.GetIntegerValue("SystemUsesLightTheme"); err == nil {
		tell(v == 1)
	}
}
