package archtest

import (
	"os"
	"path/filepath"
	"testing"
)

// TestAgentAndHubNeedNoCgo asks the build list of each system for packages that contain C and for packages that
// are not complete without it.
func TestAgentAndHubNeedNoCgo(t *testing.T) {
	for _, program := range []string{"cmd/agent", "cmd/hub"} {
		if _, err := os.Stat(filepath.Join(root(), program)); err != nil {
			continue // a program that is not written yet needs nothing
		}
		for _, system := range systems {
			wantNoC(t, program, system)
			wantComplete(t, program, system)
		}
	}
}

func wantNoC(t *testing.T, program, system string) {
	t.Helper()
	list, err := goList(system, "1", "-deps", "./"+program)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if !p.Standard && len(p.CgoFiles) > 0 {
			t.Errorf("%s for %s needs cgo because of %s: it could not be cross-built", program, system, p.ImportPath)
		}
	}
}

func wantComplete(t *testing.T, program, system string) {
	t.Helper()
	list, err := goList(system, "0", "-deps", "./"+program)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if p.Error != nil {
			t.Errorf("%s for %s: %s: %s", program, system, p.ImportPath, p.Error.Err)
		}
	}
}
