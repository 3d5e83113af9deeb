package hub_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// Each row closes one gate and says what a person reads.
func TestEachGateNamesWhatIsMissing(t *testing.T) {
	for _, tt := range []struct {
		name  string
		close func(w *world, device, account keyshift.ID)
		code  keyshift.Code
		text  string
	}{
		{"device blocked", func(w *world, device, _ keyshift.ID) {
			_, err := w.hub.SetDeviceState(w.t.Context(), w.byOwner(), device, keyshift.DeviceBlocked, "stolen?")
			w.must(err)
		}, keyshift.CodeDeviceNotTrusted, "does not trust this device"},
		{"no grant", func(w *world, _, account keyshift.ID) {
			grants, err := w.hub.ListGrants(w.t.Context(), w.byOwner(), "x/acme", hub.Page{})
			w.must(err)
			_, err = w.hub.RemoveGrant(w.t.Context(), w.byOwner(), grants[0].Grant.ID)
			w.must(err)
		}, keyshift.CodeGrantMissing, "no grant for @acme"},
		{"account disabled", func(w *world, _, _ keyshift.ID) { w.update("x/acme", hub.AccountSettings{Enabled: ptr(false)}) }, keyshift.CodeAccountDisabled, "@acme is disabled"},
		{"owner login", func(w *world, _, _ keyshift.ID) {
			w.update("x/acme", hub.AccountSettings{AccessMode: ptr(keyshift.BreakGlass)})
		}, keyshift.CodeAccessModeRefused, "two approvers"},
		{"duration", func(w *world, _, _ keyshift.ID) {
			w.update("x/acme", hub.AccountSettings{MaxDuration: ptr(30 * time.Minute)})
		}, keyshift.CodeDurationInvalid, "1 minute up to 30m"},
		{"audit log", func(w *world, _, _ keyshift.ID) { w.tree.fault = errors.New("no key") }, keyshift.CodeAuditUnavailable, "revoke still works"},
		{"user inactive", func(w *world, _, _ keyshift.ID) {
			_, err := w.hub.DeactivateUser(w.t.Context(), w.byOwner(), "dana", "left")
			w.must(err)
		}, keyshift.CodeUserInactive, "not active"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.addUser("dana")
			device, account := w.device("dana"), w.account("acme", "dana")
			tt.close(w, device, account)
			_, err := w.checkOut(device, account)
			var refusal *keyshift.Error
			if !errors.As(err, &refusal) || refusal.Code != tt.code || !strings.Contains(refusal.Text, tt.text) || refusal.Hint == "" {
				t.Fatalf("check-out: %v, want %s that says %q and what to do", err, tt.code, tt.text)
			}
			leases, err := w.hub.Store.Read(t.Context()).Leases(hub.LeaseFilter{Limit: 10})
			if err != nil || len(leases) != 0 {
				t.Errorf("leases = %v, %v, want none", leases, err)
			}
		})
	}
}

func (w *world) update(account string, s hub.AccountSettings) {
	w.t.Helper()
	_, err := w.hub.UpdateAccount(w.t.Context(), w.byOwner(), account, s)
	w.must(err)
}

func ptr[T any](v T) *T { return &v }

