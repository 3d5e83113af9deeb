package agent

import (
	"os"
	"os/user"
	"path/filepath"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// browser is a browser that can run the extension: where its user data is, and where it looks for native hosts. Paths are
// below the home folder.
type browser struct {
	name, data, hosts string
}

// diagnoseBrowsers says which browsers the osUser has, and where each looks for native hosts.
func (a *Agent) diagnoseBrowsers() []*v1.Finding {
	home := a.cfg.Home
	if home == "" {
		u, err := user.Current()
		if err != nil {
			return nil
		}
		home = u.HomeDir
	}
	var found []*v1.Finding
	for _, b := range browsers {
		if info, err := os.Stat(filepath.Join(home, filepath.FromSlash(b.data))); err == nil && info.IsDir() {
			found = append(found, well("browser", b.name+" is here. It looks for native hosts in "+b.hostsBelow(home)+"."))
		}
	}
	if len(found) == 0 {
		return []*v1.Finding{well("browser", "No browser was found that can run the extension: Chromium, Chrome, Edge, Brave or Firefox.")}
	}
	return found
}
