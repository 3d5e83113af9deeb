package app

import (
	"strings"

	"github.com/keyshift-hq/keyshift/internal/autostart"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// remember gives the windows the user's wishes, and the way to keep them. Where the user has no folder for settings they
// last as long as the process. Whenever they are kept, saved is called.
func (p *Program) remember(o *tray.WindowOptions, saved func()) {
	settings, entries, ok := userFolders(p.Env)
	if !ok {
		return
	}
	o.Settings = tray.LoadSettings(settings)
	o.Save = func(s tray.Settings) error {
		err := s.Save(settings)
		if err == nil {
			saved()
		}
		return err
	}
	o.Login = autostart.New(entries, p.stayer(), "--background")
}

// stayer is the program that stays: this one, or the one that this one draws for.
func (p *Program) stayer() string {
	name, ending := strings.CutSuffix(p.Executable, ".exe")
	if stays, drawn := strings.CutSuffix(name, drawing); drawn && ending {
		return stays + ".exe"
	} else if drawn {
		return stays
	}
	return p.Executable
}
