package agent

import (
	"os"
	"os/user"

	"github.com/keyshift-hq/keyshift/internal/agent/nativehost"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// browserMend is the command that makes the agent known to browsers.
const browserMend = "keyshift-agent browser install"

// diagnoseBrowsers says which browsers the osUser has, and whether each finds the agent.
func (a *Agent) diagnoseBrowsers() []*v1.Finding {
	home := a.cfg.Home
	if home == "" {
		u, err := user.Current()
		if err != nil {
			return nil
		}
		home = u.HomeDir
	}
	own, err := os.Executable()
	if err != nil {
		return []*v1.Finding{unwell("browser", keyshift.Refuse(keyshift.CodeInternal, "The agent does not know its own program.", "").Because(err), "")}
	}
	all, recorded := nativehost.Places(home, true), nativehost.Recorded(append(nativehost.SystemFolders(), a.cfg.StateDir)...)
	var found []*v1.Finding
	for i, p := range nativehost.Places(home, false) {
		if p.Used() {
			found = append(found, diagnoseBrowser(p, all[i], own, recorded))
		}
	}
	if len(found) == 0 {
		return []*v1.Finding{well("browser", "No browser was found that can run the extension: Chromium, Chrome, Edge, Brave or Firefox.")}
	}
	return found
}

// diagnoseBrowser looks at the user's own place first, because a browser does so, too. That nobody wanted the extension is
// nothing wrong.
func diagnoseBrowser(user, all nativehost.Place, own string, recorded []string) *v1.Finding {
	for _, p := range []nativehost.Place{user, all} {
		switch state, program := p.Look(own, recorded); state {
		case nativehost.Current:
			return well("browser", p.Name+" is here and finds the agent by "+p.File()+".")
		case nativehost.Other:
			return unwell("browser", keyshift.Refuse(keyshift.CodeUnavailable, p.Name+" finds another agent or other extensions: "+program+" by "+p.File()+".", ""), browserMend)
		case nativehost.Invalid:
			return unwell("browser", keyshift.Refuse(keyshift.CodeUnavailable, p.Name+" cannot start the agent by "+p.File()+".", ""), browserMend)
		}
	}
	return well("browser", user.Name+" is here and does not know the agent; "+browserMend+" changes that.")
}
