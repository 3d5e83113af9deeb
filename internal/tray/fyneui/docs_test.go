package fyneui

import (
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// TestPicturesInTheDocs wants the pictures in docs/images to show the windows as they are.
func TestPicturesInTheDocs(t *testing.T) {
	for _, tt := range []struct {
		name  string
		show  func(*world)
		theme tray.Theme
	}{
		{"home", seeing(tray.WindowHome), tray.ThemeLight},
		{"check-out", seeing(tray.WindowCheckOut, "a-acme_de"), tray.ThemeLight},
		{"code", seeing(tray.WindowCode, "l1"), tray.ThemeLight},
		{"refused", seeing(tray.WindowCheckOut, "a-acme.events"), tray.ThemeDark},
		{"renew", seeing(tray.WindowRenew, "l2"), tray.ThemeDark},
		{"reminders", seeing(tray.WindowReminder), tray.ThemeDark},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, office(), tray.Settings{Theme: tt.theme, Language: i18n.English})
			tt.show(w)
			w.window.Resize(fyne.NewSize(420, 600))
			w.window.Canvas().Unfocus()
			compare(t, filepath.Join("../../../docs/images", tt.name+".png"), w.window.Canvas().Capture())
		})
	}
}
