package keyshift

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

type seeded struct{ *rand.ChaCha8 }

func TestIDsSortByTime(t *testing.T) {
	random := seeded{rand.NewChaCha8([32]byte{1})}
	var last ID
	for i := range 1000 {
		id := NewID(noon.Add(time.Duration(i)*time.Millisecond), random)
		if !id.Valid() || id <= last {
			t.Fatalf("id %q after %q: want valid and later", id, last)
		}
		last = id
	}
}

func TestAReasonIsPlainText(t *testing.T) {
	for _, tt := range []struct {
		reason string
		ok     bool
	}{
		{"answer comments", true}, {"  Grüße 👋 ", true}, {"", false}, {"   ", false}, {strings.Repeat("ü", 2000), true}, {strings.Repeat("x", 2001), false},
		{"a\x00b", false}, {"line\nbreak", false}, {"abc\u202edef", false}, {"\xff", false},
	} {
		got, err := ValidateReason(tt.reason)
		if (err == nil) != tt.ok || err != nil && CodeOf(err) != CodeReasonInvalid || err == nil && got != strings.TrimSpace(tt.reason) {
			t.Errorf("ValidateReason(%.20q) = %q, %v, want ok = %v", tt.reason, got, err, tt.ok)
		}
	}
}

func TestADurationIsWithinTheAccountsLimits(t *testing.T) {
	a := NewAccount(X, "acme")
	for _, d := range []time.Duration{0, -5, time.Second, 4*time.Hour + 1, 240 * time.Hour} {
		if err := a.ValidateDuration(d); CodeOf(err) != CodeDurationInvalid || !strings.Contains(err.Error(), "1 minute up to 4h") {
			t.Errorf("ValidateDuration(%v) = %v, want the allowed range", d, err)
		}
	}
	if err := a.ValidateDuration(4 * time.Hour); err != nil {
		t.Errorf("ValidateDuration(4h) = %v", err)
	}
}

// A secret is printed in every way that a careless line could find, also from inside other values.
func TestASecretShowsNowhere(t *testing.T) {
	const canary = "c4n4ry-p4ssw0rd"
	type holder struct {
		Public  Secret
		private Secret
		nested  *Credential
	}
	c := Credential{Login: "acme", Password: NewSecret(canary)}
	h := holder{NewSecret(canary), NewSecret(canary), &c}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", h.Public, "holder", h, "credential", c)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", h.Public, "holder", h, "credential", c)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, verb+"\n", h.Public)
		fmt.Fprintf(&log, verb+"\n", h)
		fmt.Fprintf(&log, verb+"\n", &c)
	}
	if strings.Contains(log.String(), canary) || strings.Contains(log.String(), fmt.Sprintf("%x", canary)) {
		t.Errorf("the secret shows in:\n%s", log.String())
	}
	if _, err := json.Marshal(c); err == nil {
		t.Error("a credential can be marshaled by accident")
	}
	if h.private.Reveal() != canary {
		t.Error("Reveal does not give the value")
	}
}

func TestACredentialFitsEveryKeyring(t *testing.T) {
	for _, tt := range []struct {
		name string
		c    Credential
		ok   bool
	}{
		{"usual", Credential{"acme", NewSecret("pa ss wörd")}, true},
		{"no password", Credential{"acme", Secret{}}, false},
		{"no login", Credential{"", NewSecret("x")}, false},
		{"line break", Credential{"acme", NewSecret("a\nb")}, false},
		{"too long", Credential{"acme", NewSecret(strings.Repeat("x", MaxCredential))}, false},
	} {
		if err := tt.c.Validate(); (err == nil) != tt.ok {
			t.Errorf("%s: Validate = %v, want ok = %v", tt.name, err, tt.ok)
		}
	}
	c := Credential{"acme", NewSecret(`quote " and \ and ü`)}
	if got, err := DecodeCredential(c.Encode()); err != nil || got.Login != c.Login || got.Password.Reveal() != c.Password.Reveal() {
		t.Errorf("DecodeCredential = %v, %v", got, err)
	}
}

