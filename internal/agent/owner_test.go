//go:build unix

package agent

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// strangerUID owns nothing on the machine. Root gives files away to it; for anyone else the folders of root are foreign.
const strangerUID = 54321

func wantForeign(t *testing.T, what string, err error) {
	t.Helper()
	if keyshift.CodeOf(err) != keyshift.CodeIntegrityFailed {
		t.Errorf("%s: got %v, want integrity_failed", what, err)
	}
}

// A11: the folder was open to others by mistake, and somebody put things there.
func TestNothingOfAnotherUserIsBelieved(t *testing.T) {
	if os.Geteuid() != 0 {
		_, err := openFolder("/etc")
		wantForeign(t, "a folder of root (not root: nothing to give away)", err)
		return
	}
	for name, plant := range map[string]func(dir string) (string, error){
		"the folder": func(dir string) (string, error) { return dir, nil },
		"the lock": func(dir string) (string, error) {
			return filepath.Join(dir, lockName), os.WriteFile(filepath.Join(dir, lockName), nil, 0o666)
		},
		"the folder of leases": func(dir string) (string, error) {
			return filepath.Join(dir, "leases"), os.Mkdir(filepath.Join(dir, "leases"), 0o777)
		},
		"a link to a folder": func(dir string) (string, error) {
			return filepath.Join(dir, "leases"), os.Symlink(t.TempDir(), filepath.Join(dir, "leases"))
		},
	} {
		dir := t.TempDir()
		planted, err := plant(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Lchown(planted, strangerUID, strangerUID); err != nil {
			t.Fatal(err)
		}
		_, _, err = onDisk(t, dir)
		wantForeign(t, name, err)
	}
}

func TestAPlantedRecordIsWipedAndNoted(t *testing.T) {
	if os.Geteuid() != 0 {
		_, err := openFolder("/etc")
		wantForeign(t, "a folder of root (not root: nothing to give away)", err)
		return
	}
	dir := t.TempDir()
	a, _, err := onDisk(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(dir, "leases", "planted.json")
	for _, file := range []string{record, filepath.Join(dir, "leases", "planted.key")} {
		if err := os.WriteFile(file, []byte(`{"request_id":"planted","phase":"active"}`), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(file, strangerUID, strangerUID); err != nil {
			t.Fatal(err)
		}
	}
	a, _, err = onDisk(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	rec, _ := a.journal.get("planted")
	if rec.Phase != ending || !a.journal.foreign || a.vault.HasKey("planted") {
		t.Errorf("got %+v, noted: %v, key left: %v", rec, a.journal.foreign, a.vault.HasKey("planted"))
	}
}

// The agent starts all the same, because it has things to wipe. A device file that is not ours is a damaged one.
func TestPlantedFilesDoNotKeepTheAgentFromWiping(t *testing.T) {
	if os.Geteuid() != 0 {
		_, err := openFolder("/etc")
		wantForeign(t, "a folder of root (not root: nothing to give away)", err)
		return
	}
	dir := t.TempDir()
	for _, name := range []string{deviceFile, timeFile, sequenceFile, witnessFile, callersFile, remindersFile} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("{}"), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, strangerUID, strangerUID); err != nil {
			t.Fatal(err)
		}
	}
	a, _, err := onDisk(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if s := a.Status(); s.GetEnrolled() || s.GetProblem().GetCode() != string(keyshift.CodeIntegrityFailed) {
		t.Errorf("got %v, want a damaged enrollment", s)
	}
	if n, err := a.sequence.nextNumber(); err != nil || n == 0 {
		t.Errorf("no number to sign with: %d, %v", n, err)
	}
}
