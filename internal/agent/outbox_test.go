package agent

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network"
)

// wantMistakes checks what the hub heard, each once.
func (w *world) wantMistakes(want ...string) {
	w.t.Helper()
	w.hub.told.with(func() {
		var got []string
		for _, m := range w.hub.told.mistakes {
			got = append(got, m.GetText())
		}
		if !slices.Equal(got, want) {
			w.t.Errorf("the hub heard %q, want %q", got, want)
		}
	})
}

func mistake(text string) *v1.LocalServiceReportMistakeRequest {
	return &v1.LocalServiceReportMistakeRequest{Text: text, About: "@acme"}
}

func TestAMistakeIsToldAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		held := w.checkedOut(a)
		got, err := a.ReportMistake(t.Context(), mistake(" wrong account \n"))
		if err != nil || !got.GetTold() || got.GetWaiting() != 0 {
			t.Errorf("%v, %v, want it told", got, err)
		}
		w.wantMistakes("wrong account")
		w.hub.told.with(func() {
			if m := w.hub.told.mistakes[0]; m.GetLeaseId() != held.GetLease().GetId() || m.GetAccount() != "x/acme" || m.GetNoticedAt() == nil {
				t.Errorf("the hub heard %v, want the lease and the account", m)
			}
		})
		if strings.Contains(w.log.String(), "wrong account") {
			t.Error("the log has the text")
		}
	})
}

func TestAMistakeSurvivesARestartAndIsToldOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		w.unplug()
		w.settle(time.Minute)
		req := mistake("first")
		req.RequestId = "0123456789abcdef0123456789abcdef"
		for range 2 { // a double click
			got, err := a.ReportMistake(t.Context(), req)
			if err != nil || got.GetTold() || got.GetWaiting() != 1 {
				t.Errorf("%v, %v, want it to wait", got, err)
			}
		}
		stop()
		a, _ = w.boot()
		if got, err := a.ReportMistake(t.Context(), mistake("second")); err != nil || got.GetWaiting() != 2 {
			t.Errorf("%v, %v, want two to wait", got, err)
		}
		w.hub.told.with(func() { w.hub.told.deaf = true }) // it keeps what it hears, and the answer is lost
		w.plug()
		w.settle(10 * time.Minute)
		if n := a.outbox.read().mistakes(); n != 2 {
			t.Errorf("%d reports wait, want both until the hub has answered", n)
		}
		w.hub.told.with(func() { w.hub.told.deaf = false })
		w.settle(tellAgain + time.Minute)
		w.wantMistakes("first", "second")
		if n := len(a.outbox.read().Waiting); n != 0 {
			t.Errorf("%d messages still wait", n)
		}
		if !slices.Contains(sentTexts(a), "sent_mistake") {
			t.Error("the ledger does not say that a report left")
		}
	})
}

func TestTheOutboxIsBoundedAndSaysSo(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.unplug()
		w.settle(time.Minute)
		for i := range maxMistakes {
			if _, err := a.ReportMistake(t.Context(), mistake(fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
		_, err := a.ReportMistake(t.Context(), mistake("one more"))
		w.wantCode(err, keyshift.CodeUnavailable)
		for _, text := range []string{"", strings.Repeat("x", keyshift.MaxMistake+1)} {
			_, err := a.ReportMistake(t.Context(), mistake(text))
			w.wantCode(err, keyshift.CodeFieldInvalid)
		}
		w.plug()
		w.settle(10 * time.Minute)
		w.state.fill(syscall.ENOSPC)
		_, err = a.ReportMistake(t.Context(), mistake("no room"))
		w.wantCode(err, keyshift.CodeStorageFull)
		w.hub.told.with(func() {
			if n := len(w.hub.told.mistakes); n != maxMistakes {
				t.Errorf("the hub heard %d reports, want %d", n, maxMistakes)
			}
		})
	})
}

// TestAReportThatIsOneTooManyTodayWaits, and the user hears why.
func TestAReportThatIsOneTooManyTodayWaits(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.settle(time.Minute)
		w.hub.told.with(func() {
			w.hub.told.refusal = api.ToConnect(keyshift.Refuse(keyshift.CodeRateLimited, "50 reports within a day.", "It waits."))
		})
		got, err := a.ReportMistake(t.Context(), mistake("the 51st"))
		if err != nil || got.GetTold() || got.GetWaiting() != 1 || got.GetProblem().GetCode() != string(keyshift.CodeRateLimited) {
			t.Errorf("got %v, %v, want that it waits and why", got, err)
		}
		w.hub.told.with(func() { w.hub.told.refusal = nil })
		w.settle(10 * time.Minute)
		w.hub.told.with(func() {
			if n := len(w.hub.told.mistakes); n != 1 || w.hub.told.mistakes[0].GetText() != "the 51st" {
				t.Errorf("the hub heard %d reports, want the one that waited", n)
			}
		})
	})
}

func TestNothingWaitsWithoutAHub(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.boot()
		_, err := a.ReportMistake(t.Context(), mistake("hello"))
		w.wantCode(err, keyshift.CodeNotEnrolled)
		_, err = a.Acknowledge(t.Context(), "terms_x", network.TermsOf(keyshift.X).ArchivedAt)
		w.wantCode(err, keyshift.CodeNotEnrolled)
	})
}

