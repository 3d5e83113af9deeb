package hub_test

import (
	"context"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// shortTree is the tree of a log with ten events: a checkpoint of more was not made of it.
type shortTree struct {
	noTree
	hub *hub.Hub
}

func (t *shortTree) Judge(_ hub.AuditReader, presented string) (hub.Judgment, error) {
	if presented == "" {
		return hub.Judgment{}, nil
	}
	head, err := checkpoint.Open(presented, string(t.hub.ID()), t.hub.SigningKey().Public().(ed25519.PublicKey))
	return hub.Judgment{Rollback: head.Size > 10, PresentedSize: head.Size}, err
}

// rollback is a hub whose log is shorter than what its device has seen.
type rollback struct {
	*world
	account, device keyshift.ID
	// admins are two who may accept it.
	admins [2][]byte
	// known is the newest acceptance that the device knows of.
	known time.Time
}

func newRollback(t *testing.T) *rollback {
	t.Helper()
	w := &rollback{world: newWorld(t)}
	w.hub.Tree = &shortTree{hub: w.hub}
	w.addUser("dana")
	w.addUser("lee", keyshift.Admin)
	w.account, w.device = w.world.account("acme", "dana"), w.world.device("dana")
	w.admins = [2][]byte{w.owner, w.login(w.loginCode(w.owner, "lee"), "")}
	return w
}

// sync presents a checkpoint of twenty events.
func (w *rollback) sync() {
	w.t.Helper()
	head := checkpoint.Head{HubID: string(w.hub.ID()), Size: 20, Root: [32]byte{1}}
	note, err := checkpoint.Sign(head, w.hub.SigningKey())
	w.must(err)
	signature, err := checkpoint.Countersign(head, w.keys.Signing(), w.clock.Now())
	w.must(err)
	call := w.ending(w.device)
	call.Access.Effect = false
	news, err := w.hub.Sync(w.t.Context(), call, hub.SyncRequest{Checkpoint: note, Countersignature: signature, RollbackKnown: w.known})
	w.must(err)
	w.known = news.RollbackAccepted
}

func (w *rollback) accept(i int) (missing int64, call hub.Call) {
	w.t.Helper()
	call = w.as(w.admins[i])
	call.Access.EndsAccess = true
	missing, err := w.hub.AcceptRollback(w.t.Context(), call)
	w.must(err)
	return missing, call
}

func (w *rollback) wantNothingLent() {
	w.t.Helper()
	if _, err := w.checkOut(w.device, w.account); keyshift.CodeOf(err) != keyshift.CodeRollbackDetected {
		w.t.Errorf("check-out: %v, want rollback_detected", err)
	}
}

func TestTwoPeopleAcceptARollback(t *testing.T) {
	w := newRollback(t)
	w.sync()
	w.wantNothingLent()
	for range 2 {
		if missing, _ := w.accept(0); missing != 1 {
			t.Errorf("one person's word: %d are missing, want 1", missing)
		}
	}
	w.wantNothingLent()
	if missing, _ := w.accept(1); missing != 0 {
		t.Errorf("two people's word: %d are missing, want 0", missing)
	}
	w.sync()
	_, err := w.checkOut(w.device, w.account)
	w.must(err)
}

// The remembered answer to an earlier acceptance is no word about what was found since.
func TestAnOldAcceptanceSentAgainAcceptsNothing(t *testing.T) {
	w := newRollback(t)
	w.sync()
	w.accept(0)
	_, last := w.accept(1)
	w.sync() // told of the acceptance
	w.sync() // and has again seen what is not there
	w.wantNothingLent()
	_, err := w.hub.AcceptRollback(t.Context(), last)
	w.must(err)
	w.wantNothingLent()
}

// late is a store whose hub row is answered only after something else has happened.
type late struct {
	hub.Store
	meanwhile func()
}

func (s late) Read(ctx context.Context) hub.Reader { return lateReader{s.Store.Read(ctx), s.meanwhile} }

type lateReader struct {
	hub.Reader
	meanwhile func()
}

func (r lateReader) Hub() (hub.HubRow, error) {
	row, err := r.Reader.Hub()
	r.meanwhile()
	return row, err
}

// A replica that looks at the hub's row just before the rollback is written must not overlook it.
func TestADetectionIsNotOverlookedByALookFromBefore(t *testing.T) {
	w := newRollback(t)
	real, synced := w.hub.Store, make(chan struct{})
	w.hub.Store = late{real, func() {
		w.hub.Store = real
		go func() {
			defer close(synced)
			w.sync()
		}()
		select {
		case <-synced:
		case <-time.After(300 * time.Millisecond): // it waits until the look is over
		}
	}}
	w.hub.Broker().Wake(hub.TopicHub, "")
	<-synced
	w.wantNothingLent()
}

// Whoever lost the hub's trust cannot stop it, however genuine the checkpoint is. It is written down, but not at each sync.
func TestOnlyATrustedDeviceStopsLending(t *testing.T) {
	for _, tt := range []struct {
		name     string
		mistrust func(*rollback) error
	}{
		{"blocked", func(w *rollback) error {
			_, err := w.hub.SetDeviceState(t.Context(), w.byOwner(), w.device, keyshift.DeviceBlocked, "lost")
			return err
		}},
		{"of a user who left", func(w *rollback) error {
			_, err := w.hub.DeactivateUser(t.Context(), w.byOwner(), "dana", "left")
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newRollback(t)
			w.must(tt.mistrust(w))
			w.addUser("kim")
			_, err := w.hub.AddGrant(t.Context(), w.byOwner(), "x/acme", "kim", "")
			w.must(err)
			w.sync()
			w.sync()
			_, err = w.checkOut(w.world.device("kim"), w.account)
			w.must(err)
			got := w.actions()
			if got[keyshift.ActRollbackReported] != 1 || got[keyshift.ActRollbackDetected] != 0 {
				t.Errorf("reported %d and detected %d times, want 1 and 0", got[keyshift.ActRollbackReported], got[keyshift.ActRollbackDetected])
			}
		})
	}
}

// A device that stops the hub without cause can be shut out while nothing is lent, and then the hub goes on.
func TestABlockedDeviceDoesNotUndoTheAcceptance(t *testing.T) {
	w := newRollback(t)
	w.sync()
	block := w.byOwner()
	block.Access.EndsAccess = true
	_, err := w.hub.SetDeviceState(t.Context(), block, w.device, keyshift.DeviceBlocked, "lost")
	w.must(err)
	w.accept(0)
	w.accept(1)
	w.sync() // told of the acceptance
	w.sync() // and shows the same again
	_, err = w.hub.SetDeviceState(t.Context(), w.byOwner(), w.device, keyshift.DeviceTrusted, "")
	w.must(err)
	_, err = w.checkOut(w.device, w.account)
	w.must(err)
}
