package agent

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient/hubtest"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring"
)

func TestEnroll(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.boot()
		got, err := a.Enroll(t.Context(), w.code(), "laptop")
		if err != nil || got.GetHubName() != "Acme hub" || got.GetUser() != testUser {
			t.Fatalf("got %v, %v", got, err)
		}
		w.settle(time.Second)
		s := a.Status()
		if !s.GetEnrolled() || !s.GetConnected() || s.GetTrust() != v1.Trust_TRUST_OK || s.GetProblem() != nil {
			t.Errorf("got %v, want enrolled, connected, trusted", s)
		}
		if s.GetDeviceName() != "laptop" || s.GetHubId() != hubtest.ID || s.GetDeviceId() != got.GetDeviceId() || s.GetLastContact() == nil {
			t.Errorf("got %v", s)
		}
		if keys := w.ring.Keys(); len(keys) != 1 || keys[0] != "device:"+hubtest.ID {
			t.Errorf("the keyring has %q, want the device seed only", keys)
		}
	})
}

func TestFailedEnrollmentLeavesNothing(t *testing.T) {
	other, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(*keyshift.Invitation)) func(*world) string {
		return func(w *world) string {
			i, err := keyshift.ParseInvitation(w.code())
			if err != nil {
				w.t.Fatal(err)
			}
			f(&i)
			return i.Encode()
		}
	}
	whenAsked := func(f func(w *world)) func(*world) string {
		return func(w *world) string {
			w.onAnswer(func(method string) {
				if strings.HasSuffix(method, "/Enroll") {
					f(w)
				}
			})
			return w.code()
		}
	}
	for _, tt := range []struct {
		name string
		code func(*world) string
		want keyshift.Code
		used bool // the code reached the hub
	}{
		{"no code", func(*world) string { return "hello" }, keyshift.CodeCodeInvalid, false},
		{"a login code", change(func(i *keyshift.Invitation) { i.Kind = keyshift.LoginCode }), keyshift.CodeCodeInvalid, false},
		{"a wrong code", change(func(i *keyshift.Invitation) { i.Secret[0]++ }), keyshift.CodeCodeInvalid, true},
		{"another hub's key", change(func(i *keyshift.Invitation) { i.HubKey = other }), keyshift.CodeHubIdentityChanged, true},
		{"another certificate", change(func(i *keyshift.Invitation) { i.TLSPin = bytes.Repeat([]byte{1}, 32) }), keyshift.CodeHubIdentityChanged, false},
		{"a locked keyring", func(w *world) string { w.ring.FailWith(osring.ErrLocked); return w.code() }, keyshift.CodeKeyringLocked, false},
		{"no keyring", func(w *world) string { w.ring.FailWith(osring.ErrUnavailable); return w.code() }, keyshift.CodeKeyringUnavailable, false},
		{"a keyring that keeps nothing", func(w *world) string { w.ring.LieOnSet(true); return w.code() }, keyshift.CodeKeyringUnavailable, false},
		{"no network", func(w *world) string { w.unplug(); return w.code() }, keyshift.CodeHubUnreachable, false},
		{"the keyring stops keeping", whenAsked(func(w *world) { w.ring.LieOnSet(true) }), keyshift.CodeKeyringUnavailable, true},
		{"the disk is full", whenAsked(func(w *world) { w.state.fill(syscall.ENOSPC) }), keyshift.CodeStorageFull, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, _ := w.boot()
				code := tt.code(w)
				_, err := a.Enroll(t.Context(), code, "laptop")
				w.wantCode(err, tt.want)
				if used := w.hub.asked("Enroll") > 0; used != tt.used {
					t.Errorf("the hub saw the code: %v, want %v", used, tt.used)
				}
				w.ring.FailWith(nil)
				if keys := w.ring.Keys(); len(keys) > 0 {
					t.Errorf("the keyring has %q, want nothing", keys)
				}
				if _, err := w.state.Read(deviceFile); err == nil || a.Status().GetEnrolled() {
					t.Error("the computer thinks that it is enrolled")
				}
				if tt.name != "another hub's key" && w.hub.device != nil {
					t.Error("the hub still knows the device")
				}
			})
		})
	}
}

