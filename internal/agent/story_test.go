package agent

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring"
)

func TestCheckOutRevealCheckIn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		held := w.checkedOut(a)
		if held.GetLease().GetState() != v1.LeaseState_LEASE_STATE_ACTIVE || held.GetTimeLeft().AsDuration() != time.Hour {
			t.Errorf("got %v with %v left, want an active lease with an hour left", held.GetLease().GetState(), held.GetTimeLeft().AsDuration())
		}
		credential, err := a.Reveal(t.Context(), "x/acme")
		if err != nil || string(credential.Password()) != password {
			t.Errorf("got %v, %v, want the password", credential, err)
		}
		code, until, err := a.Code(t.Context(), held.GetLease().GetId())
		if err != nil || code != "123456" || !until.After(time.Now()) {
			t.Errorf("got code %q until %v, %v, want 123456", code, until, err)
		}
		over, err := a.CheckIn(t.Context(), "x/acme")
		if err != nil || over.GetLease().GetState() != v1.LeaseState_LEASE_STATE_CHECKED_IN || over.GetEnding() != "" {
			t.Errorf("got %v, %v, want it checked in", over, err)
		}
		// The secret was shown, so nobody can say that no session is open.
		w.wantRemoval(v1.LeaseState_LEASE_STATE_CHECKED_IN, v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED)
		w.wantNothingLeft()
		if _, err := a.Reveal(t.Context(), held.GetLease().GetId()); keyshift.CodeOf(err) != keyshift.CodeNotFound {
			t.Errorf("after check-in: got %v, want not_found", err)
		}
		if got := len(a.Leases()); got != 0 {
			t.Errorf("got %d leases, want none", got)
		}
	})
}

func TestUnusedLeaseIsRemovedWholly(t *testing.T) {
	for _, account := range []string{"x/acme", "instagram/acme", "@ephemera"} {
		t.Run(account, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, _ := w.enrolled()
				if _, err := a.CheckOut(t.Context(), w.request(account)); err != nil {
					t.Fatal(err)
				}
				if _, err := a.CheckIn(t.Context(), account); err != nil {
					t.Fatal(err)
				}
				w.wantRemoval(v1.LeaseState_LEASE_STATE_CHECKED_IN, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
				w.wantNothingLeft()
			})
		})
	}
}

func TestRevokeIsObeyedAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.settle(time.Second)
		w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "off-boarding") })
		w.settle(2 * time.Second)
		w.wantRemoval(v1.LeaseState_LEASE_STATE_REVOKED, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
		w.wantNothingLeft()
		if w.hub.asked("CheckIn") != 0 {
			t.Error("the agent claims that it ended a lease which the hub revoked")
		}
		w.hub.mu.Lock()
		defer w.hub.mu.Unlock()
		if len(w.hub.receipts) != 2 || w.hub.receipts[0].GetStep() != v1.RemovalStep_REMOVAL_STEP_DELIVERED {
			t.Errorf("got receipts %v, want delivered first", w.hub.receipts)
		}
	})
}

func TestLostPushHealsWithinThirtySeconds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.settle(time.Minute)
		w.checkedOut(a)
		w.settle(time.Second)
		w.hub.with(func() {
			w.hub.pushes = false
			w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "off-boarding")
		})
		w.settle(30 * time.Second)
		w.wantNothingLeft()
	})
}

func TestRenewLengthens(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.settle(30 * time.Minute)
		held, err := a.Renew(t.Context(), "@acme", 2*time.Hour)
		if err != nil || held.GetTimeLeft().AsDuration() != 2*time.Hour {
			t.Fatalf("got %v, %v, want two hours", held.GetTimeLeft().AsDuration(), err)
		}
		w.settle(90 * time.Minute)
		if got := len(a.Leases()); got != 1 {
			t.Errorf("after the first end: got %d leases, want 1", got)
		}
		w.settle(31 * time.Minute)
		w.wantNothingLeft()
	})
}

