package agent

import (
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// slowDisk has a file when it is told to.
type slowDisk struct {
	files
	// settle is asked for each file of which the disk has to have the content.
	settle func(name string) error
}

func (d slowDisk) Begin(name string, data []byte) (settle func() error, err error) {
	now, err := d.files.Begin(name, data)
	if err != nil {
		return nil, err
	}
	return func() error {
		if err := d.settle(name); err != nil {
			return err
		}
		return now()
	}, nil
}

// enrolledOn starts an agent whose leases lie on a slow disk.
func (w *world) enrolledOn(settle func(name string) error) (a *Agent, stop func()) {
	w.t.Helper()
	_, end := w.enrolled()
	end()
	a, err := open(w.config(), fusedFiles{w.state, w.fuse}, slowDisk{fusedFiles{w.leases, w.fuse}, settle})
	if err != nil {
		w.t.Fatalf("open agent: %v", err)
	}
	stop = w.run(a)
	w.settle(time.Second)
	return a, stop
}

func isRecord(name string) bool { return strings.HasSuffix(name, recordSuffix) }

// The disk has the record only after the hub was asked.
func TestTheHubIsAskedWhileTheRecordComesToTheDisk(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		asked := make(chan struct{})
		a, _ := w.enrolledOn(func(string) error {
			select {
			case <-asked:
				return nil
			case <-time.After(time.Minute):
				return errors.New("the hub is not asked meanwhile")
			}
		})
		w.onAnswer(func(method string) {
			if strings.HasSuffix(method, "CheckOut") {
				close(asked)
			}
		})
		w.checkedOut(a)
	})
}

// I5: a power cut now would take the record away, and nobody would look for what is stored.
func TestNothingIsStoredBeforeTheRecordIsOnTheDisk(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		there := make(chan struct{})
		a, _ := w.enrolledOn(func(name string) error {
			if isRecord(name) {
				<-there
			}
			return nil
		})
		done := make(chan error)
		go func() {
			_, err := a.CheckOut(t.Context(), w.request("x/acme"))
			done <- err
		}()
		w.settle(time.Second)
		if w.hub.asked("CheckOut") != 1 || w.hub.asked("Activate") != 0 {
			t.Errorf("the hub was asked for %d leases and to activate %d, want one and none", w.hub.asked("CheckOut"), w.hub.asked("Activate"))
		}
		for _, key := range w.ring.Keys() {
			if isLease(key) {
				t.Errorf("the keyring has %s", key)
			}
		}
		w.wantNoKeys()
		close(there)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A lease whose record does not come to the disk is given back, and the next start finds nothing to take up.
func TestARecordThatDoesNotComeToTheDiskGivesTheLeaseBack(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var broken atomic.Bool
		a, _ := w.enrolledOn(func(name string) error {
			if isRecord(name) && broken.Load() {
				return syscall.ENOSPC
			}
			return nil
		})
		broken.Store(true)
		_, err := a.CheckOut(t.Context(), w.request("x/acme"))
		w.wantCode(err, keyshift.CodeStorageFull)
		w.settle(time.Second)
		w.wantNothingLeft()
		if l := w.hub.one(); liveState(l) || l.Removal.GetStep() < v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED {
			t.Errorf("the hub has %v, %v", l.State, l.Removal)
		}
		broken.Store(false)
		w.checkedOut(a)
	})
}

// The same while the hub is out of reach, which may have a lease by now.
func TestARecordThatDoesNotComeToTheDiskIsNotTakenUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolledOn(func(name string) error { return syscall.EIO })
		w.unplug()
		if _, err := a.CheckOut(t.Context(), w.request(acmeID)); err == nil {
			t.Fatal("checked out without a hub")
		}
		for _, rec := range a.journal.all() {
			if rec.Phase.live() {
				t.Errorf("the record %+v would be taken up", rec)
			}
		}
		w.plug()
		w.settle(10 * time.Minute)
		w.wantNothingLeft()
	})
}

// A power cut after the hub gave a lease, and before the disk has its record: the computer knows nothing of it when it is
// back, and its account can be checked out at once all the same, though it is exclusive.
func TestALeaseWhoseRecordAPowerCutTookIsGivenBackAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		w.onAnswer(func(method string) {
			if strings.HasSuffix(method, "CheckOut") {
				w.fuse.arm(0)
			}
		})
		if _, err := a.CheckOut(t.Context(), w.request("x/acme")); err == nil {
			t.Fatal("the check-out outlived the power cut")
		}
		stop()
		w.onAnswer(nil)
		w.fuse.arm(-1)
		names, _ := w.leases.Names()
		for _, name := range names {
			_ = w.leases.Remove(name)
		}
		if l := w.hub.one(); l.State != v1.LeaseState_LEASE_STATE_PENDING {
			t.Fatalf("the hub has %v, want a pending lease", l.State)
		}
		w.clock.reboot()
		again, _ := w.boot()
		held, err := again.CheckOut(t.Context(), w.request("x/acme"))
		if err != nil || held.GetLease().GetState() != v1.LeaseState_LEASE_STATE_ACTIVE {
			t.Errorf("got %v, %v, want a lease at once", held, err)
		}
		if cause := w.hub.causes; len(cause) != 1 || cause[0] != string(keyshift.CauseNotStored) {
			t.Errorf("the hub heard %q, want that the first was not stored", cause)
		}
	})
}

// An end that the hub did not hear does not stand in the way of the next check-out.
func TestACheckOutTellsFirstWhatTheHubDidNotHear(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.unplug()
		if _, err := a.CheckIn(t.Context(), "x/acme"); err != nil {
			t.Fatal(err)
		}
		w.plug()
		w.checkedOut(a)
		w.hub.mu.Lock()
		defer w.hub.mu.Unlock()
		if len(w.hub.leases) != 2 || liveState(w.hub.leases[0].Lease) {
			t.Errorf("the hub has %v, want the first over", w.hub.leases)
		}
	})
}

// countingDisk counts what is written, by the way it is: what is begun costs the file system one commit, what is written two.
type countingDisk struct {
	files
	begun, written atomic.Int32
}

func (d *countingDisk) Begin(name string, data []byte) (settle func() error, err error) {
	d.begun.Add(1)
	return d.files.Begin(name, data)
}

func (d *countingDisk) Write(name string, data []byte) error {
	d.written.Add(1)
	return d.files.Write(name, data)
}

func TestACheckOutCostsThreeCommits(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		_, end := w.enrolled()
		end()
		disk := &countingDisk{files: w.leases}
		a, err := open(w.config(), w.state, disk)
		if err != nil {
			t.Fatal(err)
		}
		w.run(a)
		w.checkedOut(a)
		if begun, written := disk.begun.Load(), disk.written.Load(); begun != 3 || written != 0 {
			t.Errorf("%d files were begun and %d written, want 3 (the record twice, and the key) and none", begun, written)
		}
	})
}