func TestAForbiddenLoginNeedsARiskAcceptance(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	ctx := t.Context()
	added, err := w.hub.AddAccount(ctx, w.byOwner(), keyshift.Facebook, "@Acme", hub.AccountSettings{AccessMode: ptr(keyshift.SharedSecret)})
	w.must(err)
	_, err = w.hub.AddGrant(ctx, w.byOwner(), "facebook/acme", "dana", "")
	w.must(err)
	if _, err := w.checkOut(device, added.Account.ID); keyshift.CodeOf(err) != keyshift.CodeRiskNotAccepted {
		t.Fatalf("without: %v, want risk_not_accepted", err)
	}
	clause, _ := network.Clause(keyshift.Facebook)
	until := w.clock.Now().AddDate(0, 6, 0)
	if _, err := w.hub.AcceptRisk(ctx, w.byOwner(), "facebook/acme", "another text", until); keyshift.CodeOf(err) != keyshift.CodeFieldInvalid {
		t.Errorf("accepting another text: %v, want field_invalid", err)
	}
	_, err = w.hub.AcceptRisk(ctx, w.byOwner(), "facebook/acme", clause.Hash(), until)
	w.must(err)
	if _, err := w.checkOut(device, added.Account.ID); keyshift.CodeOf(err) != keyshift.CodeCredentialMissing {
		t.Fatalf("accepted, but nothing stored: %v, want credential_missing", err)
	}
	_, err = w.hub.SetCredential(ctx, w.byOwner(), "facebook/acme", keyshift.Credential{Login: "a", Password: keyshift.NewSecret(canary)}, keyshift.Secret{})
	w.must(err)
	_, err = w.checkOut(device, added.Account.ID)
	w.must(err)
	w.clock.Advance(200 * 24 * time.Hour)
	if _, err := w.checkOut(device, added.Account.ID); keyshift.CodeOf(err) != keyshift.CodeRiskNotAccepted {
		t.Errorf("after it lapsed: %v, want risk_not_accepted", err)
	}
}

func TestWhatIsLentOpensOnlyOnItsDeviceAndForItsLease(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	lent, err := w.checkOut(device, account)
	w.must(err)
	c := seal.Context{
		HubID: string(w.hub.ID()), DeviceID: string(device), LeaseID: string(lent.Lease.ID), AccountID: string(account),
		Epoch: uint64(lent.Lease.Epoch), EndsAtMicros: lent.Lease.EndsAt.UnixMicro(), //nolint:gosec // starts at 1
	}
	plain, err := w.keys.Open(c, lent.Sealed)
	w.must(err)
	credential, err := keyshift.DecodeCredential(plain)
	if err != nil || credential.Password.Reveal() != canary {
		t.Fatalf("credential = %v, %v", credential, err)
	}
	c.EndsAtMicros++
	if _, err := w.keys.Open(c, lent.Sealed); err == nil {
		t.Error("it opens for a longer lease")
	}
}

func TestARefusalIsInTheAuditLogAndUsesItsNumberUp(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme")
	call := w.by(device)
	ask := func(call hub.Call) error {
		_, err := w.hub.CheckOut(t.Context(), call, hub.CheckOutRequest{AccountID: account, Reason: "post", Duration: time.Hour})
		return err
	}
	if err := ask(call); keyshift.CodeOf(err) != keyshift.CodeGrantMissing || w.actions()[keyshift.ActLeaseRefused] != 1 {
		t.Fatalf("refusal: %v, in the log %d times, want once", err, w.actions()[keyshift.ActLeaseRefused])
	}
	_, err := w.hub.AddGrant(t.Context(), w.byOwner(), "x/acme", "dana", "")
	w.must(err)
	if err := ask(call); keyshift.CodeOf(err) != keyshift.CodeReplayed {
		t.Errorf("the refused request sent again by somebody else: %v, want replayed", err)
	}
}

func TestTooManyCheckOutsAreSlowedDown(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	var err error
	for range 1001 {
		if _, err = w.hub.CheckOut(t.Context(), w.by(device), hub.CheckOutRequest{AccountID: account, Reason: "", Duration: time.Hour}); keyshift.CodeOf(err) != keyshift.CodeReasonInvalid {
			t.Fatalf("without a reason: %v, want reason_invalid", err)
		}
	}
	for range 1001 {
		if _, err = w.hub.CheckOut(t.Context(), w.by(device), hub.CheckOutRequest{AccountID: "none", Reason: "post", Duration: time.Hour}); keyshift.CodeOf(err) == keyshift.CodeRateLimited {
			return
		}
	}
	t.Errorf("1001 check-outs in a minute: %v, want rate_limited", err)
}

