package hub_test

import (
	"testing"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// An admin may make login codes for members, and so holds a way in as each of them. None of it may grow with the member.
func TestWhatAnAdminMadeForAMemberDoesNotBecomeAnOwners(t *testing.T) {
	for _, high := range []keyshift.Role{keyshift.Admin, keyshift.Owner} {
		t.Run(string(high), func(t *testing.T) {
			w := newWorld(t)
			ctx := t.Context()
			w.addUser("lee", keyshift.Admin)
			w.addUser("dana")
			admin := w.login(w.loginCode(w.owner, "lee"), "")
			token, kept := w.login(w.loginCode(admin, "dana"), ""), w.loginCode(admin, "dana")
			_, err := w.hub.SetRoles(ctx, w.byOwner(), "dana", []keyshift.Role{keyshift.Member, high})
			w.must(err)
			if user, err := w.hub.WhoAmI(ctx, w.as(token)); keyshift.CodeOf(err) != keyshift.CodeTokenInvalid {
				t.Errorf("the old token: %v, %v, want token_invalid", user.Roles, err)
			}
			if _, err := w.hub.Login(ctx, w.anyone(), hub.LoginRequest{Code: w.secret(kept)}); keyshift.CodeOf(err) != keyshift.CodeCodeInvalid {
				t.Errorf("the kept code: %v, want code_invalid", err)
			}
			w.login(w.loginCode(w.owner, "dana"), "") // the owner's own code lets her in
		})
	}
}

// Whoever had the rights before keeps the login: nobody but an owner could have made it.
func TestAnOwnerWhoGetsAnotherRoleStaysLoggedIn(t *testing.T) {
	w := newWorld(t)
	_, err := w.hub.SetRoles(t.Context(), w.byOwner(), "alice", []keyshift.Role{keyshift.Owner, keyshift.Auditor})
	w.must(err)
	_, err = w.hub.WhoAmI(t.Context(), w.byOwner())
	w.must(err)
}

func (w *world) loginCode(by []byte, user string) string {
	w.t.Helper()
	code, err := w.hub.CreateCode(w.t.Context(), w.as(by), user, keyshift.LoginCode)
	w.must(err)
	return code.Code
}
