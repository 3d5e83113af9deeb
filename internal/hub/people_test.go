package hub_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/kek"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestACodeWorksOnceInItsTimeAndAtItsDoor(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	ctx := t.Context()
	call := w.byOwner()
	first, err := w.hub.CreateCode(ctx, call, "dana", keyshift.LoginCode)
	w.must(err)
	if again, err := w.hub.CreateCode(ctx, call, "dana", keyshift.LoginCode); err != nil || again != first {
		t.Errorf("the same request: %v, %v, want the same code", again, err)
	}
	w.login(first.Code, "")
	old, err := w.hub.CreateCode(ctx, w.byOwner(), "dana", keyshift.LoginCode)
	w.must(err)
	device, err := w.hub.CreateCode(ctx, w.byOwner(), "dana", keyshift.EnrollmentCode)
	w.must(err)
	for name, code := range map[string]string{"used": first.Code, "of the other kind": device.Code} {
		if _, err := w.hub.Login(ctx, w.anyone(), hub.LoginRequest{Code: w.secret(code)}); err == nil || err.Error() != keyshift.ErrCodeInvalid.Error() {
			t.Errorf("a code %s: %v, want the one text", name, err)
		}
	}
	w.clock.Advance(keyshift.CodeLifetime)
	if _, err := w.hub.Login(ctx, w.anyone(), hub.LoginRequest{Code: w.secret(old.Code)}); err == nil || err.Error() != keyshift.ErrCodeInvalid.Error() {
		t.Errorf("an old code: %v, want the one text", err)
	}
}

func TestThereIsOneFirstOwnerAndAlwaysALastOne(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	if code, err := w.hub.FirstOwnerCode(ctx); err != nil || code != "" {
		t.Errorf("a second first-owner code: %q, %v, want none", code, err)
	}
	if _, err := w.hub.DeactivateUser(ctx, w.byOwner(), "alice", ""); keyshift.CodeOf(err) != keyshift.CodeLastOwner {
		t.Errorf("deactivating the last owner: %v, want last_owner", err)
	}
	if _, err := w.hub.SetRoles(ctx, w.byOwner(), "alice", []keyshift.Role{keyshift.Member}); keyshift.CodeOf(err) != keyshift.CodeLastOwner {
		t.Errorf("demoting the last owner: %v, want last_owner", err)
	}
	w.addUser("lee", keyshift.Owner)
	_, err := w.hub.SetRoles(ctx, w.byOwner(), "alice", []keyshift.Role{keyshift.Member})
	w.must(err)
}

func TestAnAdminDoesNotBecomeAnOwner(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.addUser("lee", keyshift.Admin)
	code, err := w.hub.CreateCode(ctx, w.byOwner(), "lee", keyshift.LoginCode)
	w.must(err)
	lee := w.login(code.Code, "")
	for name, err := range map[string]error{
		"raise oneself":           second(w.hub.SetRoles(ctx, w.as(lee), "lee", []keyshift.Role{keyshift.Owner})),
		"add an owner":            second(w.hub.AddUser(ctx, w.as(lee), "evil", "", []keyshift.Role{keyshift.Owner})),
		"log in as the owner":     second(w.hub.CreateCode(ctx, w.as(lee), "alice", keyshift.LoginCode)),
		"deactivate the owner":    second(w.hub.DeactivateUser(ctx, w.as(lee), "alice", "")),
		"take the owner's rights": second(w.hub.SetRoles(ctx, w.as(lee), "alice", []keyshift.Role{keyshift.Member})),
	} {
		if keyshift.CodeOf(err) != keyshift.CodeForbidden {
			t.Errorf("%s: %v, want forbidden", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestTheKeyIsRotatedWhileTheHubRuns(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	version, err := kek.Rotate(w.kek)
	w.must(err)
	other, err := hub.OpenVault(w.kek, t.TempDir()) // the command that rotates is another process
	w.must(err)
	o := w.hub.Options
	o.Vault = other
	beside, err := hub.Open(t.Context(), o, "")
	w.must(err)
	if n, err := beside.Rewrap(t.Context()); err != nil || n != 1 {
		t.Fatalf("Rewrap = %d, %v, want one credential", n, err)
	}
	if _, err := kek.DropOldVersions(w.kek); err != nil {
		t.Fatal(err)
	}
	w.mustCheckOut(device, account) // opened with a version that the running hub had not read
	if w.vault.Primary() != version {
		t.Errorf("the hub seals under version %d, want %d", w.vault.Primary(), version)
	}
}

func TestAWrongKeyIsNamedAtTheStart(t *testing.T) {
	w := newWorld(t)
	wrong := t.TempDir() + "/key/kek"
	w.must(kek.Create(wrong))
	vault, err := hub.OpenVault(wrong, t.TempDir())
	w.must(err)
	o := w.hub.Options
	o.Vault = vault
	if _, err := hub.Open(t.Context(), o, ""); keyshift.CodeOf(err) != keyshift.CodeIntegrityFailed || !strings.Contains(err.Error(), "needs version 1") {
		t.Errorf("Open with a wrong key: %v, want a refusal that names the version", err)
	}
}

func TestAFlaggedDeviceShowsAfterFiveRefusedSignatures(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	for range 7 {
		w.must(w.hub.RefusedSignature(t.Context(), device))
	}
	if got := w.actions()[keyshift.ActDeviceFlagged]; got != 1 {
		t.Errorf("flagged %d times in the audit log, want once", got)
	}
	views, err := w.hub.ListDevices(t.Context(), w.byOwner(), hub.Page{})
	if err != nil || len(views) != 1 || views[0].Device.Refusals < keyshift.FlagAfter {
		t.Errorf("devices = %+v, %v", views, err)
	}
}

func TestALoginEndsAfterItsTime(t *testing.T) {
	w := newWorld(t)
	if _, err := w.hub.WhoAmI(t.Context(), w.byOwner()); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(hub.TokenLifetime + time.Second)
	if _, err := w.hub.WhoAmI(t.Context(), w.byOwner()); keyshift.CodeOf(err) != keyshift.CodeTokenInvalid {
		t.Errorf("after 30 days: %v, want token_invalid", err)
	}
}
