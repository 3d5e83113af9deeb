package agent

import (
	"encoding/base64"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring"
)

// A01: a keyring whose prompt is dismissed says that it deleted, and did not.
func TestKeyringThatLiesAboutDeleting(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.ring.LieOnDelete(true)
		held, err := a.CheckIn(t.Context(), "x/acme")
		if err != nil || held.GetEnding() != "wipe_failed" || held.GetWipeFailure() == "" {
			t.Errorf("got %v, %v, want wipe_failed and why", held, err)
		}
		w.wantNoKeys()
		w.wantRemoval(v1.LeaseState_LEASE_STATE_CHECKED_IN, v1.RemovalStep_REMOVAL_STEP_DELIVERED)
		if got := w.hub.one().GetRemoval().GetWipeFailure(); got != "the keyring refused to delete the item" {
			t.Errorf("the hub heard %q", got)
		}
		_, err = a.Reveal(t.Context(), "x/acme")
		w.wantCode(err, keyshift.CodeLeaseOver)
		if got := a.Status().GetProblem().GetCode(); got != string(keyshift.CodeWipeFailed) {
			t.Errorf("got problem %q, want wipe_failed", got)
		}
		w.settle(10 * time.Minute)
		w.wantRemoval(v1.LeaseState_LEASE_STATE_CHECKED_IN, v1.RemovalStep_REMOVAL_STEP_DELIVERED)
		w.ring.LieOnDelete(false)
		w.settle(lastRetry + time.Second)
		w.wantRemoval(v1.LeaseState_LEASE_STATE_CHECKED_IN, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
		w.wantNothingLeft()
		if p := a.Status().GetProblem(); p != nil {
			t.Errorf("got problem %v, want none", p)
		}
	})
}

func TestWipeIsFinalEvenWhenTheKeyringHangs(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.ring.Hang()
		w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "off-boarding") })
		w.settle(time.Second)
		w.wantNoKeys()
		w.settle(osring.DefaultLimit)
		if got := w.hub.one().GetRemoval().GetWipeFailure(); got != "the keyring does not answer" {
			t.Errorf("the hub heard %q", got)
		}
		w.ring.Release()
		w.settle(lastRetry)
		w.wantNothingLeft()
		w.wantRemoval(v1.LeaseState_LEASE_STATE_REVOKED, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
	})
}

// A03: another program puts a second item under our name.
func TestPlantedItemIsNotBelieved(t *testing.T) {
	for name, text := range map[string]string{
		"in our encoding": base64.StdEncoding.EncodeToString([]byte(`{"login":"acme","password":"planted"}`)),
		"garbage":         "not base64!",
		"empty":           "",
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, _ := w.enrolled()
				w.checkedOut(a)
				item := "lease:" + a.journal.all()[0].RequestID
				w.ring.Plant(item, text)
				credential, err := a.Reveal(t.Context(), "x/acme")
				w.wantCode(err, keyshift.CodeIntegrityFailed)
				if !credential.Empty() {
					t.Error("a planted password was given out")
				}
				if got := a.Status().GetProblem().GetCode(); got != string(keyshift.CodeIntegrityFailed) {
					t.Errorf("got problem %q, want integrity_failed", got)
				}
				w.settle(time.Second)
				w.wantNothingLeft()
				if len(w.hub.causes) != 1 || w.hub.causes[0] != string(keyshift.CauseTampered) {
					t.Errorf("the hub heard %q, want %q", w.hub.causes, keyshift.CauseTampered)
				}
			})
		})
	}
}

func TestSwappedCopiesDoNotOpen(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.hub.accounts[2].LeaseStorage = v1.LeaseStorage_LEASE_STORAGE_KEYRING
		a, _ := w.enrolled()
		w.checkedOut(a)
		if _, err := a.CheckOut(t.Context(), w.request("x/ephemera")); err != nil {
			t.Fatal(err)
		}
		recs := a.journal.all()
		one, other := recs[0].RequestID, recs[1].RequestID
		// Both halves of the other lease, put under the name of this one: only the label tells them apart.
		key, _ := w.leases.Read(other + ".key")
		if err := w.leases.Write(one+".key", key); err != nil {
			t.Fatal(err)
		}
		item, err := w.ring.Get(t.Context(), "lease:"+other)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.ring.Set(t.Context(), "lease:"+one, item); err != nil {
			t.Fatal(err)
		}
		_, err = a.Reveal(t.Context(), recs[0].Lease.GetId())
		w.wantCode(err, keyshift.CodeIntegrityFailed)
	})
}

