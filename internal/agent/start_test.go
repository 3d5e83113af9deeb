package agent

import (
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring"
)

func TestRestart(t *testing.T) {
	for _, tt := range []struct {
		name    string
		account string
		down    time.Duration
		meddle  func(*world)
		cause   keyshift.EndCause // "" means that the lease lives on
	}{
		{"quick", "x/acme", 10 * time.Second, nil, ""},
		{"nearly as long as the grace", "x/acme", 14 * time.Minute, nil, ""},
		{"delegated", "instagram/acme", 10 * time.Second, nil, ""},
		{"kept in memory", "x/ephemera", 10 * time.Second, nil, keyshift.CauseAgentRestarted},
		{"longer than the grace", "x/acme", 20 * time.Minute, nil, keyshift.CauseOffline},
		{"longer than the lease", "x/acme", 2 * time.Hour, nil, keyshift.CauseExpired},
		{"a new start of the computer", "x/acme", time.Minute, func(w *world) { w.clock.reboot() }, ""},
		{"a new start with the clock turned back", "x/acme", time.Minute, func(w *world) { w.clock.reboot(); w.clock.turn(-time.Hour, 0) }, keyshift.CauseOffline},
		{"the time file is lost", "x/acme", time.Second, func(w *world) { _ = w.state.Remove(timeFile) }, keyshift.CauseOffline},
		{"the time file is damaged", "x/acme", time.Second, func(w *world) { _ = w.state.Write(timeFile, []byte("{")) }, keyshift.CauseOffline},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, stop := w.enrolled()
				if _, err := a.CheckOut(t.Context(), w.request(tt.account)); err != nil {
					t.Fatal(err)
				}
				w.settle(20 * time.Minute) // longer than the grace, but in contact
				stop()
				w.settle(tt.down)
				if tt.meddle != nil {
					tt.meddle(w)
				}
				again, _ := w.boot()
				w.settle(5 * time.Second)
				if tt.cause == "" {
					if got := again.Leases(); len(got) != 1 || got[0].GetEnding() != "" {
						t.Errorf("got %v, want the lease to live on", got)
					}
					return
				}
				w.wantNothingLeft()
				if len(w.hub.causes) != 1 || w.hub.causes[0] != string(tt.cause) {
					t.Errorf("the hub heard %q, want %q", w.hub.causes, tt.cause)
				}
			})
		})
	}
}

func TestNothingIsShownAfterANewStartBeforeTheHubSpoke(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		w.checkedOut(a)
		stop()
		w.clock.reboot()
		w.unplug()
		again, _ := w.boot()
		w.settle(time.Minute)
		_, err := again.Reveal(t.Context(), "x/acme")
		w.wantCode(err, keyshift.CodeClockSuspect)
		w.plug()
		if _, err := again.Reveal(t.Context(), "x/acme"); err != nil {
			t.Errorf("after the hub spoke: %v", err)
		}
	})
}

func TestLeftoversAreSwept(t *testing.T) {
	const request = "0123456789abcdef0123456789abcdef"
	for _, tt := range []struct {
		name  string
		leave func(*world)
	}{
		{"a key and its item without a record", func(w *world) {
			_ = w.leases.Write(request+".key", make([]byte, 32))
			_ = w.ring.Set(w.t.Context(), "lease:"+request, []byte("ciphertext"))
		}},
		{"a record that cannot be read", func(w *world) {
			_ = w.leases.Write(request+".key", make([]byte, 32))
			_ = w.leases.Write(request+".json", []byte("half a rec"))
			_ = w.ring.Set(w.t.Context(), "lease:"+request, []byte("ciphertext"))
		}},
		{"a record of another name", func(w *world) {
			_ = w.leases.Write(request+".json", []byte(`{"request_id":"other","phase":"requested"}`))
		}},
		{"a record of a newer version", func(w *world) {
			_ = w.leases.Write(request+".key", make([]byte, 32))
			_ = w.leases.Write(request+".json", []byte(`{"request_id":"`+request+`","phase":"paused","lease":{}}`))
			_ = w.ring.Set(w.t.Context(), "lease:"+request, []byte("ciphertext"))
		}},
		{"a record of zeros", func(w *world) {
			_ = w.leases.Write(request+".key", make([]byte, 32))
			_ = w.leases.Write(request+".json", make([]byte, 700))
		}},
		{"a record without its lease", func(w *world) {
			_ = w.leases.Write(request+".json", []byte(`{"request_id":"`+request+`","phase":"active"}`))
		}},
		{"a key with a strange name", func(w *world) { _ = w.leases.Write("so what?.key", []byte("x")) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				tt.leave(w)
				w.ring.FailWith(osring.ErrLocked) // as it may be just after the login
				a, _ := w.boot()
				w.settle(time.Minute)
				w.wantNoKeys()
				w.ring.FailWith(nil)
				w.settle(lastRetry)
				w.wantNothingLeft()
				if got := a.Leases(); len(got) != 0 {
					t.Errorf("got %v, want no leases", got)
				}
			})
		})
	}
}

