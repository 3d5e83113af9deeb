package hub_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// relayed is a world in which Dana holds an account whose codes Lee receives.
func relayed(t *testing.T) (w *world, dana, lee keyshift.ID, lease hub.LeaseView) {
	t.Helper()
	w = newWorld(t)
	w.addUser("dana")
	w.addUser("lee")
	dana, lee = w.device("dana"), w.device("lee")
	lease = w.mustCheckOut(dana, w.account("acme", "dana"))
	w.must(w.hub.AddCustodian(t.Context(), w.byOwner(), "x/acme", "lee"))
	return w, dana, lee, lease
}

var sealedCode = bytes.Repeat([]byte{1}, seal.DeviceOverhead+6)

func wantCode(t *testing.T, what string, err error, want keyshift.Code) {
	t.Helper()
	if got := keyshift.CodeOf(err); got != want {
		t.Errorf("%s: %q (%v), want %q", what, got, err, want)
	}
}

func TestARelayedCodeIsForItsAskerAndForFiveMinutes(t *testing.T) {
	w, dana, lee, lease := relayed(t)
	ctx := t.Context()
	_, err := w.hub.AskRelay(ctx, w.by(lee), lease.ID)
	wantCode(t, "another device asks", err, keyshift.CodeNotFound)
	relay, err := w.hub.AskRelay(ctx, w.by(dana), lease.ID)
	w.must(err)
	_, err = w.hub.TakeRelay(ctx, w.by(dana), relay.ID)
	wantCode(t, "nobody answered", err, keyshift.CodeRelayWaits)
	wantCode(t, "no sealed code", w.hub.AnswerRelay(ctx, w.by(lee), relay.ID, []byte("123456")), keyshift.CodeFieldInvalid)
	wantCode(t, "who is no custodian", w.hub.AnswerRelay(ctx, w.by(dana), relay.ID, sealedCode), keyshift.CodeNotFound)
	w.must(w.hub.AnswerRelay(ctx, w.by(lee), relay.ID, sealedCode))
	wantCode(t, "a second answer", w.hub.AnswerRelay(ctx, w.by(lee), relay.ID, sealedCode), keyshift.CodeRelayOver)
	_, err = w.hub.TakeRelay(ctx, w.by(lee), relay.ID)
	wantCode(t, "another device takes", err, keyshift.CodeNotFound)
	call := w.by(dana)
	got, err := w.hub.TakeRelay(ctx, call, relay.ID)
	if err != nil || !bytes.Equal(got.Sealed, sealedCode) {
		t.Errorf("taken %x, %v", got.Sealed, err)
	}
	call.Seq = w.by(dana).Seq // the answer was lost: the same request again
	if got, err = w.hub.TakeRelay(ctx, call, relay.ID); err != nil || !bytes.Equal(got.Sealed, sealedCode) {
		t.Errorf("taken again by the same request: %v", err)
	}
	_, err = w.hub.TakeRelay(ctx, w.by(dana), relay.ID)
	wantCode(t, "a second time", err, keyshift.CodeRelayOver)

	second, err := w.hub.AskRelay(ctx, w.by(dana), lease.ID)
	w.must(err)
	w.clock.Advance(keyshift.RelayWithin)
	wantCode(t, "too late", w.hub.AnswerRelay(ctx, w.by(lee), second.ID, sealedCode), keyshift.CodeRelayOver)
	third, err := w.hub.AskRelay(ctx, w.by(dana), lease.ID)
	if err != nil || third.ID == second.ID {
		t.Errorf("a request after the old one was over: %v, %v", third.ID == second.ID, err)
	}
	_, err = w.hub.Revoke(ctx, w.byOwner(), hub.RevokeTarget{Lease: lease.ID}, "over")
	w.must(err)
	wantCode(t, "after the lease", w.hub.AnswerRelay(ctx, w.by(lee), third.ID, sealedCode), keyshift.CodeRelayOver)
}

func TestWhoIsNoCustodianAnyMoreIsNotAsked(t *testing.T) {
	w, dana, lee, lease := relayed(t)
	relay, err := w.hub.AskRelay(t.Context(), w.by(dana), lease.ID)
	w.must(err)
	asked := func() int {
		news, err := w.hub.Sync(t.Context(), w.by(lee), hub.SyncRequest{})
		w.must(err)
		return len(news.Relays)
	}
	if asked() != 1 {
		t.Error("the custodian is not asked")
	}
	w.must(w.hub.RemoveCustodian(t.Context(), w.byOwner(), "x/acme", "lee"))
	if asked() != 0 {
		t.Error("who is no custodian any more is asked")
	}
	wantCode(t, "an answer", w.hub.AnswerRelay(t.Context(), w.by(lee), relay.ID, sealedCode), keyshift.CodeNotFound)
}