// A06 (a): no room to store what is lent.
func TestFullDiskLendsNothing(t *testing.T) {
	t.Run("before the hub is asked", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			a, _ := w.enrolled()
			w.leases.fill(syscall.ENOSPC)
			_, err := a.CheckOut(t.Context(), w.request("x/acme"))
			w.wantCode(err, keyshift.CodeStorageFull)
			if w.hub.asked("CheckOut") != 0 {
				t.Error("the hub was asked for what cannot be kept")
			}
		})
	})
	for _, step := range []string{"CheckOut", "Activate"} {
		t.Run("after "+step, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, _ := w.enrolled()
				w.onAnswer(func(method string) {
					if strings.HasSuffix(method, "/"+step) {
						w.leases.fill(syscall.ENOSPC)
					}
				})
				_, err := a.CheckOut(t.Context(), w.request("x/acme"))
				w.wantCode(err, keyshift.CodeStorageFull)
				w.settle(time.Second)
				w.wantRemoval(v1.LeaseState_LEASE_STATE_CHECKED_IN, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
				w.wantNothingLeft()
			})
		})
	}
}

// A06 (b): a full disk does not keep a lease alive.
func TestFullDiskObeysRevoke(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.leases.fill(syscall.ENOSPC)
		w.state.fill(syscall.ENOSPC)
		w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "off-boarding") })
		w.settle(2 * time.Second)
		w.wantRemoval(v1.LeaseState_LEASE_STATE_REVOKED, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
		w.wantNothingLeft()
	})
}

// A06 (b) and a crash: the journal still says that the lease is live, but its key is gone.
func TestLeaseWithoutKeyIsOverAtStart(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		w.checkedOut(a)
		stop()
		if err := w.leases.Remove(a.journal.all()[0].RequestID + ".key"); err != nil {
			t.Fatal(err)
		}
		w.boot()
		w.settle(10 * time.Second)
		w.wantRemoval(v1.LeaseState_LEASE_STATE_CHECKED_IN, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
		w.wantNothingLeft()
	})
}

// A07: offline, and the clock turned back a day.
func TestClockTurnedBack(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.hub.accounts[0].grace = keyshift.MaxOfflineGrace
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.settle(10 * time.Minute)
		w.unplug()
		w.clock.turn(-24*time.Hour, 0)
		w.settle(5 * time.Second)
		if got := a.Status().GetTrust(); got != v1.Trust_TRUST_CLOCK_SUSPECT {
			t.Errorf("got %v, want clock suspect", got)
		}
		_, err := a.Reveal(t.Context(), "x/acme")
		w.wantCode(err, keyshift.CodeClockSuspect)
		w.settle(50*time.Minute - 10*time.Second)
		if len(a.Leases()) != 1 || a.Leases()[0].GetEnding() != "" {
			t.Errorf("got %v, want a live lease just before its end", a.Leases())
		}
		w.settle(10 * time.Second)
		w.wantNoKeys()
	})
}

func TestWrongClockIsLentNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.clock.turn(3*time.Hour, 0)
		_, err := a.CheckOut(t.Context(), w.request("x/acme"))
		w.wantCode(err, keyshift.CodeClockSuspect)
		if err == nil || !strings.Contains(err.Error(), "3h ahead") {
			t.Errorf("got %v, want it to say by how much", err)
		}
		if got := a.Status().GetProblem().GetCode(); got != string(keyshift.CodeClockSuspect) {
			t.Errorf("got problem %q, want clock_suspect", got)
		}
		w.clock.turn(-3*time.Hour, 0)
		w.checkedOut(a)
	})
}

// A08: the computer slept for ten hours, and the secret is asked for at once.
func TestResumeAfterTheEnd(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.clock.turn(10*time.Hour, 10*time.Hour)
		_, err := a.Reveal(t.Context(), "x/acme")
		w.wantCode(err, keyshift.CodeLeaseOver)
		if w.hub.asked("NoteReveal") != 0 {
			t.Error("the hub was told of a reveal that did not happen")
		}
		w.wantNoKeys()
		w.settle(2 * time.Second)
		w.wantNothingLeft()
	})
}

func second[T any](_ T, err error) error { return err }

// A10: the network is gone.
func TestPartition(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.unplug()
		w.settle(keyshift.StaleAfter + 40*time.Second)
		_, err := a.Reveal(t.Context(), "x/acme")
		w.wantCode(err, keyshift.CodeOffline)
		s := a.Status()
		if s.GetConnected() || s.GetTrust() != v1.Trust_TRUST_STALE || s.GetProblem().GetCode() != string(keyshift.CodeHubUnreachable) {
			t.Errorf("got %v, want stale and unreachable", s)
		}
		end := s.GetLeases()[0].GetOfflineEnd().AsTime()
		for name, err := range map[string]error{"a question": second(a.Accounts(t.Context())), "a sync": a.SyncNow(t.Context())} {
			if want := "You can work until " + end.Local().Format("15:04") + "."; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", name, err, want)
			}
		}
		if end := s.GetLeases()[0].GetOfflineEnd().AsTime(); end.After(time.Now().Add(10*time.Minute)) || end.Before(time.Now().Add(9*time.Minute)) {
			t.Errorf("ends offline in %v, want in 9 to 10 minutes", time.Until(end))
		}
		w.settle(10 * time.Minute)
		w.wantNoKeys()
		if got := a.Leases(); len(got) != 1 || got[0].GetEnding() != "reporting" || got[0].GetLease().GetEndReason() != string(keyshift.CauseOffline) {
			t.Errorf("got %v, want a lease to report, offline too long", got)
		}
		w.plug()
		w.settle(61 * time.Second)
		w.wantRemoval(v1.LeaseState_LEASE_STATE_EXPIRED, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
		w.wantNothingLeft()
	})
}

