package browser

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/keyshift-hq/keyshift/internal/agent"
	"github.com/keyshift-hq/keyshift/internal/agent/workbrowser"
	"github.com/keyshift-hq/keyshift/internal/i18n"
)

// Setup says how an agent deals with browsers.
type Setup struct {
	// StateDir is the agent's state folder; the folders of work browsers are below it.
	StateDir string
	// Home is the osUser's home folder, where browsers may be installed, too.
	Home string
	// Browser is the id of the work browser or the path of its program, where the hub wants no other; empty takes the first
	// that is installed.
	Browser string
	// Extension is the folder of the unpacked extension for a Chromium that has none by policy; empty is none.
	Extension string
	// Env is the environment of work browsers.
	Env     []string
	Version string
	Words   i18n.Catalog
	Random  io.Reader
	Log     *slog.Logger
	// ShowMistake opens the tray's window for mistakes; see Config.
	ShowMistake func(ctx context.Context, lease string) error
}

// Join makes an agent with its browsers. Work browsers of an earlier run are found again.
func Join(a *agent.Agent, s Setup) (Whole, error) {
	var server *Server
	var desk Desk
	desk = Desk{workbrowser.New(workbrowser.Config{
		Folder: filepath.Join(s.StateDir, "work"),
		Browser: func(want string) (workbrowser.Browser, error) {
			return workbrowser.ChooseFor(workbrowser.Installed(s.Home), want, s.Browser)
		},
		Extension: s.Extension,
		Prepare:   prepare(s.StateDir),
		Env:       s.Env,
		Ended:     func(account string) { server.workGone(desk, account) }, // not before there is a server
		Log:       s.Log,
	})}
	server, err := New(Config{
		Engine: a, Packs: a.Packs(), Notes: a, Relay: a, Work: desk, ShowMistake: s.ShowMistake, Log: s.Log, Random: s.Random, Now: time.Now, Version: s.Version, Words: s.Words,
	})
	if err != nil {
		return Whole{}, err
	}
	server.Adopt(desk)
	return Whole{Agent: a, Browsers: server}, nil
}
