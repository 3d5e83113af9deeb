package icon

import (
	"context"

	"fyne.io/systray"

	"github.com/keyshift-hq/keyshift/assets"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// title is empty: a title would be written beside the icon.
const title = ""

func label(text string) string { return text }

func tooltip(text string) string { return text }

// setIcon gives a template: macOS colors it to suit the menu bar.
func setIcon(s tray.State, dark bool) {
	systray.SetTemplateIcon(assets.Template(string(s)), assets.Icon(string(s), dark))
}

// Hosts says that there is a tray host: macOS always has a menu bar.
func Hosts(ctx context.Context, tell func(there bool)) error {
	tell(true)
	<-ctx.Done()
	return nil
}