func TestSameRequestIsTheSameLease(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		req := w.request("x/acme")
		results := make(chan string, 20)
		for range cap(results) {
			go func() {
				held, err := a.CheckOut(t.Context(), req)
				if err != nil {
					t.Error(err)
				}
				results <- held.GetLease().GetId()
			}()
		}
		first := <-results
		for range cap(results) - 1 {
			if got := <-results; got != first {
				t.Errorf("got lease %s and %s", first, got)
			}
		}
		shouted := w.request("x/acme")
		shouted.RequestId = strings.ToUpper(req.GetRequestId())
		if held, err := a.CheckOut(t.Context(), shouted); err != nil || held.GetLease().GetId() != first {
			t.Errorf("in upper case: got %v, %v, want the same lease", held, err)
		}
		for _, change := range []func(*v1.LocalServiceCheckOutRequest){
			func(q *v1.LocalServiceCheckOutRequest) { q.Reason = "another reason" },
			func(q *v1.LocalServiceCheckOutRequest) { q.Account = "instagram/acme" },
			func(q *v1.LocalServiceCheckOutRequest) { q.Duration = durationpb.New(time.Minute) },
		} {
			other := w.request("x/acme")
			other.RequestId = req.GetRequestId()
			change(other)
			_, err := a.CheckOut(t.Context(), other)
			w.wantCode(err, keyshift.CodeRequestIDReused)
		}
		if w.hub.one() == nil {
			t.Error("the hub has more than one lease")
		}
	})
}

func TestCheckOutAsksNothingThatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*v1.LocalServiceCheckOutRequest)
		want   keyshift.Code
	}{
		{"no request id", func(q *v1.LocalServiceCheckOutRequest) { q.RequestId = "" }, keyshift.CodeRequestIDInvalid},
		{"a path as request id", func(q *v1.LocalServiceCheckOutRequest) { q.RequestId = "../../../../etc/passwd" }, keyshift.CodeRequestIDInvalid},
		{"no reason", func(q *v1.LocalServiceCheckOutRequest) { q.Reason = " " }, keyshift.CodeReasonInvalid},
		{"an account that is not granted", func(q *v1.LocalServiceCheckOutRequest) { q.Account = "x/other" }, keyshift.CodeNotFound},
		{"a handle at two networks", func(q *v1.LocalServiceCheckOutRequest) { q.Account = "acme" }, keyshift.CodeFieldInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, _ := w.enrolled()
				req := w.request("x/acme")
				tt.change(req)
				_, err := a.CheckOut(t.Context(), req)
				w.wantCode(err, tt.want)
				if w.hub.asked("CheckOut") != 0 {
					t.Error("the hub was asked")
				}
				w.wantNothingLeft()
			})
		})
	}
}

func TestRefusedCheckOutLeavesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		_, err := a.CheckOut(t.Context(), w.request("x/acme"))
		w.wantCode(err, keyshift.CodeAccountInUse)
		if got := len(a.journal.all()); got != 1 {
			t.Errorf("got %d records, want 1", got)
		}
		if got, _ := w.leases.Names(); len(got) != 2 {
			t.Errorf("the lease folder has %q, want record and key of the lease before", got)
		}
	})
}

// The key is made ready before the hub says how the secret is kept.
func TestWhatIsNotInTheKeyringHasNoKey(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		for _, account := range []string{"instagram/acme", "x/ephemera"} {
			if _, err := a.CheckOut(t.Context(), w.request(account)); err != nil {
				t.Fatal(err)
			}
			w.wantNoKeys()
		}
		if _, err := a.Reveal(t.Context(), "x/ephemera"); err != nil {
			t.Errorf("the secret in memory: %v", err)
		}
	})
}

func TestShowIsRefusedWhereItIsNotAllowed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.hub.accounts[0].AllowShow = false
		a, _ := w.enrolled()
		for _, account := range []string{"x/acme", "instagram/acme"} {
			if _, err := a.CheckOut(t.Context(), w.request(account)); err != nil {
				t.Fatal(err)
			}
			_, err := a.Reveal(t.Context(), account)
			w.wantCode(err, keyshift.CodeShowForbidden)
		}
		if w.hub.asked("NoteReveal") != 0 {
			t.Error("the hub was told of a reveal that did not happen")
		}
	})
}

