package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/keyshift-hq/keyshift/internal/agent/nativehost"
	"github.com/keyshift-hq/keyshift/internal/agent/workbrowser"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type browserCmd struct {
	Install  browserInstallCmd  `cmd:"" help:"Make the agent known to your browsers."`
	Remove   browserRemoveCmd   `cmd:"" help:"Make the agent unknown to your browsers."`
	Status   browserStatusCmd   `cmd:"" default:"1" help:"Show which browsers find the agent."`
	Pair     browserPairCmd     `cmd:"" help:"Say yes to a browser that shows a code."`
	Profiles browserProfilesCmd `cmd:"" help:"List the browser profiles that you said yes to."`
	Forget   browserForgetCmd   `cmd:"" help:"Take back what you said yes to."`
}

// browserPlaces is which browsers a command is about.
type browserPlaces struct {
	System  bool   `help:"For all users of this computer; run it as an administrator."`
	Browser string `placeholder:"NAME" help:"Only this one: chromium, chrome, edge, brave or firefox."`
}

// places lists what the flags name. Of the user's own, only browsers count that were used, unless one is named.
func (b browserPlaces) places(home string) ([]nativehost.Place, error) {
	var list []nativehost.Place
	known := false
	for _, p := range nativehost.Places(home, b.System) {
		named := b.Browser == string(p.Browser)
		known = known || named
		if named || b.Browser == "" && (b.System || p.Used()) {
			list = append(list, p)
		}
	}
	switch {
	case b.Browser != "" && !known:
		return nil, keyshift.Invalid(keyshift.CodeFieldInvalid, "There is no browser “"+clean(b.Browser)+"”.", "Say chromium, chrome, edge, brave or firefox.")
	case len(list) == 0:
		return nil, keyshift.Refuse(keyshift.CodeNotFound, "No browser was found: Chromium, Chrome, Edge, Brave or Firefox.",
			"Start yours once, or name it with --browser.")
	}
	return list, nil
}

// recordedIn is the folder in which further extensions are recorded.
func (b browserPlaces) recordedIn(inv *invocation) (string, error) {
	if folders := nativehost.SystemFolders(); b.System && len(folders) > 0 {
		return folders[0], nil
	}
	return stateBase(inv.Env) // whatever --state-dir says: a browser starts the native host without it
}

// recorded are the ids of further extensions.
func (inv *invocation) recorded() []string {
	folders := nativehost.SystemFolders()
	if own, err := stateBase(inv.Env); err == nil {
		folders = append(folders, own)
	}
	return nativehost.Recorded(folders...)
}

func (inv *invocation) home() (string, error) {
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home := inv.Env(name); home != "" {
			return home, nil
		}
	}
	return "", keyshift.Refuse(keyshift.CodeUnavailable, "HOME is not set, so there is no folder to look for browsers in.", "Set HOME.")
}

type browserInstallCmd struct {
	browserPlaces
	ExtensionID []string `placeholder:"ID" help:"Id of a further extension that may ask, such as one that your company packs itself."`
}

// Help is shown with --help.
func (browserInstallCmd) Help() string {
	return "Browsers start a native host only if a manifest names it. This writes one for each browser of yours; for all users with --system, " +
		"which also works where a policy ignores those of users. The extension itself comes from the browser's store or by your company's policy."
}

func (cmd *browserInstallCmd) Run(_ context.Context, inv *invocation) error {
	for _, id := range cmd.ExtensionID {
		if err := nativehost.ValidID(id); err != nil {
			return err
		}
	}
	home, err := inv.home()
	if err != nil {
		return err
	}
	list, err := cmd.places(home)
	if err != nil {
		return err
	}
	dir, err := cmd.recordedIn(inv)
	if err == nil && len(cmd.ExtensionID) > 0 {
		err = nativehost.Record(dir, cmd.ExtensionID...)
	}
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := p.Install(inv.Executable, inv.recorded()); err != nil {
			return err
		}
	}
	return inv.sayBrowsers(list)
}

type browserRemoveCmd struct{ browserPlaces }

func (cmd *browserRemoveCmd) Run(_ context.Context, inv *invocation) error {
	home, err := inv.home()
	if err != nil {
		return err
	}
	list, err := cmd.places(home)
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := p.Remove(); err != nil {
			return err
		}
	}
	dir, err := cmd.recordedIn(inv)
	if err == nil && cmd.Browser == "" {
		err = nativehost.Forget(dir)
	}
	if err != nil {
		return err
	}
	return inv.sayBrowsers(list)
}

type browserStatusCmd struct{ browserPlaces }

func (cmd *browserStatusCmd) Run(_ context.Context, inv *invocation) error {
	home, err := inv.home()
	if err != nil {
		return err
	}
	list, err := cmd.places(home)
	if err != nil {
		return err
	}
	return inv.sayBrowsers(list)
}

// browserState is one browser as it is printed.
type browserState struct {
	Browser  string           `json:"browser"`
	Name     string           `json:"name"`
	Manifest string           `json:"manifest"`
	State    nativehost.State `json:"state"`
	Program  string           `json:"program,omitempty"`
	Confined bool             `json:"confined,omitempty"`
}

func (inv *invocation) sayBrowsers(list []nativehost.Place) error {
	confined := map[string]bool{}
	if home, err := os.UserHomeDir(); err == nil {
		for _, b := range workbrowser.Installed(home) {
			confined[b.ID] = b.Confined
		}
	}
	var states []browserState
	for _, p := range list {
		state, program := p.Look(inv.Executable, inv.recorded())
		states = append(states, browserState{string(p.Browser), p.Name, p.File(), state, program, confined[string(p.Browser)]})
	}
	return inv.Value(states, func(w io.Writer) {
		rows := [][]string{{"BROWSER", "NATIVE HOST", "MANIFEST"}}
		for _, s := range states {
			rows = append(rows, []string{s.Name, string(s.State), s.Manifest})
		}
		cliout.Table(w, rows)
		for _, s := range states {
			if s.Confined {
				_, _ = fmt.Fprintf(w, "%s is a snap or flatpak: it may not be able to start the native host.\n", clean(s.Name))
			}
		}
	})
}
