package archtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// systemdAnalyze runs systemd's own checker; it prints only complaints.
func systemdAnalyze(t *testing.T, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Fatal("systemd-analyze is missing: scripts/setup.sh test installs it (Debian package systemd)")
	}
	out, err := exec.Command("systemd-analyze", append([]string{"--no-pager"}, args...)...).CombinedOutput()
	return string(out), err
}

// hubUnit is a copy of the hub's unit whose program exists on this machine.
func hubUnit(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(), "installer/linux/keyshift-hub.service"))
	if err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("ExecStart=/usr/bin/keyshift-hub ")) {
		t.Fatal("the unit does not start /usr/bin/keyshift-hub")
	}
	copied := filepath.Join(t.TempDir(), "keyshift-hub.service")
	text = bytes.Replace(text, []byte("/usr/bin/keyshift-hub"), []byte(program), 1)
	if err := os.WriteFile(copied, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return copied
}

func TestSystemdUnderstandsTheHubUnit(t *testing.T) {
	if out, err := systemdAnalyze(t, "verify", "--man=no", hubUnit(t)); err != nil || out != "" {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// TestTheHubUnitIsHardened: systemd's exposure level goes from 0 (shut) to 10; an ordinary unit has 9.6.
func TestTheHubUnitIsHardened(t *testing.T) {
	const limit = "20" // in tenths
	if out, err := systemdAnalyze(t, "security", "--offline=yes", "--threshold="+limit, hubUnit(t)); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}