func TestRelaysAndNotesAreLimited(t *testing.T) {
	w, dana, _, lease := relayed(t)
	var last error
	for range 40 {
		_, last = w.hub.AskRelay(t.Context(), w.by(dana), lease.ID)
	}
	wantCode(t, "asked forty times", last, keyshift.CodeRateLimited)
	for range 40 {
		last = w.hub.NoteGuardHit(t.Context(), w.by(dana), lease.ID, pack.GuardEmail, false)
	}
	wantCode(t, "forty notes", last, keyshift.CodeRateLimited)
	if n := w.actions()[keyshift.ActGuardHit]; n == 0 || n >= 40 {
		t.Errorf("%d guard hits are in the log", n)
	}
}

func TestNotesNameOnlyClasses(t *testing.T) {
	w, dana, lee, lease := relayed(t)
	ctx := t.Context()
	wantCode(t, "a class that is none", w.hub.NoteGuardHit(ctx, w.by(dana), lease.ID, "https://x.com/settings", false), keyshift.CodeFieldInvalid)
	wantCode(t, "another's lease", w.hub.NoteGuardHit(ctx, w.by(lee), lease.ID, pack.GuardEmail, false), keyshift.CodeNotFound)
	wantCode(t, "a text as a class", w.hub.NoteDraftChecks(ctx, w.by(dana), lease.ID, map[string]int64{"my draft": 1}), keyshift.CodeFieldInvalid)
	wantCode(t, "nothing found", w.hub.NoteDraftChecks(ctx, w.by(dana), lease.ID, nil), keyshift.CodeFieldInvalid)
	w.must(w.hub.NoteDraftChecks(ctx, w.by(dana), lease.ID, map[string]int64{"iban": 2}))
}

func TestInsiderWordsAreCleaned(t *testing.T) {
	w := newWorld(t)
	for text, want := range map[string]keyshift.Code{
		"Project\u00a0 ZEPHYR": "", "ＡＣＭＥ": "", "one two three four": keyshift.CodeFieldInvalid, "ab": keyshift.CodeFieldInvalid, "(x)": keyshift.CodeFieldInvalid, "": keyshift.CodeFieldInvalid,
	} {
		_, err := w.hub.AddInsiderWords(t.Context(), w.byOwner(), []hub.InsiderWord{{Word: text}})
		wantCode(t, text, err, want)
	}
	_, err := w.hub.AddInsiderWords(t.Context(), w.byOwner(), []hub.InsiderWord{{Pattern: `(a+)+`}})
	wantCode(t, "an endless pattern", err, keyshift.CodeFieldInvalid)
	_, err = w.hub.AddInsiderWords(t.Context(), w.byOwner(), []hub.InsiderWord{{Word: "acme", Host: "intranet.example.com"}})
	wantCode(t, "two at once", err, keyshift.CodeFieldInvalid)
	words, err := w.hub.ListInsiderWords(t.Context(), w.byOwner())
	if err != nil || len(words) != 2 || words[0].Word != "acme" || words[1].Word != "project zephyr" {
		t.Errorf("words %+v, %v", words, err)
	}
	for _, e := range events(t, w) {
		if strings.Contains(strings.ToLower(e), "zephyr") {
			t.Errorf("the audit log has a word: %s", e)
		}
	}
}

func events(t *testing.T, w *world) (list []string) {
	t.Helper()
	all, err := w.hub.Store.Read(t.Context()).Events(hub.EventFilter{Limit: 500})
	w.must(err)
	for _, e := range all {
		for _, v := range e.Details {
			list = append(list, v)
		}
		for _, v := range e.Personal {
			list = append(list, v)
		}
	}
	return list
}

func TestAnOwedCleanUpKeepsARemovalOpen(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	lease := w.mustCheckOut(device, w.account("acme", "dana"))
	pending := keyshift.Receipt{Step: keyshift.RemovalSecretWiped, BrowserPending: true}
	view, err := w.hub.CheckIn(t.Context(), w.ending(device), lease.ID, keyshift.CauseCheckedIn, pending)
	w.must(err)
	if view.Removal.Done() || !view.Removal.BrowserPending || !strings.Contains(view.RemovalText(time.Time{}, w.hub.Now()), "started next") {
		t.Errorf("removal %+v: %s", view.Removal, view.RemovalText(time.Time{}, w.hub.Now()))
	}
	_, err = w.hub.Report(t.Context(), w.ending(device), []keyshift.Receipt{{LeaseID: lease.ID, Step: keyshift.RemovalSessionClosed, SignOut: "done"}})
	w.must(err)
	if r := w.lease(lease.ID).Removal; !r.Done() || r.BrowserPending || r.SessionUnconfirmed {
		t.Errorf("removal %+v", r)
	}
	told := strings.Join(events(t, w), " ")
	if !strings.Contains(told, "pending") || !strings.Contains(told, "done") {
		t.Errorf("the audit log tells %q, want that the browser was pending and how signing out went", told)
	}
}
