package workbrowser

import (
	"os"
	"slices"
)

// place is where a browser may be installed.
type place struct {
	id, name string
	family   Family
	paths    []string // absolute
}

// Installed lists the browsers of this computer that can run the extension, in the order of preference. home is the home
// folder of the osUser.
func Installed(home string) []Browser { return look(places(home), executable) }

// look takes the first path of each place where there is a program.
func look(all []place, there func(path string) bool) []Browser {
	var found []Browser
	for _, p := range all {
		if i := slices.IndexFunc(p.paths, there); i >= 0 {
			found = append(found, Browser{ID: p.id, Name: p.name, Family: p.family, Path: p.paths[i], Confined: confined(p.paths[i])})
		}
	}
	return found
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && (info.Mode()&0o111 != 0 || anyFileRuns)
}