func TestLostEnrollmentAnswerIsAskedForAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.boot()
		lost := false
		w.onAnswer(func(method string) {
			if strings.HasSuffix(method, "/Enroll") && !lost {
				lost = true
				w.fuse.arm(0)
			} else {
				w.fuse.arm(-1)
			}
		})
		mended := make(chan struct{})
		go func() {
			defer close(mended)
			w.settle(time.Nanosecond) // before it asks again, which may be as soon as chance wants it
			w.fuse.arm(-1)
		}()
		_, err := a.Enroll(t.Context(), w.code(), "")
		<-mended
		if err != nil {
			t.Fatal(err)
		}
		if !lost || w.hub.asked("Enroll") != 2 {
			t.Errorf("the hub was asked %d times, want 2", w.hub.asked("Enroll"))
		}
	})
}

func TestUnenroll(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		told, err := a.Unenroll(t.Context(), false)
		if err != nil || !told {
			t.Fatalf("got %v, %v, want the hub told", told, err)
		}
		w.settle(time.Minute)
		w.wantGone(a)
		w.wantRemoval(v1.LeaseState_LEASE_STATE_CHECKED_IN, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
		if w.hub.device != nil {
			t.Error("the hub still knows the device")
		}
		if _, err := a.Enroll(t.Context(), w.code(), "laptop"); err != nil {
			t.Errorf("enroll again: %v", err)
		}
		w.settle(time.Second)
		if !a.Status().GetConnected() {
			t.Error("not connected after enrolling again")
		}
	})
}

// wantGone checks that the computer knows of no hub and keeps nothing of one.
func (w *world) wantGone(a *Agent) {
	w.t.Helper()
	w.wantNothingLeft()
	if keys := w.ring.Keys(); len(keys) > 0 {
		w.t.Errorf("the keyring has %q, want nothing", keys)
	}
	if names, _ := w.state.Names(); len(names) > 0 {
		w.t.Errorf("the state folder has %q, want nothing", names)
	}
	if a.Status().GetEnrolled() {
		w.t.Error("still enrolled")
	}
}

func TestUnenrollOffline(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.unplug()
		_, err := a.Unenroll(t.Context(), false)
		w.wantCode(err, keyshift.CodeHubUnreachable)
		if len(a.Leases()) != 1 || a.Leases()[0].GetEnding() != "" {
			t.Errorf("got %v, want the lease untouched", a.Leases())
		}
		told, err := a.Unenroll(t.Context(), true)
		if err != nil || told {
			t.Errorf("got %v, %v, want it done and the hub not told", told, err)
		}
		w.settle(time.Second)
		w.wantGone(a)
	})
}

func TestUnenrollFromAHubThatForgotUs(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.hub.with(func() { w.hub.refuse = keyshift.Refuse(keyshift.CodeDeviceNotTrusted, "No more.", "") })
		if _, err := a.Unenroll(t.Context(), false); err != nil {
			t.Error(err)
		}
		w.settle(time.Second)
		w.wantGone(a)
	})
}

func TestUnenrollStopsWhereTheKeyringRefuses(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.ring.LieOnDelete(true)
		_, err := a.Unenroll(t.Context(), false)
		w.wantCode(err, keyshift.CodeWipeFailed)
		w.wantNoKeys()
		_, err = a.Unenroll(t.Context(), true)
		w.wantCode(err, keyshift.CodeWipeFailed)
		if !a.Status().GetEnrolled() {
			t.Error("unenrolled with the device key still in the keyring")
		}
		w.ring.LieOnDelete(false)
		if _, err := a.Unenroll(t.Context(), true); err != nil {
			t.Error(err)
		}
		w.settle(time.Minute)
		w.wantGone(a)
	})
}
