package cli

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/audit"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// logbook is an audit log in memory with one checkpoint over all.
type logbook struct {
	row    hub.HubRow
	events []hub.LoggedEvent
	hashes [][]byte
	head   hub.Checkpoint
}

func (l *logbook) Hub() (hub.HubRow, error)                             { return l.row, nil }
func (l *logbook) LatestCheckpoint() (hub.Checkpoint, error)            { return l.head, nil }
func (l *logbook) Checkpoints(int64, int) ([]hub.Checkpoint, error)     { return nil, nil }
func (l *logbook) EventsFrom(i int64, _ int) ([]hub.LoggedEvent, error) { return l.events[i:], nil }
func (l *logbook) TreeHashes(indexes []int64) (raw [][]byte, err error) {
	for _, i := range indexes {
		if i >= int64(len(l.hashes)) {
			return nil, errors.New("no such hash")
		}
		raw = append(raw, l.hashes[i])
	}
	return raw, nil
}

// ReadHashes implements [tlog.HashReader].
func (l *logbook) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	raw, err := l.TreeHashes(indexes)
	hashes := make([]tlog.Hash, len(raw))
	for i, b := range raw {
		hashes[i] = tlog.Hash(b)
	}
	return hashes, err
}

// write makes a log of some actions that the hub with this key signed, and its export.
func write(t *testing.T, key ed25519.PrivateKey, actions ...keyshift.AuditAction) (export []byte, note string) {
	t.Helper()
	l := &logbook{row: hub.HubRow{ID: hubID, SigningPublic: key.Public().(ed25519.PublicKey)}}
	for i, action := range actions {
		e := keyshift.AuditEvent{ID: string(rune('a' + i)), At: now, Action: action, ActorKind: keyshift.ActorUser, ActorID: danaID}
		stored, err := tlog.StoredHashes(int64(i), e.Leaf(), l)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range stored {
			l.hashes = append(l.hashes, h[:])
		}
		l.events = append(l.events, hub.LoggedEvent{AuditEvent: e, LeafIndex: int64(i)})
	}
	size := int64(len(actions))
	root, err := tlog.TreeHash(size, l)
	if err != nil {
		t.Fatal(err)
	}
	if note, err = checkpoint.Sign(checkpoint.Head{HubID: hubID, Size: size, Root: root}, key); err != nil {
		t.Fatal(err)
	}
	l.head = hub.Checkpoint{Size: size, Note: note}
	var b bytes.Buffer
	if err := audit.Export(t.Context(), l, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), note
}

// audited is a desk at a hub with a log of two events.
func audited(t *testing.T) *desk {
	t.Helper()
	d := loggedIn(t)
	d.hub.export, d.hub.note = write(t, d.hub.key, keyshift.ActHubCreated, keyshift.ActUserAdded)
	return d
}

func TestExportAndVerify(t *testing.T) {
	d := audited(t)
	path := filepath.Join(d.dir, "log.jsonl")
	d.run("", "audit", "export", path)
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, d.hub.export) {
		t.Errorf("the file holds %q, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want mode 0600", info, err)
	}
	d.run("", "audit", "export", path)
	d.run("", "audit", "export", filepath.Join(d.dir, "log2.jsonl"), "--json")
	d.both("audit", "verify")
	witness := filepath.Join(d.dir, "checkpoint")
	if err := os.WriteFile(witness, []byte(d.hub.note), 0o600); err != nil {
		t.Fatal(err)
	}
	d.run("", "audit", "verify", "--witness", witness)
	d.hub.server.Close()
	d.both("audit", "verify", path)
	d.run("", "audit", "verify", path, "--profile", "other")
	d.run("", "audit", "verify", filepath.Join(d.dir, "nothing"))
	d.run("", "audit", "verify", path, "--witness", filepath.Join(d.dir, "nothing"))
	d.golden("audit-verify")
}

func TestVerifyFindsWhatWasChanged(t *testing.T) {
	d := audited(t)
	path := filepath.Join(d.dir, "log.jsonl")
	changed := bytes.Replace(d.hub.export, []byte("user.added"), []byte("user.adder"), 1)
	if err := os.WriteFile(path, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	d.both("audit", "verify", path)
	d.hub.export = changed
	d.run("", "audit", "verify")
	d.hub.export, _ = write(t, ed25519.NewKeyFromSeed([]byte(strings.Repeat("x", 32))), keyshift.ActHubCreated)
	d.run("", "audit", "verify")
	d.hub.export = []byte("no log\n")
	d.run("", "audit", "verify")
	d.golden("audit-damaged")
}

func TestAnExportThatDoesNotComeWholeLeavesNoFile(t *testing.T) {
	d := audited(t)
	d.hub.refuse(keyshift.Refuse(keyshift.CodeUnavailable, "The audit log has no signed checkpoint yet.", "Try again."))
	path := filepath.Join(d.dir, "log.jsonl")
	if got := d.run("", "audit", "export", path); got.exit != api.ExitUnreachable || !strings.Contains(got.err, "no signed checkpoint") {
		t.Errorf("got %+v", got)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file: %v", err)
	}
	if got := d.run("", "audit", "export", filepath.Join(d.dir, "no", "folder", "log")); got.exit != api.ExitBadInput {
		t.Errorf("got %+v", got)
	}
}

func TestStatus(t *testing.T) {
	d := audited(t)
	d.both("status")
	_, d.hub.note = write(t, ed25519.NewKeyFromSeed([]byte(strings.Repeat("x", 32))), keyshift.ActHubCreated)
	d.run("", "status")
	d.hub.note = ""
	d.run("", "status")
	d.hub.revoked = 1
	d.run("", "accept-rollback")
	d.golden("status")
	for state, want := range map[string]string{"serving": "serving", "rollback_detected": "accept-rollback", "storage_full": "make room", "clock_suspect": "clock is wrong", "moon_phase": "moon_phase"} {
		if got := stateText(state); !strings.Contains(got, want) {
			t.Errorf("%s: got %q", state, got)
		}
	}
	if got := databaseText(&v1.GetStatusResponse{Engine: "PostgreSQL", StandbyAsync: true}); !strings.Contains(got, "synchronous_standby_names") {
		t.Errorf("a standby that follows asynchronously: got %q", got)
	}
	for off, want := range map[time.Duration]string{0: "", -time.Second: "", 3 * time.Second: "3s ahead", -90 * time.Second: "1m30s behind"} {
		if got := clockText(off); !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("%v: got %q", off, got)
		}
	}
}
