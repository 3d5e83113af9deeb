package icon

import (
	"context"

	"fyne.io/systray"

	"github.com/keyshift-hq/keyshift/assets"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

const title = "Keyshift"

// label writes a text for a Windows menu, where an ampersand marks a shortcut.
func label(text string) string { return doubled(text, "&") }

// tooltip leaves room for the end of NOTIFYICONDATA's szTip, which has 128 units; a longer text would have none.
func tooltip(text string) string { return within(text, 127) }

func setIcon(s tray.State, dark bool) { systray.SetIcon(assets.ICO(string(s), dark)) }

// Hosts says that there is a tray host: Windows always has one, and brings icons back when it was started anew.
func Hosts(ctx context.Context, tell func(there bool)) error {
	tell(true)
	<-ctx.Done()
	return nil
}
