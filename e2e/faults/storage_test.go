//go:build linux && amd64

package faults

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// full and readOnly are what a disk answers from now on.
func full() fault     { return fault{name: "full", errno: unix.ENOSPC, nth: 1, lasting: true} }
func readOnly() fault { return fault{name: "read-only", errno: unix.EROFS, nth: 1, lasting: true} }

// wantRefused wants the code that a command tells to programs.
func (w *world) wantRefused(r result, want keyshift.Code) (text string) {
	w.t.Helper()
	var told struct {
		Error struct {
			Code keyshift.Code
			Text string
		}
	}
	if err := json.Unmarshal([]byte(r.out), &told); err != nil || told.Error.Code != want || r.exit == 0 {
		w.t.Errorf("exit code %d, %v: %s, want %s", r.exit, err, r.all(), want)
	}
	return told.Error.Text
}

// A06, with the real agent: (a) a check-out is refused and not left at the hub, (b) a revocation is obeyed and told, also by
// an agent that was killed and has written nothing since.
func TestAFullDiskOfTheAgent(t *testing.T) {
	t.Parallel()
	w := newCompany(t)
	w.agent.arm(full())
	w.wantRefused(w.tryAgent("", "checkout", account, "--reason", "launch", "--json"), keyshift.CodeStorageFull)
	w.agent.disarm()
	w.wantNothingLeft()

	for _, restart := range []bool{false, true} {
		lease := w.checkOut()
		if restart {
			w.agent.kill()
			w.startAgent()
		}
		w.agent.arm(full())
		w.hubCLI("", "revoke", "--lease", lease, "--no-wait", "--reason", "press inquiry")
		w.wantNothingLeft()
		if l := w.lease(lease); l.GetRemoval().GetStep() != v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED {
			t.Errorf("after a restart %v: the hub has %v", restart, l.GetRemoval())
		}
		w.agent.disarm()
	}
	w.afterwards("full disk")
	w.checkIn(w.checkOut())
	w.wantNothingLeft()
}

// A read-only folder under a running agent: nothing is lent, what is lent cannot be opened any more once it is taken back,
// and it is not called removed before it is.
func TestAReadOnlyDiskOfTheAgent(t *testing.T) {
	t.Parallel()
	w := newCompany(t)
	lease := w.checkOut()
	w.agent.arm(readOnly())
	w.hubCLI("", "revoke", "--lease", lease, "--no-wait", "--reason", "press inquiry")
	w.await("the agent tells that it cannot wipe", func() (bool, string) {
		l := w.lease(lease)
		return l.GetRemoval().GetWipeFailure() != "", l.String()
	})
	if found := w.inKeyring(); found != "" {
		t.Errorf("in the keyring is still: %s", found)
	}
	if got := w.lease(lease).GetRemoval(); got.GetWipedAt() != nil {
		t.Errorf("the hub has %v", got)
	}
	w.agent.disarm()
	w.wantNothingLeft()
}

// A36: a file system that becomes read-only under a running hub.
func TestAReadOnlyDiskOfTheHub(t *testing.T) {
	t.Parallel()
	w := newCompany(t)
	w.hub.arm(readOnly())
	w.wantRefused(w.tryAgent("", "checkout", account, "--reason", "launch", "--json"), keyshift.CodeStorageReadonly)
	w.wantRefused(w.tryHub("", "users", "add", "lee", "--json"), keyshift.CodeStorageReadonly)
	if got := len(w.leases()); got != 0 {
		t.Errorf("%d leases, want to read that there is none", got)
	}
	w.hub.disarm()
	w.checkIn(w.checkOut())
	w.wantNothingLeft()
	w.wantAudit()
}

// inside names, in a process that a test started, the directory to work in.
const inside = "KEYSHIFT_FAULTS_INSIDE"

// alone runs this test in a process with a mount namespace of its own, and tells whether it is that process.
func alone(t *testing.T) (dir string, ok bool) {
	t.Helper()
	if dir := os.Getenv(inside); dir != "" {
		return dir, true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v") // #nosec G702 -- this very test
	cmd.Env = append(os.Environ(), inside+"="+t.TempDir(), builtIn+"="+bin)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
	return "", false
}

// ballast fills the disk of a directory.
func (w *world) ballast(dir string) (remove func()) {
	w.t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(dir, "ballast")
	if err := os.WriteFile(path, make([]byte, int64(st.Bavail)*st.Bsize), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return func() { _ = os.Remove(path) }
}

// A36: a really full disk under the real hub. It lends nothing and says what is free; it revokes, also after it was killed
// and started on that disk; and with room it lends again.
func TestAFullDiskOfTheHub(t *testing.T) {
	t.Parallel()
	dir, ok := alone(t)
	if !ok {
		return
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m,mode=0700"); err != nil {
		t.Fatal(err)
	}
	w := newCompany(t, "--data-dir", filepath.Join(dir, "data"))
	lease := w.checkOut()
	w.hub.kill()
	remove := w.ballast(dir)
	w.startHub()
	text := w.wantRefused(w.tryHub("", "users", "add", "lee", "--json"), keyshift.CodeStorageFull)
	if !strings.Contains(text, "MiB free") {
		t.Errorf("the refusal does not say what is free: %s", text)
	}
	if got := w.hubCLI("", "status"); !strings.Contains(got, "disk is full") {
		t.Errorf("status: %s", got)
	}
	w.hubCLI("", "revoke", "--lease", lease, "--no-wait", "--reason", "press inquiry")
	w.acknowledged.note(&w.acknowledged.revoked, lease)
	w.wantNothingLeft()
	if r := w.tryAgent("", "checkout", account, "--reason", "launch"); r.exit != 11 { // full, or the log that stands still for that
		t.Errorf("a check-out ended with exit code %d: %s", r.exit, r.all())
	}
	remove()
	w.await("the hub lends again", func() (bool, string) {
		r := w.tryHub("", "users", "add", "kim", "--json")
		return r.exit == 0, r.all()
	})
	w.checkIn(w.checkOut())
	w.wantNothingLeft()
	w.wantAudit()
	if info, err := os.Stat(filepath.Join(dir, "data", "reserve")); errors.Is(err, os.ErrNotExist) || info.Size() < 16<<20 {
		t.Errorf("the reserve did not come back: %v", err)
	}
}