func TestRevokeOvertakesAReveal(t *testing.T) {
	t.Run("while the keyring is slow", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			a, _ := w.enrolled()
			w.checkedOut(a)
			w.ring.Hang()
			result := w.revealed(a)
			w.settle(time.Second)
			w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "off-boarding") })
			w.settle(2 * time.Second)
			w.wantNoKeys()
			w.ring.Release()
			w.wantCode(<-result, keyshift.CodeLeaseOver)
			if w.hub.asked("NoteReveal") != 0 {
				t.Error("the hub was told of a reveal that did not happen")
			}
			w.settle(lastRetry)
			w.wantNothingLeft()
		})
	})
	t.Run("while the hub is slow", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			a, _ := w.enrolled()
			w.checkedOut(a)
			w.onAnswer(func(method string) {
				if strings.HasSuffix(method, "/NoteReveal") {
					w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "off-boarding") })
					<-time.After(2 * time.Second)
				}
			})
			w.wantCode(<-w.revealed(a), keyshift.CodeLeaseOver)
			w.settle(lastRetry)
			w.wantNothingLeft()
		})
	})
}

// The hub orders the end of a lease while it still answers that the lease is active.
func TestRevokeOvertakesACheckOut(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.onAnswer(func(method string) {
			if strings.HasSuffix(method, "/Activate") {
				w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "off-boarding") })
				<-time.After(2 * time.Second)
			}
		})
		held, err := a.CheckOut(t.Context(), w.request("x/acme"))
		w.wantCode(err, keyshift.CodeLeaseOver)
		if held != nil {
			t.Errorf("got %v, want nothing of a revoked lease", held)
		}
		w.settle(lastRetry)
		w.wantNothingLeft()
		w.wantRemoval(v1.LeaseState_LEASE_STATE_REVOKED, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
	})
}

// The hub's word on an activation is how the lease stands when it speaks: it may have been revoked since.
func TestRevokedBetweenTheActivationAndItsAnswer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.hub.with(func() {
			w.hub.activated = func(l *fakeLease) { l.finish(v1.LeaseState_LEASE_STATE_REVOKED, "off-boarding") }
		})
		_, err := a.CheckOut(t.Context(), w.request("x/acme"))
		w.wantCode(err, keyshift.CodeLeaseOver)
		w.settle(lastRetry)
		w.wantNothingLeft()
		w.wantRemoval(v1.LeaseState_LEASE_STATE_REVOKED, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
	})
}

// What was right when a use began is looked at again when the hub has answered.
func TestClockThatIsTurnedDuringAUse(t *testing.T) {
	for method, use := range map[string]func(*testing.T, *Agent) error{
		"/NoteReveal": func(t *testing.T, a *Agent) error {
			credential, err := a.Reveal(t.Context(), "x/acme")
			if !credential.Empty() {
				t.Error("the secret was given out while the clock was wrong")
			}
			return err
		},
		"/GetCode": func(t *testing.T, a *Agent) error {
			code, _, err := a.Code(t.Context(), "x/acme")
			if code != "" {
				t.Error("a code was given out while the clock was wrong")
			}
			return err
		},
	} {
		t.Run(method, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, _ := w.enrolled()
				w.checkedOut(a)
				w.onAnswer(func(asked string) {
					if strings.HasSuffix(asked, method) {
						w.clock.turn(-24*time.Hour, 0)
					}
				})
				w.wantCode(use(t, a), keyshift.CodeClockSuspect)
			})
		})
	}
}

// revealed asks for the secret of x/acme, which must not be given out.
func (w *world) revealed(a *Agent) <-chan error {
	result := make(chan error)
	go func() {
		credential, err := a.Reveal(w.t.Context(), "x/acme")
		if !credential.Empty() {
			w.t.Error("the secret of a revoked lease was given out")
		}
		result <- err
	}()
	return result
}

// The hub counts a secret as shown only if there was something to show.
func TestALockedKeyringShowsNothingAndSaysNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.ring.FailWith(osring.ErrLocked)
		_, err := a.Reveal(t.Context(), "x/acme")
		w.wantCode(err, keyshift.CodeKeyringLocked)
		if w.hub.asked("NoteReveal") != 0 {
			t.Error("the hub was told of a reveal that did not happen")
		}
		w.ring.FailWith(nil)
		if _, err := a.CheckIn(t.Context(), "x/acme"); err != nil {
			t.Fatal(err)
		}
		w.settle(time.Second)
		w.wantRemoval(v1.LeaseState_LEASE_STATE_CHECKED_IN, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
	})
}