// A25: a proxy changes every sync, so that the hub refuses it, and lets everything else through: the agent hears signed
// words of the hub all the time, but never which leases are valid.
func TestProxyThatKeepsRevocationsBack(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.hub.mute = true // long polls are signed too
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.cut.change("/Sync")
		w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "off-boarding") })
		w.settle(keyshift.StaleAfter + time.Second)
		if got := a.Status(); got.GetTrust() != v1.Trust_TRUST_STALE || got.GetProblem().GetCode() != string(keyshift.CodeBadSignature) {
			t.Errorf("got %v and problem %v, want stale and bad_signature", got.GetTrust(), got.GetProblem())
		}
		_, err := a.Reveal(t.Context(), "x/acme")
		w.wantCode(err, keyshift.CodeOffline)
		w.settle(10 * time.Minute)
		w.wantNothingLeft()
	})
}

func TestShortPartitionCostsNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.unplug()
		w.settle(10 * time.Minute)
		w.plug()
		if _, err := a.Reveal(t.Context(), "x/acme"); err != nil { // asks the hub first, because its last word is old
			t.Errorf("back in contact: %v", err)
		}
	})
}

// A12: nobody changes the hub of an enrolled computer.
func TestHubCannotBeChanged(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		other := newWorld(t)
		_, err := a.Enroll(t.Context(), other.code(), "laptop")
		w.wantCode(err, keyshift.CodeAlreadyEnrolled)
		if _, err := a.Reveal(t.Context(), "x/acme"); err != nil {
			t.Errorf("the lease is gone: %v", err)
		}
	})
}

// A12: a hub with the right name and certificate, but another key.
func TestRogueHubIsNotObeyed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.settle(time.Second)
		w.server.SignWith(newWorld(t).server.Key)
		w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "says a rogue") })
		w.wantCode(a.SyncNow(t.Context()), keyshift.CodeHubIdentityChanged)
		_, err := a.Reveal(t.Context(), "x/acme")
		w.wantCode(err, keyshift.CodeHubIdentityChanged)
		s := a.Status()
		if s.GetProblem().GetCode() != string(keyshift.CodeHubIdentityChanged) || s.GetConnected() {
			t.Errorf("got %v, want hub_identity_changed", s.GetProblem())
		}
		if len(s.GetLeases()) != 1 || s.GetLeases()[0].GetEnding() != "" {
			t.Errorf("got %v, want the lease untouched", s.GetLeases())
		}
		w.server.SignWith(nil)
		if err := a.SyncNow(t.Context()); err != nil || a.Status().GetProblem() != nil {
			t.Errorf("with the real hub: %v, problem %v", err, a.Status().GetProblem())
		}
	})
}

func TestHubThatTrustsUsNoMore(t *testing.T) {
	for _, code := range []keyshift.Code{keyshift.CodeDeviceNotTrusted, keyshift.CodeUserInactive} {
		t.Run(string(code), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, _ := w.enrolled()
				w.checkedOut(a)
				w.hub.with(func() { w.hub.refuse = keyshift.Refuse(code, "No more.", "Ask your admin.") })
				w.settle(2 * time.Second)
				w.wantNothingLeft()
				s := a.Status()
				if !s.GetEnrolled() || s.GetProblem().GetCode() != string(code) || s.GetProblem().GetText() != "No more." {
					t.Errorf("got %v, want to stay enrolled with the hub's refusal", s)
				}
			})
		})
	}
}

func TestAnswerAboutSomethingElseIsNotKept(t *testing.T) {
	for name, change := range map[string]func(*v1.Lease){
		"another device":  func(l *v1.Lease) { l.DeviceId = acmeID },
		"another account": func(l *v1.Lease) { l.AccountId = brandID },
		"no end":          func(l *v1.Lease) { l.EndsAt = nil },
		"no lease id":     func(l *v1.Lease) { l.Id = "../lease" },
		"another end than was sealed": func(l *v1.Lease) {
			l.EndsAt = timestamppb.New(l.EndsAt.AsTime().Add(time.Hour))
		},
		"another epoch than was sealed": func(l *v1.Lease) { l.Epoch++ },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, _ := w.enrolled()
				w.hub.with(func() { w.hub.lie = change })
				_, err := a.CheckOut(t.Context(), w.request("x/acme"))
				w.wantCode(err, keyshift.CodeIntegrityFailed)
				w.settle(2 * time.Second)
				w.wantNothingLeft()
				if len(a.Leases()) != 0 {
					t.Errorf("got %v, want nothing kept", a.Leases())
				}
			})
		})
	}
}
