package hub_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

func TestALeaseExpiresAndTheAccountIsFreeOnlyWhenThatIsSafe(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	l := w.mustCheckOut(device, account)
	w.clock.Advance(time.Hour)
	w.must(w.hub.Sweep(t.Context()))
	if got := w.lease(l.ID); got.State != keyshift.LeaseExpired || got.Removal.Step != keyshift.RemovalRequested || w.actions()[keyshift.ActLeaseExpired] != 1 {
		t.Fatalf("lease = %+v, want expired with its removal requested", got.Lease)
	}
	if _, err := w.checkOut(device, account); keyshift.CodeOf(err) != keyshift.CodeAccountInUse || !strings.Contains(err.Error(), "removal there is not confirmed") {
		t.Fatalf("right after the end: %v, want account_in_use", err)
	}
	w.clock.Advance(keyshift.ReissueMargin)
	w.mustCheckOut(device, account)
}

func TestAPendingLeaseThatIsNeverConfirmedIsCancelled(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	lent, err := w.checkOut(device, account)
	w.must(err)
	w.clock.Advance(keyshift.ActivateWithin)
	if _, err := w.hub.Activate(t.Context(), w.by(device), lent.Lease.ID); keyshift.CodeOf(err) != keyshift.CodeLeaseOver {
		t.Errorf("a late confirmation: %v, want lease_over", err)
	}
	w.must(w.hub.Sweep(t.Context()))
	if got := w.lease(lent.Lease.ID); got.State != keyshift.LeaseExpired || got.EndReason != "not activated in time" {
		t.Errorf("lease = %+v, want expired, not activated in time", got.Lease)
	}
}

func TestAnUnconfirmedRemovalMakesRotationDue(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	l := w.mustCheckOut(device, account)
	_, err := w.hub.Revoke(t.Context(), w.byOwner(), hub.RevokeTarget{All: true}, "press inquiry")
	w.must(err)
	if got := w.lease(l.ID).RemovalText(w.clock.Now(), w.clock.Now()); !strings.HasPrefix(got, "Ends by 09:15 at the latest") {
		t.Errorf("removal reads %q", got)
	}
	w.clock.Advance(keyshift.DefaultOfflineGrace + keyshift.UnconfirmedAfter + time.Minute)
	w.must(w.hub.Sweep(t.Context()))
	if got := w.lease(l.ID); got.Removal.Rotation != keyshift.RotationDue || !got.Account.RotationDue {
		t.Fatalf("rotation of the lease %q, of the account due = %v, want due", got.Removal.Rotation, got.Account.RotationDue)
	}
	_, err = w.hub.MarkRotated(t.Context(), w.byOwner(), "x/acme")
	w.must(err)
	if got := w.lease(l.ID); got.Removal.Rotation == keyshift.RotationDue || got.Account.RotationDue {
		t.Errorf("after the rotation: %+v", got)
	}
}

// The new password is not the one that the holder has. But it is what a rotation after the end would have to be declared for.
func TestARotationFreesNothingThatIsStillLent(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	w.addUser("lee")
	device, other, account := w.device("dana"), w.device("lee"), w.account("acme", "dana", "lee")
	l := w.mustCheckOut(device, account)
	_, err := w.hub.MarkRotated(t.Context(), w.byOwner(), "x/acme")
	w.must(err)
	if got := w.lease(l.ID); got.Removal.Rotation == keyshift.RotationDone || !got.FreeAt.Equal(l.FreeAt) {
		t.Errorf("a lease that lives: rotation %s, free at %v, want it as before", got.Removal.Rotation, got.FreeAt)
	}
	w.clock.Advance(time.Hour + keyshift.ReissueMargin/2)
	w.must(w.hub.Sweep(t.Context()))
	if _, err := w.checkOut(other, account); keyshift.CodeOf(err) != keyshift.CodeAccountInUse {
		t.Errorf("a minute after the end, nothing confirmed: %v, want account_in_use", err)
	}
}

// The hub itself keeps secrets from being shown where the account does not allow it, and knows of each that was.
func TestASecretIsShownOnlyWhereThatIsAllowed(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	l := w.mustCheckOut(device, account)
	for _, tt := range []struct {
		allowed bool
		want    keyshift.Code
		shown   int
	}{{false, keyshift.CodeShowForbidden, 0}, {true, "", 1}} {
		_, err := w.hub.UpdateAccount(t.Context(), w.byOwner(), "x/acme", hub.AccountSettings{AllowShow: &tt.allowed})
		w.must(err)
		err = w.hub.NoteReveal(t.Context(), w.by(device), l.ID)
		got := w.lease(l.ID).Removal.SessionUnconfirmed
		if keyshift.CodeOf(err) != tt.want || w.actions()[keyshift.ActSecretShown] != tt.shown || got != (tt.shown == 1) {
			t.Errorf("allowed %v: %v, shown %d times, session unconfirmed %v", tt.allowed, err, w.actions()[keyshift.ActSecretShown], got)
		}
	}
}

