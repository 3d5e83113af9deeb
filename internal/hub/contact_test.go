package hub_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// "Ends by … at the latest" is a promise: it must not depend on what a device's clock says of its last contact.
func TestTheLatestEndIsCountedByTheHubsClock(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	l := w.mustCheckOut(device, w.account("acme", "dana"))
	w.clock.Advance(10 * time.Minute)
	call := w.ending(device)
	call.Access.Effect = false
	_, err := w.hub.Sync(t.Context(), call, hub.SyncRequest{})
	w.must(err)
	_, err = w.hub.Revoke(t.Context(), w.byOwner(), hub.RevokeTarget{Lease: l.ID}, "press inquiry")
	w.must(err)
	views, err := w.hub.ListLeases(t.Context(), w.byOwner(), hub.LeaseFilter{Limit: 10})
	w.must(err)
	if got := views[0].RemovalText(views[0].LastContact, w.clock.Now()); !strings.HasPrefix(got, "Ends by 09:25 at the latest: last contact 09:10") {
		t.Errorf("removal reads %q, want the offline grace counted from 09:10", got)
	}
}

// What a device says about a failed wipe may name files and people. It has to be erasable.
func TestADevicesWordsAreNotForEver(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	l := w.mustCheckOut(device, w.account("acme", "dana"))
	_, err := w.hub.Report(t.Context(), w.ending(device), []keyshift.Receipt{{LeaseID: l.ID}})
	w.must(err)
	const words = "open /home/dana/.keyring: permission denied"
	_, err = w.hub.Report(t.Context(), w.ending(device), []keyshift.Receipt{{LeaseID: l.ID, Step: keyshift.RemovalDelivered, WipeFailure: words}})
	w.must(err)
	events, err := w.hub.Store.Read(t.Context()).Events(hub.EventFilter{LeaseID: l.ID, Limit: 1})
	w.must(err)
	if got := events[0]; got.Action != keyshift.ActLeaseRemoval || got.Personal["wipe_failure"] != words || strings.Contains(string(got.Leaf()), "dana/") {
		t.Errorf("event = %+v, want the device's words among what can be erased", got)
	}
}

// A device that tells of an end long after it was over does not make the lease longer.
func TestALeaseThatWasOverEndedThen(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	l := w.mustCheckOut(device, account)
	w.clock.Advance(3 * time.Hour) // the hub was down, and nobody has swept yet
	_, err := w.hub.CheckIn(t.Context(), w.ending(device), l.ID, keyshift.CauseExpired, keyshift.Receipt{Step: keyshift.RemovalSessionClosed})
	w.must(err)
	if got := w.lease(l.ID); !got.EndedAt.Equal(l.EndsAt) {
		t.Errorf("ended at %v, want %v", got.EndedAt, l.EndsAt)
	}
	held, err := w.hub.WhoHeld(t.Context(), w.byOwner(), "x/acme", hub.Moment{Time: l.EndsAt.Add(time.Hour)})
	if err != nil || len(held) != 0 {
		t.Errorf("an hour after its end it is held by %v, %v", held, err)
	}
}

// What the next one is told is a time that is still to come.
func TestTheNextOneIsToldWhenTheAccountIsFree(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after time.Duration
		end   func(w *world)
		until string
		text  string
	}{
		{"live", time.Minute, nil, "10:00", "is with Dana until 10:00"},
		{"over, and nobody has written it down", time.Hour, nil, "10:02", "was with Dana"},
		{"expired", time.Hour, func(w *world) { w.must(w.hub.Sweep(w.t.Context())) }, "10:02", "was with Dana"},
		{"revoked", 10 * time.Minute, func(w *world) {
			_, err := w.hub.Revoke(w.t.Context(), w.byOwner(), hub.RevokeTarget{All: true}, "press inquiry")
			w.must(err)
		}, "09:27", "was with Dana"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.addUser("dana")
			w.addUser("lee")
			account := w.account("acme", "dana", "lee")
			lee := w.device("lee")
			w.mustCheckOut(w.device("dana"), account)
			w.clock.Advance(tt.after)
			if tt.end != nil {
				tt.end(w)
			}
			if _, err := w.checkOut(lee, account); keyshift.CodeOf(err) != keyshift.CodeAccountInUse || !strings.Contains(err.Error(), tt.text) || !strings.Contains(err.Error(), tt.until) {
				t.Errorf("check-out: %v, want %q and %s", err, tt.text, tt.until)
			}
			list, err := w.hub.ListLendable(t.Context(), w.by(lee), "", hub.Page{})
			if err != nil || len(list) != 1 || list[0].HeldUntil.Format("15:04") != tt.until {
				t.Errorf("lendable: %+v, %v, want held until %s", list, err, tt.until)
			}
		})
	}
}

