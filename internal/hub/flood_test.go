package hub_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// A device that opens stream after stream, or a proxy that sends its request again and again, keeps only a few.
func TestADeviceHasFewStreams(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	var all []<-chan struct{}
	for range 100 {
		news, end, err := w.hub.Watch(t.Context(), w.ending(device))
		w.must(err)
		defer end()
		all = append(all, news)
	}
	open := 0
	for i, news := range all {
		select {
		case _, still := <-news:
			if still {
				t.Errorf("stream %d got news, want its end", i)
			}
		default:
			open++
		}
	}
	if open == 0 || open > 8 {
		t.Errorf("%d of 100 streams are open, want a few", open)
	}
	w.hub.Broker().Wake(hub.TopicDevice, string(device))
	select {
	case _, still := <-all[99]:
		if !still {
			t.Error("the newest stream was ended")
		}
	default:
		t.Error("the newest stream is not woken")
	}
}

// Anybody who has seen a device's id can sign wrongly in its name. That must not make the hub write for ever.
func TestRefusedSignaturesAreCountedOnlyUntilTheFlag(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	for range 3 * keyshift.FlagAfter {
		w.must(w.hub.RefusedSignature(t.Context(), device))
	}
	d, err := w.hub.Store.Read(t.Context()).Device(device)
	if err != nil || d.Refusals != keyshift.FlagAfter {
		t.Errorf("%d refusals were written, %v, want %d", d.Refusals, err, keyshift.FlagAfter)
	}
}

// Giving back may use the room that is kept for revoking when storage is full, so a device must not be able to fill it:
// what it says again and again leaves nothing behind.
func TestADeviceThatRepeatsItselfFillsNothing(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	l := w.mustCheckOut(device, w.account("acme", "dana"))
	report := func(r ...keyshift.Receipt) (hub.Call, error) {
		call := w.ending(device)
		_, err := w.hub.Report(t.Context(), call, r)
		return call, err
	}
	failed := func(why string) keyshift.Receipt {
		return keyshift.Receipt{LeaseID: l.ID, Step: keyshift.RemovalDelivered, WipeFailure: why}
	}
	if _, err := report(failed("a"), failed("b")); keyshift.CodeOf(err) != keyshift.CodeFieldInvalid {
		t.Errorf("two receipts for one lease: %v, want field_invalid", err)
	}
	for _, why := range []string{"a", "b", "a", "b"} {
		_, err := report(failed(why))
		w.must(err)
	}
	if got := w.actions()[keyshift.ActLeaseCheckedIn] + w.actions()[keyshift.ActLeaseRemoval]; got != 1 {
		t.Errorf("%d events, want one for the end with its failure", got)
	}
	if got := w.lease(l.ID).Removal.WipeFailure; got != "b" {
		t.Errorf("wipe failure %q, want the newest", got)
	}
	call, err := report(failed("b"))
	w.must(err)
	if _, err := w.hub.Store.Read(t.Context()).Effect(device, call.RequestID); keyshift.CodeOf(err) != keyshift.CodeNotFound {
		t.Errorf("a report without news is remembered: %v", err)
	}
	_, err = w.hub.CheckIn(t.Context(), w.ending(device), l.ID, keyshift.CauseCheckedIn, failed("b"))
	w.must(err)
	_, err = report(keyshift.Receipt{LeaseID: l.ID, Step: keyshift.RemovalSecretWiped})
	w.must(err)
	if got := w.actions()[keyshift.ActLeaseRemoval]; got != 1 {
		t.Errorf("%d events of the removal, want one for the wipe", got)
	}
}

// Each renewal and each showing is written down for ever.
func TestRenewingAndShowingAreSlowedDown(t *testing.T) {
	for name, ask := range map[string]func(w *world, call hub.Call, l keyshift.ID) error{
		"renew": func(w *world, call hub.Call, l keyshift.ID) error {
			w.clock.Advance(time.Millisecond)
			_, err := w.hub.Renew(w.t.Context(), call, l, time.Hour)
			return err
		},
		"show": func(w *world, call hub.Call, l keyshift.ID) error { return w.hub.NoteReveal(w.t.Context(), call, l) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.addUser("dana")
			device, account := w.device("dana"), w.account("acme", "dana")
			w.update("x/acme", hub.AccountSettings{AllowShow: ptr(true)})
			l := w.mustCheckOut(device, account)
			for i := range 1000 {
				err := ask(w, w.by(device), l.ID)
				if keyshift.CodeOf(err) == keyshift.CodeRateLimited {
					return
				}
				if err != nil {
					t.Fatalf("time %d: %v", i, err)
				}
			}
			t.Error("a thousand times in a second are let through")
		})
	}
}

// What a device says of refused callers is in the log, names nobody, and cannot flood it.
func TestRefusedCallersAreRecordedCalmly(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	refused := keyshift.RefusedCallers{keyshift.CallerUser: 3, keyshift.CallerSquatter: 1}
	call := w.by(device)
	w.must(w.hub.NoteRefusedCallers(t.Context(), call, refused))
	call.Seq++
	w.must(w.hub.NoteRefusedCallers(t.Context(), call, refused)) // its answer was lost
	for range 20 {
		if err := w.hub.NoteRefusedCallers(t.Context(), w.by(device), refused); keyshift.CodeOf(err) != keyshift.CodeRateLimited {
			t.Fatalf("got %v, want rate_limited", err)
		}
	}
	events, err := w.hub.ListEvents(t.Context(), w.byOwner(), hub.EventFilter{Limit: 100}, "", "")
	w.must(err)
	events = slices.DeleteFunc(events, func(e hub.LoggedEvent) bool { return e.Action != keyshift.ActCallersRefused })
	if len(events) != 1 || events[0].DeviceID != device || len(events[0].Personal) != 0 ||
		!maps.Equal(events[0].Details, map[string]string{"user": "3", "squatter": "1"}) {
		t.Errorf("got %+v, want one event with two counts", events)
	}
	err = w.hub.NoteRefusedCallers(t.Context(), w.by(w.device("dana")), keyshift.RefusedCallers{})
	if keyshift.CodeOf(err) != keyshift.CodeFieldInvalid {
		t.Errorf("nobody refused: got %v, want field_invalid", err)
	}
}

// Nobody confirms the end of a session that is not in a browser of ours. What a device hears every half minute must not grow
// with every password it ever showed.
func TestWhatADeviceHearsDoesNotGrow(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	w.update("x/acme", hub.AccountSettings{Exclusive: ptr(false)})
	var open keyshift.ID
	for i := range 5 {
		l := w.mustCheckOut(device, account)
		if i == 4 {
			open = l.ID
			break
		}
		_, err := w.hub.CheckIn(t.Context(), w.ending(device), l.ID, keyshift.CauseCheckedIn,
			keyshift.Receipt{LeaseID: l.ID, Step: keyshift.RemovalSecretWiped, SessionUnconfirmed: true})
		w.must(err)
	}
	_, err := w.hub.Revoke(t.Context(), w.byOwner(), hub.RevokeTarget{All: true}, "test")
	w.must(err)
	news, err := w.hub.Sync(t.Context(), w.by(device), hub.SyncRequest{})
	if err != nil || len(news.Removals) != 1 || news.Removals[0].ID != open {
		t.Errorf("told to remove %d leases, %v, want the one that is not wiped", len(news.Removals), err)
	}
}
