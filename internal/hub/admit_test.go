package hub_test

import (
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// I14: that somebody was let in a moment ago lets them be listened to, for half a second, and nothing else.
func TestWhoWasAdmittedAMomentAgoMayDoNothingWithIt(t *testing.T) {
	w := newWorld(t)
	w.addUser("lee", keyshift.Admin)
	token := w.login(w.loginCode(w.owner, "lee"), "lee")
	admit := func(effect bool) error {
		call := w.as(token)
		call.Access.Effect, call.Access.Roles = effect, []keyshift.Role{keyshift.Admin}
		return w.hub.Admit(t.Context(), call)
	}
	w.must(admit(true))
	_, err := w.hub.DeactivateUser(t.Context(), w.byOwner(), "lee", "left")
	w.must(err)
	if _, err := w.hub.Revoke(t.Context(), w.as(token), hub.RevokeTarget{All: true}, "mine"); keyshift.CodeOf(err) != keyshift.CodeTokenInvalid {
		t.Errorf("revoke after the deactivation: %v, want token_invalid", err)
	}
	if err := admit(false); keyshift.CodeOf(err) != keyshift.CodeTokenInvalid {
		t.Errorf("a read after the deactivation: %v, want token_invalid", err)
	}
	w.clock.Advance(time.Second)
	if err := admit(true); keyshift.CodeOf(err) != keyshift.CodeTokenInvalid {
		t.Errorf("an effect a second after the deactivation: %v, want token_invalid", err)
	}
}

func TestARoleThatIsLackingIsAskedForAnew(t *testing.T) {
	w := newWorld(t)
	call := w.byOwner()
	w.must(w.hub.Admit(t.Context(), call))
	call.Access.Roles = []keyshift.Role{keyshift.Auditor}
	if err := w.hub.Admit(t.Context(), call); keyshift.CodeOf(err) != keyshift.CodeForbidden {
		t.Errorf("a role that the user does not have: %v, want forbidden", err)
	}
}