func TestALostDeviceMakesRotationDueForWhatItNeverConfirmed(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	l := w.mustCheckOut(device, account)
	_, err := w.hub.Revoke(t.Context(), w.byOwner(), hub.RevokeTarget{Lease: l.ID}, "press inquiry")
	w.must(err)
	_, err = w.hub.SetDeviceState(t.Context(), w.byOwner(), device, keyshift.DeviceLost, "left on the train")
	w.must(err)
	if got := w.lease(l.ID); !got.Account.RotationDue {
		t.Errorf("the account of a lease that ended before: rotation due = %v, want true", got.Account.RotationDue)
	}
}

func TestADevicesWordEndsALease(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	l := w.mustCheckOut(device, account)
	taken, err := w.hub.Report(t.Context(), w.ending(device), []keyshift.Receipt{{LeaseID: l.ID, Step: keyshift.RemovalSecretWiped}, {LeaseID: "unknown", Step: keyshift.RemovalSecretWiped}})
	if err != nil || len(taken) != 1 || taken[0] != l.ID {
		t.Fatalf("Report = %v, %v, want the one lease", taken, err)
	}
	if got := w.lease(l.ID); got.State.Live() || got.Removal.Step != keyshift.RemovalSecretWiped {
		t.Errorf("lease = %+v, want ended and wiped", got.Lease)
	}
	w.mustCheckOut(device, account) // the wipe is confirmed, so it is free
}

func TestACheckInAfterARevocationKeepsTheRevocation(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	l := w.mustCheckOut(device, account)
	_, err := w.hub.Revoke(t.Context(), w.byOwner(), hub.RevokeTarget{Lease: l.ID}, "press inquiry")
	w.must(err)
	got, err := w.hub.CheckIn(t.Context(), w.ending(device), l.ID, keyshift.CauseCheckedIn, keyshift.Receipt{Step: keyshift.RemovalSessionClosed})
	if err != nil || got.State != keyshift.LeaseRevoked || !got.Removal.Done() || got.EndReason != "press inquiry" {
		t.Errorf("CheckIn = %+v, %v, want revoked and removed", got.Lease, err)
	}
}

// Trust that is lost takes the leases along, in the same transaction.
func TestWhoIsNotTrustedAnyMoreHoldsNothing(t *testing.T) {
	for name, lose := range map[string]func(*world, keyshift.ID) error{
		"blocked": func(w *world, device keyshift.ID) error {
			return second(w.hub.SetDeviceState(w.t.Context(), w.byOwner(), device, keyshift.DeviceBlocked, ""))
		},
		"lost": func(w *world, device keyshift.ID) error {
			return second(w.hub.SetDeviceState(w.t.Context(), w.byOwner(), device, keyshift.DeviceLost, ""))
		},
		"deactivated": func(w *world, _ keyshift.ID) error {
			return second(w.hub.DeactivateUser(w.t.Context(), w.byOwner(), "dana", "left"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.addUser("dana")
			device, account := w.device("dana"), w.account("acme", "dana")
			l := w.mustCheckOut(device, account)
			w.must(lose(w, device))
			if got := w.lease(l.ID); got.State != keyshift.LeaseRevoked || got.Removal.Step != keyshift.RemovalRequested || got.Epoch <= l.Epoch {
				t.Errorf("the lease is %s in epoch %d, removal %s, want revoked, newer than %d, and to be removed", got.State, got.Epoch, got.Removal.Step, l.Epoch)
			}
		})
	}
}

// An account that was kept longer is free later.
func TestARenewalMovesWhenTheAccountIsFree(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	l := w.mustCheckOut(device, w.account("acme", "dana"))
	renewed, err := w.hub.Renew(t.Context(), w.by(device), l.ID, 2*time.Hour)
	if err != nil || !renewed.EndsAt.After(l.EndsAt) || !renewed.FreeAt.Equal(renewed.EndsAt.Add(keyshift.ReissueMargin)) {
		t.Errorf("Renew = %v until %v, free at %v, want it free %v later than its end", err, renewed.EndsAt, renewed.FreeAt, keyshift.ReissueMargin)
	}
}

func TestEveryTargetIsRevoked(t *testing.T) {
	for _, tt := range []struct {
		name   string
		target func(w *world, l hub.LeaseView) hub.RevokeTarget
		want   int64
	}{
		{"lease", func(_ *world, l hub.LeaseView) hub.RevokeTarget { return hub.RevokeTarget{Lease: l.ID} }, 1},
		{"account", func(*world, hub.LeaseView) hub.RevokeTarget { return hub.RevokeTarget{Account: "x/@ACME"} }, 1},
		{"user", func(*world, hub.LeaseView) hub.RevokeTarget { return hub.RevokeTarget{User: "dana"} }, 2},
		{"device", func(_ *world, l hub.LeaseView) hub.RevokeTarget { return hub.RevokeTarget{Device: l.DeviceID} }, 2},
		{"group", func(*world, hub.LeaseView) hub.RevokeTarget { return hub.RevokeTarget{Group: "social"} }, 2},
		{"all", func(*world, hub.LeaseView) hub.RevokeTarget { return hub.RevokeTarget{All: true} }, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			ctx := t.Context()
			w.addUser("dana")
			w.addUser("lee")
			_, err := w.hub.AddGroup(ctx, w.byOwner(), "social")
			w.must(err)
			_, err = w.hub.AddMember(ctx, w.byOwner(), "social", "dana")
			w.must(err)
			dana, lee := w.device("dana"), w.device("lee")
			l := w.mustCheckOut(dana, w.account("acme", "dana"))
			w.mustCheckOut(dana, w.account("second", "dana"))
			w.mustCheckOut(lee, w.account("third", "lee"))
			ended, err := w.hub.Revoke(ctx, w.byOwner(), tt.target(w, l), "press inquiry")
			if err != nil || ended.Leases != tt.want || w.actions()[keyshift.ActLeaseRevoked] != int(tt.want) || w.lease(l.ID).State != keyshift.LeaseRevoked {
				t.Errorf("Revoke = %+v, %v with %d events, want %d leases", ended, err, w.actions()[keyshift.ActLeaseRevoked], tt.want)
			}
		})
	}
}

