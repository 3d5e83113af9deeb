package cli

import (
	"crypto/ed25519"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring"
)

func TestLogInAndOut(t *testing.T) {
	d := sit(t)
	d.run("", "whoami")
	d.run(d.hub.code(keyshift.LoginCode)+"\n", "login")
	if got := d.ring.Keys(); !slices.Equal(got, []string{"token:default"}) {
		t.Errorf("the keyring has %v", got)
	}
	d.run("", "whoami")
	if got := d.hub.bearer[len(d.hub.bearer)-1]; got != "Bearer "+theToken {
		t.Errorf("the hub got %q", got)
	}
	d.run("", "logout")
	if got := d.ring.Keys(); len(got) != 0 {
		t.Errorf("after logout the keyring has %v", got)
	}
	d.run("", "whoami", "--json")
	d.run("", "logout")
	d.golden("login")
	if q := last[v1.LoginRequest](t, d.hub); q.GetLabel() != "a laptop" || q.GetUserName() != "" {
		t.Errorf("login asked %v", q)
	}
}

func TestTheProfileHoldsNothingSecret(t *testing.T) {
	d := loggedIn(t)
	path := filepath.Join(d.dir, "config", "hub.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), theToken) || strings.Contains(string(data), "c2l4dGVlbiBzZWNyZXRzIQ") {
		t.Errorf("the profile holds a secret: %s", data)
	}
	var all profiles
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	p := all.Profiles["default"]
	if p.HubURL != d.hub.server.URL || p.HubID != hubID || p.User != "dana" || !ed25519.PublicKey(p.HubKey).Equal(d.hub.public()) || len(p.TLSPin) != 32 {
		t.Errorf("the profile is %+v", p)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want mode 0600", info.Mode(), err)
	}
}

func TestAPersonIsAskedForTheCodeWithoutEcho(t *testing.T) {
	d := sit(t)
	d.answers = []string{d.hub.code(keyshift.FirstOwnerCode)}
	d.run("", "login", "--name", "kim", "--full-name", "Kim (press)")
	d.golden("login-first-owner")
	if q := last[v1.LoginRequest](t, d.hub); q.GetUserName() != "kim" || q.GetDisplayName() != "Kim (press)" {
		t.Errorf("login asked %v", q)
	}
}

func TestCodesThatAreNotForThis(t *testing.T) {
	d := sit(t)
	d.run("nonsense", "login")
	d.run("", "login")
	d.run(d.hub.code(keyshift.EnrollmentCode), "login")
	d.run(d.hub.code(keyshift.FirstOwnerCode), "login")
	d.run(d.hub.code(keyshift.FirstOwnerCode), "login", "--name", "Kim (press)")
	d.run(d.hub.code(keyshift.LoginCode), "login", "--name", "kim")
	d.run(d.hub.code(keyshift.LoginCode)+"\nand more", "login")
	d.run("", "login", "--profile", "../x")
	d.run("", "login", "--name", "kim", "hunter2", "--json")
	d.golden("login-codes")
	if got := d.run("", "login", d.hub.code(keyshift.LoginCode)); got.exit != api.ExitUsage || strings.Contains(got.err, "keyshift1-") {
		t.Errorf("with the code as an argument: got %+v", got)
	}
	if len(d.hub.asked) != 0 {
		t.Errorf("the hub was asked %v", d.hub.asked)
	}
}

func TestACodeOfAnotherHubIsNotUsedUp(t *testing.T) {
	d := sit(t)
	pinned := d.hub.code(keyshift.LoginCode)
	d.hub.key = ed25519.NewKeyFromSeed([]byte(strings.Repeat("x", 32)))
	got := d.run(pinned, "login")
	if got.exit != api.ExitRefused || !strings.Contains(got.err, "not the hub that your code named") {
		t.Errorf("got %+v", got)
	}
	if len(d.hub.asked) != 1 {
		t.Errorf("the hub was asked %v, want only who it is", d.hub.asked)
	}
}

