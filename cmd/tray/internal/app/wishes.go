package app

import (
	"github.com/keyshift-hq/keyshift/internal/autostart"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// remember gives the windows the user's wishes, and the way to keep them. Where the user has no folder for settings they
// last as long as the process.
func (p *Program) remember(o *tray.WindowOptions) {
	settings, entries, ok := userFolders(p.Env)
	if !ok {
		return
	}
	o.Settings = tray.LoadSettings(settings)
	o.Save = func(s tray.Settings) error { return s.Save(settings) }
	o.Login = autostart.New(entries, p.Executable, "--background")
}