// A hub that cannot decrypt commits nothing: no lease waits for a secret that never comes.
func TestACredentialThatDoesNotOpenIsNotLent(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	for _, tt := range []struct {
		handle string
		spoil  func(*hub.SealedCredential)
	}{
		{"changed", func(c *hub.SealedCredential) { c.Sealed[len(c.Sealed)-1] ^= 1 }},
		{"of_another_account", func(c *hub.SealedCredential) { *c = w.credential(w.account("other")) }},
	} {
		account := w.account(tt.handle, "dana")
		bad := w.credential(account)
		tt.spoil(&bad)
		bad.AccountID = account
		w.must(w.hub.Store.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error {
			bad.Version++
			return tx.SaveCredential(bad)
		}))
		if _, err := w.checkOut(device, account); keyshift.CodeOf(err) != keyshift.CodeIntegrityFailed {
			t.Errorf("%s: check-out: %v, want integrity_failed", tt.handle, err)
		}
	}
	if n := w.actions()[keyshift.ActLeaseGranted]; n != 0 {
		t.Errorf("%d leases were granted, want none", n)
	}
}

func (w *world) credential(account keyshift.ID) hub.SealedCredential {
	w.t.Helper()
	c, err := w.hub.Store.Read(w.t.Context()).Credential(account)
	w.must(err)
	return c
}

// outdated is a storage in which an older credential lies than the account says.
type outdated struct {
	hub.Store
	old hub.SealedCredential
}

type outdatedTx struct {
	hub.Tx
	old hub.SealedCredential
}

func (o outdated) Write(ctx context.Context, kind hub.WriteKind, fn func(hub.Tx) error, ahead ...hub.Ahead) error {
	return o.Store.Write(ctx, kind, func(tx hub.Tx) error { return fn(outdatedTx{tx, o.old}) }, ahead...)
}

func (o outdatedTx) Credential(keyshift.ID) (hub.SealedCredential, error) { return o.old, nil }

// A password that was replaced because somebody may know it is not lent again, whatever became of the storage.
func TestAReplacedCredentialIsNotLent(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	old, err := w.hub.Store.Read(t.Context()).Credential(account)
	w.must(err)
	w.setCredential("x/acme")
	w.hub.Store = outdated{w.hub.Store, old}
	if _, err := w.checkOut(device, account); keyshift.CodeOf(err) != keyshift.CodeIntegrityFailed {
		t.Errorf("CheckOut = %v, want integrity_failed", err)
	}
}

// Whoever repeats a check-out after its end gets the lease, so that they hear of the end, but no secret.
func TestARepeatedCheckOutAfterTheEndHasNoSecret(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	call, req := w.by(device), hub.CheckOutRequest{AccountID: account, Reason: "post", Duration: time.Hour}
	again := func() hub.Lent {
		t.Helper()
		w.seq++
		call.Seq = w.seq
		lent, err := w.hub.CheckOut(t.Context(), call, req)
		w.must(err)
		return lent
	}
	lent := again()
	if repeated := again(); repeated.Lease.ID != lent.Lease.ID || len(repeated.Sealed) == 0 {
		t.Errorf("repeated: lease %s with %d bytes, want %s with its secret", repeated.Lease.ID, len(repeated.Sealed), lent.Lease.ID)
	}
	_, err := w.hub.Revoke(t.Context(), w.byOwner(), hub.RevokeTarget{Lease: lent.Lease.ID}, "press inquiry")
	w.must(err)
	if over := again(); over.Lease.ID != lent.Lease.ID || over.Lease.State != keyshift.LeaseRevoked || len(over.Sealed) != 0 {
		t.Errorf("after the revocation: lease %s is %s with %d bytes, want revoked without a secret", over.Lease.ID, over.Lease.State, len(over.Sealed))
	}
}