func TestCallerThatGoesAway(t *testing.T) {
	for _, step := range []string{"CheckOut", "Activate"} {
		t.Run("during "+step, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, _ := w.enrolled()
				ctx, cancel := context.WithCancel(t.Context())
				w.onAnswer(func(method string) {
					if strings.HasSuffix(method, "/"+step) {
						cancel()
					}
				})
				req := w.request("x/acme")
				if _, err := a.CheckOut(ctx, req); step == "CheckOut" {
					w.wantCode(err, keyshift.CodeHubUnreachable)
				} else if err != nil {
					t.Errorf("the hub has given the lease, so it is finished: %v", err)
				}
				w.onAnswer(nil)
				held, err := a.CheckOut(t.Context(), req)
				if err != nil || held.GetLease().GetState() != v1.LeaseState_LEASE_STATE_ACTIVE || len(w.hub.leases) != 1 {
					t.Errorf("asked again: got %v, %v, %d leases at the hub, want one active", held, err, len(w.hub.leases))
				}
			})
		})
	}
}

// TestLostCheckOutIsGivenBack: nobody asks again for a lease whose answer was lost.
func TestLostCheckOutIsGivenBack(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.onAnswer(func(method string) {
			if strings.HasSuffix(method, "/CheckOut") {
				w.unplug() // the hub has heard it, and is not heard any more
				w.fuse.arm(0)
			}
		})
		_, err := a.CheckOut(t.Context(), w.request("x/acme"))
		w.wantCode(err, keyshift.CodeHubUnreachable)
		w.onAnswer(nil)
		w.fuse.arm(-1)
		w.plug()
		if err := a.SyncNow(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := len(a.journal.all()); got != 1 {
			t.Errorf("got %d records, want only the check-out that may be asked for again", got)
		}
		w.settle(2*keyshift.ActivateWithin + time.Second)
		// Nothing of it ever was in anybody's hands, and the hub hears so.
		w.wantRemoval(v1.LeaseState_LEASE_STATE_EXPIRED, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
		w.wantNothingLeft()
	})
}

// A check-out whose answer was lost keeps its request id: another question under it could get an answer to this one.
func TestLostCheckOutIsRemembered(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.onAnswer(func(method string) {
			if strings.HasSuffix(method, "/CheckOut") {
				w.unplug() // the hub has heard it, and is not heard any more
				<-time.After(hubclient.AnswerTimeout)
			}
		})
		request := w.request("x/acme")
		_, err := a.CheckOut(t.Context(), request)
		w.wantCode(err, keyshift.CodeHubUnreachable)
		w.onAnswer(nil)
		w.plug()
		asked, other := w.hub.asked("CheckOut"), proto.CloneOf(request)
		other.Reason = "something else"
		_, err = a.CheckOut(t.Context(), other)
		w.wantCode(err, keyshift.CodeRequestIDReused)
		if got := w.hub.asked("CheckOut"); got != asked {
			t.Error("the hub was asked another question under the same id")
		}
		if held, err := a.CheckOut(t.Context(), request); err != nil || len(w.hub.leases) != 1 {
			t.Errorf("the same question again: got %v, %v, %d leases at the hub, want the one", held, err, len(w.hub.leases))
		}
	})
}

func TestNothingWorksUnenrolled(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.boot()
		_, err := a.CheckOut(t.Context(), w.request("x/acme"))
		w.wantCode(err, keyshift.CodeNotEnrolled)
		_, err = a.Accounts(t.Context())
		w.wantCode(err, keyshift.CodeNotEnrolled)
		w.wantCode(a.SyncNow(t.Context()), keyshift.CodeNotEnrolled)
		_, err = a.Unenroll(t.Context(), true)
		w.wantCode(err, keyshift.CodeNotEnrolled)
		if s := a.Status(); s.GetEnrolled() || s.GetProblem() != nil {
			t.Errorf("got %v, want nothing enrolled and no problem", s)
		}
	})
}

func TestStrictGraceIsKeptInContact(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.hub.accounts[0].grace = 0
		w.hub.pace = pace{SyncEvery: time.Minute}
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.settle(20 * time.Minute)
		if got := len(a.Leases()); got != 1 {
			t.Errorf("in contact: got %d leases, want 1", got)
		}
		w.unplug()
		w.settle(keyshift.KeptGrace + 2*time.Second)
		w.wantNoKeys()
	})
}
