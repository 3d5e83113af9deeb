package agent

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/agent/nativehost"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

// onDisk is an agent on a real folder, without a hub.
func onDisk(t *testing.T, dir string) (*Agent, *osringtest.Fake, error) {
	ring := osringtest.NewFake()
	a, err := New(Config{
		StateDir: dir, Ring: ring, Clock: bootclock.NewFake(time.Now()), Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Home: t.TempDir(),
	})
	if err == nil {
		t.Cleanup(func() { _ = a.Close() })
	}
	return a, ring, err
}

func TestStateFolderIsForTheUserOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "keyshift")
	if err := os.MkdirAll(dir, 0o755); err != nil { // as somebody else may have made it
		t.Fatal(err)
	}
	a, _, err := onDisk(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.journal.add(record{RequestID: "one", Phase: requested}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, "leases"): 0o700, filepath.Join(dir, "leases", "one.json"): 0o600} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v, want %v", name, info.Mode().Perm(), err, want)
		}
	}
}

func TestOneAgentPerFolder(t *testing.T) {
	dir := t.TempDir()
	first, _, err := onDisk(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := onDisk(t, dir); keyshift.CodeOf(err) != keyshift.CodeAlreadyExists {
		t.Errorf("a second agent: got %v, want already_exists", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := onDisk(t, dir); err != nil {
		t.Errorf("after the first is closed: %v", err)
	}
}

func TestFolderReadsOnlyItsOwnFiles(t *testing.T) {
	dir := t.TempDir()
	f, err := openFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"to outside": outside, "to inside": "real"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Write("real", []byte("y")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"to outside", "to inside", "../outside", "."} {
		if got, err := f.Read(name); err == nil {
			t.Errorf("%s: got %q, want an error", name, got)
		}
	}
	if _, err := f.Read("nothing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	if got, err := f.Read("real"); err != nil || string(got) != "y" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestSequenceNeverRepeats(t *testing.T) {
	disk, wall := newMemoryFiles(), time.UnixMilli(1_000_000)
	start := func() *sequence { return &sequence{files: disk, wall: func() time.Time { return wall }} }
	next := func(s *sequence) uint64 {
		n, err := s.nextNumber()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	s, last := start(), uint64(0)
	for range 2*sequenceBlock + 1 {
		n := next(s)
		if n <= last {
			t.Fatalf("got %d after %d", n, last)
		}
		last = n
	}
	if n := next(start()); n <= last {
		t.Errorf("after a restart: got %d, want more than %d", n, last)
	}
	wall = time.UnixMilli(0)
	if n := next(start()); n <= last {
		t.Errorf("after a restart with the clock turned back: got %d, want more than %d", n, last)
	}
	wall = time.UnixMilli(2_000_000)
	_ = disk.Write(sequenceFile, []byte("1000"))
	if n := next(start()); n <= last {
		t.Errorf("after a backup was put back: got %d, want more than %d", n, last)
	}
	disk.fill(syscall.ENOSPC)
	wall = time.UnixMilli(3_000_000)
	last = next(start())
	wall = time.UnixMilli(3_000_001)
	if n := next(start()); n <= last {
		t.Errorf("after a restart on a full disk: got %d, want more than %d", n, last)
	}
	wall = time.UnixMilli(1_000_000)
	if _, err := start().nextNumber(); keyshift.CodeOf(err) != keyshift.CodeStorageFull {
		t.Errorf("on a full disk with the clock turned back: got %v, want storage_full", err)
	}
}

func TestRecordSurvivesTheDisk(t *testing.T) {
	want := record{
		RequestID: "one", Phase: ending, Account: "x/acme", AccountID: acmeID, Reason: "post", Duration: time.Hour, At: at(0, 0),
		Lease: &v1.Lease{Id: "lease", Epoch: 3, Handle: "acme", Network: v1.Network_NETWORK_X}, Given: heardAt(time.Minute), HandedOut: true,
		Cause: keyshift.CauseOffline, Told: true, WipeFailure: "locked", ToldFailure: "locked", ItemFree: true, Foreign: true, Delivered: true,
	}
	raw, err := want.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeRecord(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, err := got.encode()
	if err != nil || got.Lease.GetHandle() != "acme" || got.Lease.GetEpoch() != 3 {
		t.Errorf("got %v, %v", got.Lease, err)
	}
	got.Lease, want.Lease = nil, nil
	if got != want {
		t.Errorf("got %+v, want %+v (%s, %s)", got, want, raw, again)
	}
}

func TestDiagnose(t *testing.T) {
	dir := t.TempDir()
	a, ring, err := onDisk(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	browsers := nativehost.Places(a.cfg.Home, false)
	for _, b := range browsers[:2] {
		if err := os.MkdirAll(b.Data, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	a.cfg.RuntimeDir = filepath.Join(dir, "it's open")
	if err := os.Mkdir(a.cfg.RuntimeDir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(a.cfg.RuntimeDir, 0o755); err != nil {
		t.Fatal(err)
	}
	ring.FailWith(osring.ErrLocked)
	got := map[string]*v1.Finding{}
	var text bytes.Buffer
	for _, f := range a.Diagnose(t.Context()) {
		got[f.GetSubject()] = f
		text.WriteString(f.GetText() + "\n")
	}
	for _, tt := range []struct {
		subject string
		code    keyshift.Code
		mend    string
	}{
		{"state folder", "", ""},
		{"disk", "", ""},
		{"runtime folder", keyshift.CodeForbidden, `chmod 700 '` + dir + `/it'\''s open'`},
		{"keyring", keyshift.CodeKeyringLocked, keyringMend(keyshift.CodeKeyringLocked)},
		{"hub", keyshift.CodeNotEnrolled, "keyshift-agent enroll"},
		{"clock", "", ""},
		{"site packs", "", ""},
		{"browser", "", ""},
	} {
		f := got[tt.subject]
		if f == nil || f.GetOk() != (tt.code == "") || f.GetCode() != string(tt.code) || f.GetMend() != tt.mend || f.GetText() == "" {
			t.Errorf("%s: got %v, want code %q and %q", tt.subject, f, tt.code, tt.mend)
		}
	}
	for _, b := range browsers[:2] {
		if !strings.Contains(text.String(), b.Name+" is here") {
			t.Errorf("%s was not found in:\n%s", b.Name, &text)
		}
	}
	if strings.Contains(text.String(), browsers[2].Name+" is here") {
		t.Errorf("%s was found in:\n%s", browsers[2].Name, &text)
	}
}

func TestDiagnoseNativeHost(t *testing.T) {
	a, _, err := onDisk(t, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	place := nativehost.Places(a.cfg.Home, false)[0]
	if err := os.MkdirAll(place.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	look := func() *v1.Finding { return a.diagnoseBrowsers()[0] }
	if err := place.Install(own, nil); err != nil {
		t.Fatal(err)
	}
	if f := look(); !f.GetOk() || !strings.Contains(f.GetText(), place.File()) {
		t.Errorf("installed: %v", f)
	}
	for _, program := range []string{"/opt/gone/keyshift-agent", a.cfg.Home + "/other"} {
		if err := place.Install(program, nil); err != nil {
			t.Fatal(err)
		}
		if f := look(); f.GetOk() || f.GetMend() != "keyshift-agent browser install" {
			t.Errorf("of %s: %v", program, f)
		}
	}
}

func TestDiagnoseInContact(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		find := func(subject string) *v1.Finding {
			for _, f := range a.Diagnose(t.Context()) {
				if f.GetSubject() == subject {
					return f
				}
			}
			t.Fatalf("no finding about %s", subject)
			return nil
		}
		if f := find("hub"); !f.GetOk() || !strings.Contains(f.GetText(), "Acme hub") {
			t.Errorf("got %v, want the hub to answer", f)
		}
		if f := find("clock"); !f.GetOk() {
			t.Errorf("got %v, want the clock to be right", f)
		}
		w.clock.turn(-3*time.Hour, 0)
		if f := find("clock"); f.GetCode() != string(keyshift.CodeClockSuspect) || f.GetMend() != clockMend {
			t.Errorf("got %v, want clock_suspect and how to mend it", f)
		}
		w.unplug()
		if f := find("hub"); f.GetCode() != string(keyshift.CodeHubUnreachable) || f.GetMend() == "" {
			t.Errorf("got %v, want hub_unreachable and how to look into it", f)
		}
	})
}