// What the tree holds must never change: these bytes are the format.
func TestALeafIsTheSameForEver(t *testing.T) {
	e := AuditEvent{ID: "01", At: noon, Action: ActLeaseGranted, ActorKind: ActorDevice, ActorID: "d", UserID: "u", DeviceID: "d", AccountID: "a", LeaseID: "l",
		Details: map[string]string{"b": "2", "a": "1"}, Personal: map[string]string{"reason": "post"}, Salt: []byte("0123456789abcdef")}
	e.PersonalHash = HashPersonal(e.Salt, e.Personal)
	const want = `{"id":"01","at":1795435200000000,"action":"lease.granted","actor_kind":"device","actor_id":"d","user_id":"u","device_id":"d",` +
		`"account_id":"a","lease_id":"l","details":{"a":"1","b":"2"},"personal_hash":"0dd030b6d0d2e778107e9f9a5a5711620d393a5282d0d29f11e33bc37532dd4b"}`
	if got := string(e.Leaf()); got != want {
		t.Errorf("leaf = %s, want %s", got, want)
	}
	e.Personal["reason"] = "other"
	if HashPersonal(e.Salt, e.Personal) == e.PersonalHash {
		t.Error("the hash does not depend on the personal facts")
	}
	if HashPersonal(nil, nil) != "" {
		t.Error("no personal facts have a hash")
	}
}

func TestRolesAreGivenByThoseWhoMay(t *testing.T) {
	owner, admin, member := User{Roles: []Role{Owner}}, User{Roles: []Role{Admin}}, User{Roles: []Role{Member}}
	for _, tt := range []struct {
		name          string
		actor         User
		before, after []Role
		want          bool
	}{
		{"owner makes admin", owner, []Role{Member}, []Role{Admin}, true},
		{"admin makes auditor", admin, []Role{Member}, []Role{Auditor}, true},
		{"admin makes admin", admin, []Role{Member}, []Role{Admin}, false},
		{"admin takes owner", admin, []Role{Owner}, []Role{Member}, false},
		{"admin deactivates admin", admin, []Role{Admin}, []Role{Admin}, false},
		{"member makes member", member, nil, []Role{Member}, false},
	} {
		if got := MayChangeRoles(tt.actor, tt.before, tt.after); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestWhoBecomesAdminOrOwnerIsRaised(t *testing.T) {
	for _, tt := range []struct {
		before, after []Role
		want          bool
	}{
		{[]Role{Member}, []Role{Member, Admin}, true},
		{[]Role{Auditor, Approver}, []Role{Owner}, true},
		{[]Role{Member}, []Role{Auditor}, false},
		{[]Role{Admin}, []Role{Owner}, false}, // only owners could make a login for an admin
		{[]Role{Owner}, []Role{Member}, false},
	} {
		if got := RaisesUser(tt.before, tt.after); got != tt.want {
			t.Errorf("%v to %v: %v, want %v", tt.before, tt.after, got, tt.want)
		}
	}
}

func TestARequestIDHas128Bits(t *testing.T) {
	for _, tt := range []struct {
		id string
		ok bool
	}{
		{"0193c2a0-7c00-7abc-8def-0123456789ab", true}, {"0193c2a07c007abc8def0123456789AB", true},
		{"0193c2a0-7c007abc-8def0123456789ab", true}, {"0193c2a07c00-7abc8def-0123456789ab", true},
		{"0193c2a-07c00-7abc-8def-0123456789ab", false}, {"0193c2a0--7c00-7abc-8def-0123456789ab", false}, {"0193c2a07c007abc8def0123-456789ab", false},
		{"0193-c2a07c007abc8def0123456789ab", false}, {"-0193c2a07c007abc8def0123456789ab", false}, {"0193c2a07c007abc8def0123456789ab-", false},
		{"0193c2a07c007abc8def0123456789ag", false}, {"0193c2a07c007abc8def0123456789ab0", false},
		{"", false}, {strings.Repeat("-", 36), false}, {strings.Repeat("0", 36), false}, {"0193c2a0-7c00-7abc-8def-0123456789a", false}, {"0193c2a0-7c00-7abc-8def-0123456789ab\n", false},
	} {
		if err := ValidateRequestID(tt.id); (err == nil) != tt.ok {
			t.Errorf("ValidateRequestID(%q) = %v, want ok = %v", tt.id, err, tt.ok)
		}
	}
}

func TestOnlyTextsAndVersionsAreAcknowledged(t *testing.T) {
	for _, tt := range []struct {
		text, version string
		want          bool
	}{
		{"terms_x", "2026-08-22", true},
		{"policy2", "v1.3_b", true},
		{"", "1", false},
		{"terms_x", "", false},
		{"_terms", "1", false},
		{"Terms", "1", false},
		{"terms_é", "1", false},
		{"terms_x", "-1", false},
		{"terms_x", "1 2", false},
		{strings.Repeat("a", 61), "1", false},
		{"terms_x", strings.Repeat("1", 41), false},
	} {
		if err := (Acknowledgement{TextID: tt.text, Version: tt.version}).Validate(); (err == nil) != tt.want {
			t.Errorf("%q, %q: %v, want it to be usable: %v", tt.text, tt.version, err, tt.want)
		}
	}
}
