package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// inside names, in a process that a test started, the directory to work in.
const inside = "KEYSHIFT_TEST_INSIDE"

// alone runs this test in a process with a mount namespace of its own, where it may mount what it likes, and tells
// whether it is that process.
func alone(t *testing.T) (dir string, ok bool) {
	t.Helper()
	if dir := os.Getenv(inside); dir != "" {
		return dir, true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v") // #nosec G702 -- this very test
	cmd.Env = append(os.Environ(), inside+"="+t.TempDir())
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

func mount(t *testing.T, dir string, megabytes int) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0700", megabytes)); err != nil {
		t.Fatal(err)
	}
}

// ballast fills a directory's disk but for some bytes.
func ballast(t *testing.T, dir string, leave int64) string {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "ballast")
	if err := os.WriteFile(path, make([]byte, int64(st.Bavail)*st.Bsize-leave), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOnAFullDiskRightsAreStillTakenAway(t *testing.T) {
	dir, ok := alone(t)
	if !ok {
		return
	}
	mount(t, dir, 64)
	s := newScene(t, filepath.Join(dir, "hub.db"), func(o *Options) {
		o.ReserveFile = filepath.Join(dir, "reserve")
		o.Clock = time.Now
	})
	u := s.user()
	l := s.lend(s.account(), s.device(u))
	heavy := ballast(t, dir, 64<<10)

	// Ordinary writes fill what is left, and are refused.
	var err error
	for n := 0; err == nil && n < 10_000; n++ {
		err = s.Write(t.Context(), hub.Ordinary, addUser(s.name("filler")))
	}
	wantCode(t, err, keyshift.CodeStorageFull)
	if !s.StorageFull() {
		t.Error("the store does not say that it is full")
	}
	if _, err := os.Stat(filepath.Join(dir, "reserve")); err != nil {
		t.Errorf("an ordinary write used the reserve: %v", err)
	}

	// A revocation uses the reserve, also in company.
	h := s.hold()
	ordinary := h.queue(t.Context(), hub.Ordinary, addUser("refused"))
	receipt := h.queue(t.Context(), hub.Releasing, func(tx hub.Tx) error {
		return tx.Append(keyshift.AuditEvent{Action: keyshift.ActLeaseRemoval, Details: map[string]string{"padding": strings.Repeat("x", 200<<10)}})
	})
	revoke := h.queue(t.Context(), hub.Closing, func(tx hub.Tx) error {
		_, err := tx.EndLeases(hub.Ending{Batch: tx.NewID(), Target: hub.Target{Kind: hub.TargetUser, ID: u.ID}, Reason: strings.Repeat("x", 200<<10)})
		return err
	})
	h.release()
	if err := errors.Join(<-revoke, <-receipt); err != nil {
		t.Errorf("on a full disk: %v", err)
	}
	wantCode(t, <-ordinary, keyshift.CodeStorageFull)
	h.done()
	if got := s.lease(l.ID); got.State != keyshift.LeaseRevoked {
		t.Errorf("the lease is %s", got.State)
	}
	if !s.StorageFull() {
		t.Error("the reserve is used up, and the store does not say so")
	}

	// Room brings the reserve back, and with it ordinary writes.
	if err := os.Remove(heavy); err != nil {
		t.Fatal(err)
	}
	eventually(t, "write again", func() bool { return s.Write(t.Context(), hub.Ordinary, addUser(s.name("later"))) == nil })
	if s.StorageFull() {
		t.Error("there is room, and the store says that it is full")
	}
	if info, err := os.Stat(filepath.Join(dir, "reserve")); err != nil || info.Size() != leastReserve {
		t.Errorf("reserve %v, %v", info, err)
	}
}

func TestAReadOnlyDiskIsRefusedAtTheStart(t *testing.T) {
	dir, ok := alone(t)
	if !ok {
		return
	}
	mount(t, dir, 32)
	s := newScene(t, filepath.Join(dir, "hub.db"))
	s.user()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Options{Database: s.dsn})
	wantCode(t, err, keyshift.CodeStorageReadonly)
}

func TestADiskWithoutRoomIsRefusedAtTheStart(t *testing.T) {
	dir, ok := alone(t)
	if !ok {
		return
	}
	mount(t, dir, 32)
	ballast(t, dir, 4096)
	_, err := Open(t.Context(), Options{Database: filepath.Join(dir, "hub.db"), Migrate: true})
	wantCode(t, err, keyshift.CodeStorageFull)
}

// A failed fsync means that the disk did not keep what was written. The store ends; a new start finds all that was
// acknowledged.
func TestAFailedFsyncEndsTheStore(t *testing.T) {
	if dir := os.Getenv(inside); dir != "" {
		untilFsyncFails(t, dir)
		return
	}
	dir := t.TempDir()
	args := []string{"-f", "-qq", "-o", filepath.Join(dir, "trace"), "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=40",
		os.Args[0], "-test.run=^" + t.Name() + "$", "-test.v"}
	cmd := exec.Command("strace", args...) // #nosec G702 -- this very test
	cmd.Env = append(os.Environ(), inside+"="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	acknowledged := strings.Count(string(out), "acknowledged ")
	if acknowledged < 5 {
		t.Errorf("only %d writes before the fault\n%s", acknowledged, out)
	}
	s := mustOpen(t, Options{Database: filepath.Join(dir, "data", "hub.db")})
	for i := range acknowledged {
		if _, err := s.Read(t.Context()).UserByName(fmt.Sprintf("user-%d", i)); err != nil {
			t.Errorf("acknowledged user %d: %v", i, err)
		}
	}
}

func untilFsyncFails(t *testing.T, dir string) {
	fatal := make(chan error, 1)
	s := newScene(t, filepath.Join(dir, "data", "hub.db"), func(o *Options) { o.OnFatal = func(err error) { fatal <- err } })
	for i := range 200 {
		err := s.Write(t.Context(), hub.Ordinary, addUser(fmt.Sprintf("user-%d", i)))
		if err == nil {
			t.Logf("acknowledged %d", i)
			continue
		}
		wantCode(t, err, keyshift.CodeAuditUnavailable)
		wantCode(t, <-fatal, keyshift.CodeAuditUnavailable)
		wantCode(t, s.Write(t.Context(), hub.Closing, addUser("after")), keyshift.CodeAuditUnavailable)
		_, err = s.reader().Hub()
		wantCode(t, err, keyshift.CodeAuditUnavailable)
		return
	}
	t.Error("no fsync failed")
}
