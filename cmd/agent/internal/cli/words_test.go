package cli

import (
	"strings"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestTimeLeft(t *testing.T) {
	tests := []struct {
		d    time.Duration
		want string
	}{
		{-time.Second, "none"}, {0, "none"}, {time.Millisecond, "1 s"}, {59 * time.Second, "59 s"}, {59*time.Second + time.Millisecond, "1 min"}, {time.Minute, "1 min"},
		{23*time.Minute + 29*time.Second, "23 min"}, {time.Hour - time.Millisecond, "1 h"}, {time.Hour, "1 h"}, {65 * time.Minute, "1 h 5 min"}, {24 * time.Hour, "24 h"},
	}
	for _, tt := range tests {
		if got := timeLeft(tt.d); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.d, got, tt.want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	tests := []struct {
		text string
		want time.Duration
	}{
		{"45m", 45 * time.Minute}, {" 1h 30m ", 90 * time.Minute}, {"24h", 24 * time.Hour}, {"1m", time.Minute},
		{"59s", 0}, {"24h1s", 0}, {"0", 0}, {"-5m", 0}, {"10d", 0}, {"45", 0}, {"", 0}, {"abc", 0}, {"9999999999h", 0},
	}
	for _, tt := range tests {
		got, err := parseDuration(tt.text)
		if got != tt.want || (err != nil) != (tt.want == 0) {
			t.Errorf("%q: got %v, %v, want %v", tt.text, got, err, tt.want)
		}
		if err != nil && keyshift.CodeOf(err) != keyshift.CodeDurationInvalid {
			t.Errorf("%q: got %v", tt.text, err)
		}
	}
}

func TestNamesOfAccounts(t *testing.T) {
	acme := &v1.Lease{Network: v1.Network_NETWORK_INSTAGRAM, Handle: "Acme"}
	for name, want := range map[string]bool{
		"instagram/Acme": true, "Instagram/acme": true, "@acme": true, "acme": true, "x/acme": false, "@acm": false, "": false, "@": false,
	} {
		if got := isNamed(acme, name); got != want {
			t.Errorf("%q: got %v", name, got)
		}
	}
	other := &v1.Lease{Network: v1.Network_NETWORK_X, Handle: "acme"}
	if got := the([]*v1.Lease{acme, other}, "@acme"); got != nil {
		t.Errorf("an ambiguous name is %v", got)
	}
	if got := the([]*v1.Lease{acme, other}, "x/acme"); got != other {
		t.Errorf("got %v", got)
	}
}

func TestHostileTextIsHarmless(t *testing.T) {
	hostile := &v1.Lease{Network: 77, Handle: "\x1b]0;pwned\x07\u202eemca"}
	for _, s := range []string{accountName(hostile), accountTitle(hostile)} {
		if strings.ContainsAny(s, "\x1b\x07\u202e") {
			t.Errorf("got %q", s)
		}
	}
}
