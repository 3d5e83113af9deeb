package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

const (
	requested = v1.RemovalStep_REMOVAL_STEP_REQUESTED
	delivered = v1.RemovalStep_REMOVAL_STEP_DELIVERED
	wiped     = v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED
	closed    = v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED
)

func TestRevokeIsFollowedUntilAccessIsRemoved(t *testing.T) {
	d := loggedIn(t)
	steps := [][]v1.RemovalStep{{requested, requested}, {delivered, requested}, {delivered, requested}, {wiped, closed}, {closed, closed}}
	d.hub.revoked, d.hub.steps = 2, steps
	d.run("", "revoke", "--group", "social-team", "--reason", "campaign is over")
	d.hub.steps = steps
	got := d.run("", "revoke", "--account", "x/acme", "--reason", "x", "--json")
	var answer struct {
		Revocation struct{ RevocationID, LeasesRevoked string }
		Leases     []struct{ Removal struct{ Text string } }
	}
	if err := json.Unmarshal([]byte(got.out), &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Revocation.RevocationID != batchID || answer.Revocation.LeasesRevoked != "2" || len(answer.Leases) != 2 || answer.Leases[1].Removal.Text != "Access removed" {
		t.Errorf("got %s", got.out)
	}
	d.hub.revoked, d.hub.steps = 1, [][]v1.RemovalStep{{requested}, {closed}}
	d.run("", "revoke", "--lease", leaseID, "--reason", "x", "--wait", "1h")
	d.hub.revoked = 0
	d.run("", "revoke", "--user", "lee", "--reason", "x")
	d.run("", "revoke", "--user", "lee", "--reason", "x", "--json")
	d.golden("revoke")
}

// A session that somebody opened by hand is never confirmed closed; nobody has to wait for that.
func TestRevokeEndsWhenNobodyWillSayMore(t *testing.T) {
	d := loggedIn(t)
	d.hub.revoked, d.hub.steps = 1, [][]v1.RemovalStep{{requested}, {wiped}}
	got := d.run("", "revoke", "--account", "x/acme", "--reason", "x")
	if got.exit != api.ExitOK || !strings.Contains(got.out, "The secret is wiped everywhere. Somebody may still be signed in with 1 lease") {
		t.Errorf("exit %d, said %q, want what is left to do", got.exit, got.out)
	}
}

func TestRevokeWithoutFollowing(t *testing.T) {
	d := loggedIn(t)
	d.hub.revoked = 1
	before := len(d.hub.asked)
	d.both("revoke", "--device", "laptop", "--reason", "stolen", "--no-wait")
	d.run("", "revoke", "--device", "laptop", "--reason", "stolen", "--wait", "0s")
	d.golden("revoke-no-wait")
	if q := last[v1.RevokeRequest](t, d.hub); q.GetDeviceId() != laptopID || q.GetReason() != "stolen" {
		t.Errorf("the hub got %v", q)
	}
	for _, q := range d.hub.asked[before:] {
		if _, ok := q.(*v1.ListLeasesRequest); ok {
			t.Error("the leases were followed")
		}
	}
}

func TestRevokeTellsWhenTheTimeIsUp(t *testing.T) {
	d := loggedIn(t)
	d.every = 200 * time.Millisecond
	d.hub.revoked, d.hub.steps = 2, [][]v1.RemovalStep{{requested, closed}}
	d.run("", "revoke", "--account", "x/acme", "--reason", "x", "--wait", "1s")
	d.run("", "revoke", "--account", "x/acme", "--reason", "x", "--wait", "1s", "--json")
	d.golden("revoke-wait")
}

func TestCtrlCStopsFollowingOnly(t *testing.T) {
	d := loggedIn(t)
	d.hub.revoked, d.hub.steps = 1, [][]v1.RemovalStep{{requested}}
	ctx, cancel := context.WithCancel(t.Context())
	d.context = ctx
	d.hub.onList = cancel
	got := d.run("", "revoke", "--account", "x/acme", "--reason", "x")
	if got.exit != api.ExitInterrupted || !strings.Contains(got.err, "The revocation stands") {
		t.Errorf("got %+v", got)
	}
}

func TestFollowingOutlivesAHubThatIsAway(t *testing.T) {
	d := loggedIn(t)
	d.hub.revoked, d.hub.steps = 1, [][]v1.RemovalStep{{closed}}
	n := 0
	d.hub.onList = func() {
		switch n++; n {
		case 1:
			d.hub.refuse(keyshift.Refuse(keyshift.CodeUnavailable, "restarting", "wait"))
			d.hub.passAfter = 3
		}
	}
	d.hub.steps = [][]v1.RemovalStep{{requested}, {closed}}
	got := d.run("", "revoke", "--account", "x/acme", "--reason", "x")
	if got.exit != api.ExitOK || strings.Count(got.err, "does not answer") != 1 || !strings.HasSuffix(got.out, "Access removed.\n") {
		t.Errorf("got %+v", got)
	}
}

func TestFollowingEndsWhenItIsForbidden(t *testing.T) {
	d := loggedIn(t)
	d.hub.revoked, d.hub.steps = 1, [][]v1.RemovalStep{{requested}}
	d.hub.onList = func() { d.hub.refuse(keyshift.Refuse(keyshift.CodeForbidden, "no", "ask")) }
	if got := d.run("", "revoke", "--account", "x/acme", "--reason", "x"); got.exit != api.ExitNoRight {
		t.Errorf("got %+v", got)
	}
}

func TestManyLeasesAreSummedUp(t *testing.T) {
	d := loggedIn(t)
	many := make([]v1.RemovalStep, 30)
	for i := range many {
		many[i] = requested
	}
	some, all := append([]v1.RemovalStep{}, many...), make([]v1.RemovalStep, 30)
	for i := range all {
		if all[i] = closed; i < 12 {
			some[i] = closed
		}
	}
	d.hub.revoked, d.hub.steps = 30, [][]v1.RemovalStep{many, some, some, all}
	d.run("", "revoke", "--all", "--yes", "--reason", "fire drill")
	d.golden("revoke-many")
	if q := last[v1.RevokeRequest](t, d.hub); !q.GetAll() {
		t.Errorf("the hub got %v", q)
	}
}

func TestRevokeAllAsks(t *testing.T) {
	d := loggedIn(t)
	before := len(d.hub.asked)
	d.run("", "revoke", "--all", "--reason", "x")
	d.answers = []string{""}
	d.run("", "revoke", "--all", "--reason", "x")
	if len(d.hub.asked) != before {
		t.Errorf("the hub was asked %v", d.hub.asked[before:])
	}
	d.answers = []string{"y"}
	d.run("", "revoke", "--all", "--reason", "x")
	d.answers = nil
	d.run("", "revoke", "--reason", "x")
	d.run("", "revoke", "--all")
	d.run("", "revoke", "--user", "a", "--group", "b", "--reason", "x")
	d.run("", "revoke", "--user", "a", "--reason", "x", "--wait", "5m", "--no-wait")
	d.run("", "revoke", "--user", "a", "--reason", "x", "--wait", "long")
	d.run("", "revoke", "--device", "tablet", "--reason", "x")
	d.golden("revoke-all")
}

func TestRevokeTargets(t *testing.T) {
	d := loggedIn(t)
	for flag, want := range map[string]func(*v1.RevokeRequest) string{
		"--lease": (*v1.RevokeRequest).GetLeaseId, "--account": (*v1.RevokeRequest).GetAccount, "--user": (*v1.RevokeRequest).GetUser,
		"--group": (*v1.RevokeRequest).GetGroup,
	} {
		d.run("", "revoke", flag, "that", "--reason", "x", "--no-wait")
		if got := want(last[v1.RevokeRequest](t, d.hub)); got != "that" {
			t.Errorf("%s: the hub got %q", flag, got)
		}
	}
}