// seenTree is a log of which devices have seen some.
type seenTree struct {
	noTree
	seen int64
}

func (t *seenTree) Judge(hub.AuditReader, string) (hub.Judgment, error) {
	return hub.Judgment{PresentedSize: t.seen}, nil
}

// refusing is a storage that takes nothing, and in which something happens before it says so.
type refusing struct {
	hub.Store
	meanwhile func()
}

func (r refusing) Write(context.Context, hub.WriteKind, func(hub.Tx) error, ...hub.Ahead) error {
	r.meanwhile()
	return keyshift.Refuse(keyshift.CodeStorageFull, "The storage is full.", "Make room.")
}

// A contact that could not be stored is neither lost, nor does it take the place of one that came meanwhile.
func TestAContactIsKeptUntilItIsStored(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, tree := w.device("dana"), &seenTree{}
	w.hub.Tree = tree
	meets := func(seen int64) {
		w.clock.Advance(time.Minute)
		tree.seen = seen
		call := w.by(device)
		call.Access.Effect = false
		_, err := w.hub.Sync(t.Context(), call, hub.SyncRequest{})
		w.must(err)
	}
	want := func(when string, at time.Time, seen int64) {
		t.Helper()
		views, err := w.hub.ListDevices(t.Context(), w.byOwner(), hub.Page{})
		w.must(err)
		if got := views[0].Presence; !got.LastContact.Equal(at) || got.WitnessedSize != seen {
			t.Errorf("%s: contact at %v having seen %d events, want %v and %d", when, got.LastContact, got.WitnessedSize, at, seen)
		}
	}
	meets(7)
	first, whole := w.clock.Now(), w.hub.Store
	w.hub.Store = refusing{whole, func() {}}
	if err := w.hub.FlushPresence(t.Context()); keyshift.CodeOf(err) != keyshift.CodeStorageFull {
		t.Errorf("FlushPresence = %v, want storage_full", err)
	}
	want("not stored", first, 7)
	w.hub.Store = refusing{whole, func() { meets(9) }}
	if err := w.hub.FlushPresence(t.Context()); err == nil {
		t.Error("FlushPresence = nil, want storage_full")
	}
	want("a newer one came meanwhile", w.clock.Now(), 9)
	w.hub.Store = whole
	w.must(w.hub.FlushPresence(t.Context()))
	want("stored", w.clock.Now(), 9)
}

// presentedTree notes what it is asked to judge.
type presentedTree struct {
	noTree
	presented string
}

func (t *presentedTree) Judge(_ hub.AuditReader, presented string) (hub.Judgment, error) {
	t.presented = presented
	return hub.Judgment{}, nil
}

// What a device does not stand for says nothing about the log: others could have given it the checkpoint.
func TestACheckpointCountsOnlyWithACountersignature(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, tree := w.device("dana"), &presentedTree{}
	w.hub.Tree = tree
	head := checkpoint.Head{HubID: string(w.hub.ID()), Size: 3}
	note, err := checkpoint.Sign(head, w.hub.SigningKey())
	w.must(err)
	good, err := checkpoint.Countersign(head, w.keys.Signing(), w.clock.Now())
	w.must(err)
	for _, tt := range []struct {
		name      string
		signature []byte
		want      string
	}{{"none", nil, ""}, {"another", append([]byte{good[0] ^ 1}, good[1:]...), ""}, {"the device's", good, note}} {
		call := w.by(device)
		call.Access.Effect = false
		_, err := w.hub.Sync(t.Context(), call, hub.SyncRequest{Checkpoint: note, Countersignature: tt.signature})
		w.must(err)
		if tree.presented != tt.want {
			t.Errorf("with the countersignature %s: judged %q, want %q", tt.name, tree.presented, tt.want)
		}
	}
}
