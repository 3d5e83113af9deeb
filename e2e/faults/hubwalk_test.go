//go:build linux && amd64

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// meanwhile does something while the hub has a fault, and starts the hub anew if it ends of it.
func (w *world) meanwhile(f fault, do func()) (broke string) {
	w.t.Helper()
	hub, done := w.hub, make(chan struct{})
	hub.arm(f)
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-hub.ended:
	}
	broke = hub.disarm()
	if broke != "" && f.errno == kill {
		<-hub.ended
	}
	w.reviveHub()
	<-done
	return broke
}

// newFragile is a company whose hub may end at any moment.
func newFragile(t *testing.T) *world {
	w := newCompany(t)
	w.hubMayEnd = true
	return w
}

func TestARevocationSurvivesEveryFaultOfTheHub(t *testing.T) {
	t.Parallel()
	w := newFragile(t)
	walk(t, w, 2, func(f fault) string {
		lease := w.checkOut()
		var r result
		broke := w.meanwhile(f, func() { r = w.tryHub("", "revoke", "--lease", lease, "--no-wait", "--reason", "press inquiry") })
		if r.exit == 0 {
			w.acknowledged.note(&w.acknowledged.revoked, lease)
		}
		if l := w.lease(lease); live(l) && r.exit == 0 {
			t.Errorf("the revocation was acknowledged, and the lease is %v", l.GetState())
		} else if live(l) {
			w.hubCLI("", "revoke", "--lease", lease, "--no-wait", "--reason", "press inquiry")
		}
		w.wantNothingLeft()
		return broke
	})
}

func TestAGrantSurvivesEveryFaultOfTheHub(t *testing.T) {
	t.Parallel()
	w := newFragile(t)
	walk(t, w, 1, func(f fault) string {
		req, lease := w.newRequest(), ""
		broke := w.meanwhile(f, func() { lease, _ = w.ask(req) })
		again := w.askAgain(req)
		if lease != "" && again != lease {
			t.Errorf("the lease was %s and is %q now", lease, again)
		}
		w.wantOneLease(req, again)
		if again != "" {
			w.checkIn(again)
		}
		w.wantNothingLeft()
		return broke
	})
}

// once runs a command of the hub's own machine under a fault.
func (w *world) once(f fault, args ...string) (ok bool, broke string) {
	w.t.Helper()
	tr := w.start(w.alice, &f, nil, "keyshift-hub", args...)
	<-tr.ended
	return tr.status.Exited() && tr.status.ExitStatus() == 0, tr.disarm()
}

func TestARotationOfTheKeySurvivesEveryFault(t *testing.T) {
	t.Parallel()
	w := newFragile(t)
	key := filepath.Join(w.alice.Home, ".config", "keyshift-hub", "kek.json")
	walk(t, w, 2, func(f fault) string {
		ok, broke := w.once(f, "kek", "rotate")
		if broke != "" {
			w.hub.kill()
			w.reviveHub() // with what the file is now
		}
		lease := w.checkOut()
		w.checkIn(lease)
		if !ok {
			_ = os.Remove(key + ".new") // as the refusal says
			w.hubCLI("", "kek", "rotate")
		}
		w.hubCLI("", "kek", "drop-old")
		w.wantNothingLeft()
		return broke
	})
}

func TestABackupSurvivesEveryFault(t *testing.T) {
	t.Parallel()
	w := newCompany(t)
	n := 0
	walk(t, w, 1, func(f fault) string {
		n++
		file := filepath.Join(w.dir, fmt.Sprintf("backup-%d", n))
		ok, broke := w.once(f, "backup", "--to", file)
		empty := filepath.Join(t.TempDir(), "data")
		restored := w.tryHub("", "restore", "--from", file, "--data-dir", empty)
		if ok && restored.exit != 0 {
			t.Errorf("the backup was acknowledged, and cannot be restored: %s", restored.all())
		}
		if !w.hub.running() {
			t.Error("the backup ended the hub")
		}
		return broke // nothing is lent meanwhile, which would make each backup longer than the one before
	})
	w.checkIn(w.checkOut())
	w.wantNothingLeft()
}