func TestWithoutKeyringTheCodeIsNotUsedUp(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want api.Exit
	}{{osring.ErrUnavailable, api.ExitKeyring}, {osring.ErrLocked, api.ExitKeyring}} {
		d := sit(t)
		d.ring.FailWith(tt.err)
		got := d.run(d.hub.code(keyshift.LoginCode), "login")
		if got.exit != tt.want || len(d.hub.asked) != 0 {
			t.Errorf("%v: got %+v, and the hub was asked %v", tt.err, got, d.hub.asked)
		}
	}
	d := sit(t)
	d.ring.FailWith(osring.ErrUnavailable)
	d.run(d.hub.code(keyshift.LoginCode), "login")
	d.ring.FailWith(osring.ErrLocked)
	d.run(d.hub.code(keyshift.LoginCode), "login", "--json")
	d.golden("login-keyring")
}

// TestATokenThatCannotBeKeptIsEnded: the keyring breaks between the look at it and the storing.
func TestATokenThatCannotBeKeptIsEnded(t *testing.T) {
	d := sit(t)
	config := filepath.Join(d.dir, "config")
	d.hub.onLogin = func() {
		if err := os.RemoveAll(config); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(config, nil, 0o600); err != nil {
			t.Error(err)
		}
	}
	got := d.run(d.hub.code(keyshift.LoginCode), "login")
	if got.exit == api.ExitOK || !strings.Contains(got.err, "ask for a new one") {
		t.Errorf("got %+v", got)
	}
	last[v1.LogoutRequest](t, d.hub)
	if got := d.ring.Keys(); len(got) != 0 {
		t.Errorf("the keyring has %v", got)
	}
}

func TestANewLoginEndsTheOneBefore(t *testing.T) {
	d := loggedIn(t)
	before := len(d.hub.asked)
	if got := d.run(d.hub.code(keyshift.LoginCode), "login"); got.exit != api.ExitOK || got.err != "" {
		t.Fatalf("got %+v", got)
	}
	last[v1.LogoutRequest](t, d.hub)
	if _, ok := d.hub.asked[len(d.hub.asked)-1].(*v1.LogoutRequest); !ok || len(d.hub.asked) != before+3 {
		t.Errorf("the hub was asked %T, want who it is, a login, and then a logout", d.hub.asked[before:])
	}
}

func TestSeveralProfiles(t *testing.T) {
	d := loggedIn(t)
	d.run(d.hub.code(keyshift.LoginCode), "login", "--profile", "staging")
	if got := d.ring.Keys(); !slices.Equal(got, []string{"token:default", "token:staging"}) {
		t.Errorf("the keyring has %v", got)
	}
	d.run("", "logout", "--profile", "staging")
	if got := d.run("", "whoami", "--profile", "staging"); got.exit != api.ExitNoRight || !strings.Contains(got.err, "“staging”") {
		t.Errorf("got %+v", got)
	}
	if got := d.run("", "whoami"); got.exit != api.ExitOK {
		t.Errorf("the other profile ended too: %+v", got)
	}
}

func TestLogoutRemovesTheTokenAlsoWhenTheHubIsAway(t *testing.T) {
	d := loggedIn(t)
	d.hub.server.Close()
	got := d.run("", "logout")
	if got.exit != api.ExitUnreachable || !strings.Contains(got.err, "within 30 days") {
		t.Errorf("got %+v", got)
	}
	if got := d.ring.Keys(); len(got) != 0 {
		t.Errorf("the keyring has %v", got)
	}
}

func TestLogoutOfALoginThatEndedAlready(t *testing.T) {
	d := loggedIn(t)
	d.hub.refuse(keyshift.Refuse(keyshift.CodeTokenInvalid, "You are not logged in, or your login has ended.", "Log in."))
	if got := d.run("", "whoami"); got.exit != api.ExitNoRight {
		t.Errorf("whoami: got %+v", got)
	}
	if got := d.run("", "logout"); got.exit != api.ExitOK || len(d.ring.Keys()) != 0 {
		t.Errorf("got %+v, keyring %v", got, d.ring.Keys())
	}
}

func TestAKeyringThatKeepsTheTokenIsTold(t *testing.T) {
	d := loggedIn(t)
	d.ring.LieOnDelete(true)
	if got := d.run("", "logout"); got.exit != api.ExitKeyring || !strings.Contains(got.err, "still has it") {
		t.Errorf("got %+v", got)
	}
}