func TestKeyringLockedAtStart(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		_, stop := w.enrolled()
		stop()
		w.ring.FailWith(osring.ErrLocked)
		a, _ := w.boot()
		w.settle(time.Minute)
		if got := a.Status().GetProblem().GetCode(); got != string(keyshift.CodeKeyringLocked) {
			t.Errorf("got problem %q, want keyring_locked", got)
		}
		_, err := a.CheckOut(t.Context(), w.request("x/acme"))
		w.wantCode(err, keyshift.CodeKeyringLocked)
		w.ring.FailWith(nil)
		w.checkedOut(a)
		w.settle(time.Second)
		if s := a.Status(); s.GetProblem() != nil || !s.GetConnected() {
			t.Errorf("got %v, want all well as soon as the keyring is open", s)
		}
	})
}

func TestDeviceKeyThatIsNotOurs(t *testing.T) {
	for name, tt := range map[string]struct {
		meddle func(*world, string)
		want   keyshift.Code
	}{
		"gone":          {func(w *world, key string) { _ = w.ring.Delete(w.t.Context(), key) }, keyshift.CodeKeyringUnavailable},
		"another size":  {func(w *world, key string) { _ = w.ring.Set(w.t.Context(), key, []byte("short")) }, keyshift.CodeIntegrityFailed},
		"not in base64": {func(w *world, key string) { w.ring.Plant(key, "?") }, keyshift.CodeIntegrityFailed},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, stop := w.enrolled()
				stop()
				tt.meddle(w, a.link.Load().self().ringKey())
				again, _ := w.boot()
				w.settle(time.Second)
				if got := again.Status().GetProblem().GetCode(); got != string(tt.want) {
					t.Errorf("got problem %q, want %q", got, tt.want)
				}
				if _, err := again.Unenroll(t.Context(), true); err != nil {
					t.Errorf("unenroll: %v", err)
				}
				w.wantGone(again)
			})
		})
	}
}

func TestStopInTheMiddleOfAWipe(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		w.checkedOut(a)
		w.ring.Hang()
		w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "off-boarding") })
		w.settle(time.Second)
		stop()
		w.wantNoKeys()
		if rec := a.journal.all()[0]; rec.Phase != keyless || rec.WipeFailure != "" {
			t.Errorf("got %s with failure %q, want a wipe that was only interrupted", rec.Phase, rec.WipeFailure)
		}
		w.ring.Release()
		w.settle(time.Second)
		w.boot()
		w.settle(5 * time.Second)
		w.wantNothingLeft()
		w.wantRemoval(v1.LeaseState_LEASE_STATE_REVOKED, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
	})
}

func TestLockedKeyringAtCheckOutFreesTheAccountAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.ring.FailWith(osring.ErrLocked)
		_, err := a.CheckOut(t.Context(), w.request("x/acme"))
		w.wantCode(err, keyshift.CodeKeyringLocked)
		w.wantRemoval(v1.LeaseState_LEASE_STATE_CHECKED_IN, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
		w.wantNothingLeft()
	})
}
