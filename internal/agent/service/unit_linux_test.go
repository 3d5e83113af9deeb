package service

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// verify lets systemd itself read the unit. It complains about unknown settings, bad values and a program
// that is not there, so a path that survives quoting is a path that systemd finds.
func verify(t *testing.T, p program) {
	t.Helper()
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Fatal("systemd-analyze is missing: `make test` installs it (Debian package systemd)")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, UnitName+".service")
	if err := os.WriteFile(file, []byte(unitText(p)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool, "verify", "--user", "--man=no", file)
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

func TestSystemdAcceptsTheUnit(t *testing.T) {
	for _, tt := range []struct {
		name, program string
		opts          Options
	}{
		{"plain", "keyshift-agent", Options{Arguments: []string{"run"}}},
		{"watched", "keyshift-agent", Options{Arguments: []string{"run"}, Notifies: true}},
		{"blanks", "key shift  agent ", Options{Arguments: []string{"run", "two words"}}},
		{"quotes", "keyshift-agent", Options{Arguments: []string{`"`, `\`, "'"}}},
		{"specifiers and variables", "50%n$HOME", Options{Arguments: []string{"%n", "$HOME", "${HOME}"}}},
		{"template marks", "{{Path}}", Options{Arguments: []string{"{{end}}"}}},
		{"other scripts", "agent-é-鍵", Options{Arguments: []string{"鍵"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			verify(t, program{path: newExecutable(t, tt.program), Options: tt.opts})
		})
	}
}

// TestVerifyFindsMistakes shows that the check above can fail.
func TestVerifyFindsMistakes(t *testing.T) {
	missing := program{path: filepath.Join(t.TempDir(), "absent"), Options: Options{Arguments: []string{"run"}}}
	dir := t.TempDir()
	file := filepath.Join(dir, "x.service")
	if err := os.WriteFile(file, []byte(unitText(missing)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("systemd-analyze", "verify", "--user", "--man=no", file)
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "not executable") {
		t.Errorf("got %v %q, want a complaint about the program", err, out)
	}
}

// TestQuotesInThePathAreRefused: systemd would refuse them at start, too late to say so.
func TestQuotesInThePathAreRefused(t *testing.T) {
	for _, name := range []string{"it's", `the "agent"`, `a\b`} {
		if _, err := New(newExecutable(t, name), Options{}); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func TestTheBackendRendersTheUnitUnchanged(t *testing.T) {
	l := newLogin(t)
	odd := newExecutable(t, `{{Path | cmd}} %n $x`)
	m, err := New(odd, Options{Arguments: []string{"run", "{{if}}"}})
	if err != nil {
		t.Fatal(err)
	}
	l.must("install", m.Install)
	got, err := os.ReadFile(l.unit)
	if err != nil {
		t.Fatal(err)
	}
	if want := unitText(program{path: odd, Options: Options{Arguments: []string{"run", "{{if}}"}}}); string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