func TestLosingAGrantEndsOnlyWhatNothingElseCarries(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.addUser("dana")
	_, err := w.hub.AddGroup(ctx, w.byOwner(), "social")
	w.must(err)
	_, err = w.hub.AddMember(ctx, w.byOwner(), "social", "dana")
	w.must(err)
	l := w.mustCheckOut(w.device("dana"), w.account("acme", "dana"))
	_, err = w.hub.AddGrant(ctx, w.byOwner(), "x/acme", "", "social")
	w.must(err)
	grants, err := w.hub.ListGrants(ctx, w.byOwner(), "x/acme", hub.Page{})
	w.must(err)
	if ended, err := w.hub.RemoveGrant(ctx, w.byOwner(), grants[0].Grant.ID); err != nil || ended.Leases != 0 {
		t.Fatalf("the group's grant still carries it: %+v, %v", ended, err)
	}
	if left, err := w.hub.RemoveMember(ctx, w.byOwner(), "social", "dana"); err != nil || left.Ended.Leases != 1 || w.lease(l.ID).State != keyshift.LeaseRevoked {
		t.Errorf("leaving the group: %+v, %v, lease %s, want revoked", left.Ended, err, w.lease(l.ID).State)
	}
}

func TestWhoHeldItAtAMoment(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	l := w.mustCheckOut(device, account)
	w.clock.Advance(10 * time.Minute)
	_, err := w.hub.CheckIn(t.Context(), w.ending(device), l.ID, keyshift.CauseCheckedIn, keyshift.Receipt{Step: keyshift.RemovalSessionClosed})
	w.must(err)
	for _, tt := range []struct {
		at   time.Duration
		want int
	}{{-time.Second, 0}, {0, 1}, {9 * time.Minute, 1}, {10 * time.Minute, 0}, {time.Hour, 0}} {
		held, err := w.hub.WhoHeld(t.Context(), w.byOwner(), "x/acme", hub.Moment{Time: l.StartedAt.Add(tt.at)})
		if err != nil || len(held) != tt.want || tt.want == 1 && held[0].UserShown != "Dana" {
			t.Errorf("at %v: %v, %v, want %d", tt.at, held, err, tt.want)
		}
	}
}

func TestAOneTimeCodeIsReleasedOncePerStepAndLease(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	l := w.mustCheckOut(device, account)
	ask := func() (hub.SealedCode, error) { return w.hub.GetCode(t.Context(), w.by(device), l.ID) }
	code, err := ask()
	w.must(err)
	c := seal.Context{Purpose: seal.PurposeCode, HubID: string(w.hub.ID()), DeviceID: string(device), LeaseID: string(l.ID), AccountID: string(account), EndsAtMicros: code.ValidUntil.UnixMicro()}
	if plain, err := w.keys.Open(c, code.Sealed); err != nil || len(plain) != 6 {
		t.Fatalf("code = %q, %v", plain, err)
	}
	if _, err := ask(); keyshift.CodeOf(err) != keyshift.CodeCodeReleased {
		t.Errorf("twice in a step: %v, want code_released", err)
	}
	w.clock.Advance(30 * time.Second)
	_, err = ask()
	w.must(err)
	w.clock.Advance(time.Hour)
	if _, err := ask(); keyshift.CodeOf(err) != keyshift.CodeLeaseOver {
		t.Errorf("after the lease: %v, want lease_over", err)
	}
}