func TestTermsAreAcknowledged(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		of := func(id string) *v1.LocalText {
			for _, text := range a.Texts() {
				if text.GetId() == id {
					return text
				}
			}
			t.Fatalf("there is no text %s", id)
			return nil
		}
		if text := of("terms_x"); text.GetConcernsUser() || len(text.GetLines()) != 3 || text.GetUrl() == "" || text.GetTitle() == "" || text.GetNetwork() != v1.Network_NETWORK_X {
			t.Errorf("before the user has to do with X: %v", text)
		}
		w.checkedOut(a)
		w.settle(time.Second)
		if !of("terms_x").GetConcernsUser() || of("terms_pinterest").GetConcernsUser() {
			t.Error("a check-out on X is about the terms of X, and no others")
		}
		version := of("terms_x").GetVersion()
		_, err := a.Acknowledge(t.Context(), "terms_x", "2020-01-01")
		w.wantCode(err, keyshift.CodeFieldInvalid)
		_, err = a.Acknowledge(t.Context(), "terms_y", version)
		w.wantCode(err, keyshift.CodeNotFound)
		for range 2 {
			text, err := a.Acknowledge(t.Context(), "terms_x", version)
			if err != nil || text.GetAcknowledgedAt() == nil {
				t.Errorf("%v, %v, want it acknowledged", text, err)
			}
		}
		w.settle(time.Minute)
		w.hub.told.with(func() {
			if r := w.hub.told.reads; len(r) != 1 || r[0].GetTextId() != "terms_x" || r[0].GetVersion() != version {
				t.Errorf("the hub heard %v, want one word", r)
			}
		})
		stop()
		a, _ = w.boot()
		if of("terms_x").GetAcknowledgedAt() == nil {
			t.Error("a restart forgot what was read")
		}
	})
}

// Who uses one network hears of a change of its terms, and of no other's.
func TestAChangeOfTermsIsToldToThoseItAffects(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		w.checkedOut(a)
		w.settle(time.Second)
		stop()
		kept, err := openReminders(w.state)
		if err != nil {
			t.Fatal(err)
		}
		err = kept.change(func(k *remindersKeptState) { k.State.Rules = map[string]string{"x": "2020-01-01"} }) // an older program knew older terms
		if err != nil {
			t.Fatal(err)
		}
		a, _ = w.boot()
		w.settle(time.Second)
		all := slices.Concat(a.Reminders().GetShown(), a.Reminders().GetWaiting()) // the terms were shown a moment ago
		got := textsOf(all)
		if !slices.Contains(got, "changed_x") || slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "changed_") && s != "changed_x" }) {
			t.Errorf("the user is reminded of %q, want the change of X and no other", got)
		}
		for _, r := range all {
			if r.GetTextId() != "terms_x" {
				t.Errorf("%s leads to %q", r.GetText(), r.GetTextId())
			}
		}
	})
}

func TestWhatWaitsIsToldBeforeTheHubIsLeft(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.unplug()
		w.settle(time.Minute)
		if _, err := a.ReportMistake(t.Context(), mistake("last words")); err != nil {
			t.Fatal(err)
		}
		w.plug()
		if told, err := a.Unenroll(t.Context(), false); err != nil || !told {
			t.Fatalf("unenroll: %v, %v", told, err)
		}
		w.wantMistakes("last words")
		if len(a.outbox.read().Waiting) != 0 {
			t.Error("something still waits for a hub that is left")
		}
	})
}

// A report that the hub refuses for good does not count as told.
func TestAMistakeThatTheHubRefusesIsAnError(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.settle(time.Second)
		w.hub.told.with(func() {
			w.hub.told.refusal = api.ToConnect(keyshift.Invalid(keyshift.CodeFieldInvalid, "Too long for this hub.", ""))
		})
		got, err := a.ReportMistake(t.Context(), mistake("hello"))
		w.wantCode(err, keyshift.CodeFieldInvalid)
		if got.GetTold() || len(a.outbox.read().Waiting) != 0 {
			t.Errorf("%v, and %d messages wait", got, len(a.outbox.read().Waiting))
		}
	})
}

func TestAnOutboxWithNonsenseStopsNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		_, stop := w.enrolled()
		stop()
		if err := w.state.Write(outboxFile, []byte(`{"waiting":[{},{"request_id":"x"},{"request_id":"y","mistake":{"text":"kept"}}]}`)); err != nil {
			t.Fatal(err)
		}
		w.boot()
		w.settle(time.Minute)
		w.wantMistakes("kept")
	})
}

func TestAcknowledgingAtTheSameTimeIsSayingItOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o, err := openOutbox(w.state)
		if err != nil {
			t.Fatal(err)
		}
		for _, request := range []string{"one click", "and another"} { // both saw a text that nobody had acknowledged
			if err := o.acknowledge(request, readText{TextID: "terms_x", Version: "2026-08-22"}); err != nil {
				t.Fatal(err)
			}
		}
		if waiting := o.read().Waiting; len(waiting) != 1 || waiting[0].RequestID != "one click" {
			t.Errorf("waiting are %v, want the first", waiting)
		}
	})
}

// A report that was thanked for reaches the hub, and every report at most once, wherever the agent dies.
func TestAReportOutlivesEveryCrash(t *testing.T) {
	whole := false
	for n := 0; !whole; n++ {
		t.Run(fmt.Sprintf("after step %d", n), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, stop := w.enrolled()
				w.fuse.arm(n)
				_, err := a.ReportMistake(t.Context(), mistake("wrong account"))
				whole = !w.fuse.dead()
				w.fuse.arm(0)
				stop()
				w.fuse.arm(-1)
				w.boot()
				w.settle(2 * tellAgain)
				w.hub.told.with(func() {
					if got := len(w.hub.told.mistakes); got > 1 || err == nil && got != 1 {
						t.Errorf("after %v the hub heard %d reports", err, got)
					}
				})
			})
		})
		if n > 50 {
			t.Fatal("the story does not end")
		}
	}
}
