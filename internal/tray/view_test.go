package tray

import (
	"strings"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestState(t *testing.T) {
	gone := keyshift.Refuse(keyshift.CodeAgentNotRunning, "The agent is not running.", "")
	wiping := lease("acme", time.Hour)
	wiping.Ending, wiping.TimeLeft = "wiping", nil
	stuck := lease("acme", 0)
	stuck.Ending, stuck.WipeFailure = "wipe_failed", "locked"
	with := func(v View, change func(*v1.LocalServiceGetStatusResponse)) View {
		change(v.Status)
		return v
	}
	for _, tt := range []struct {
		name    string
		view    View
		want    State
		tooltip string
	}{
		{"nothing heard yet", View{Words: i18n.For()}, Offline, "Keyshift\nLooking for the agent…"},
		{"agent away", View{Words: i18n.For(), Picture: Picture{Problem: gone}}, Attention, "Keyshift\nThe agent is not running."},
		{"not enrolled", View{Words: i18n.For(), Picture: Picture{Status: &v1.LocalServiceGetStatusResponse{}}}, NotEnrolled, "Keyshift\nThis computer is not enrolled yet"},
		{"nothing held", enrolled(), Free, "Keyshift\nYou hold no company account"},
		{"held", enrolled(lease("acme", time.Hour)), Held, "Keyshift\n@acme (X): 1 h left"},
		{"ten minutes left", enrolled(lease("acme", EndsSoon)), Ending, "Keyshift\n@acme (X): 10 min left"},
		{"just above", enrolled(lease("acme", EndsSoon+time.Second)), Held, "Keyshift\n@acme (X): 11 min left"},
		{"one of two ends soon", enrolled(lease("acme", time.Hour), lease("other", time.Minute)), Ending, "Keyshift\n@acme (X): 1 h left\n@other (X): 1 min left"},
		{"being wiped", enrolled(wiping), Free, "Keyshift\nYou hold no company account"},
		{"not wiped", enrolled(stuck), Attention, "Keyshift\nYou hold no company account"},
		{"offline", with(enrolled(), func(s *v1.LocalServiceGetStatusResponse) { s.Connected = false }), Offline, "Keyshift\nThe hub can't be reached right now"},
		{"offline with a lease", with(enrolled(lease("acme", time.Hour)), func(s *v1.LocalServiceGetStatusResponse) { s.Connected = false }), Offline, "Keyshift\nThe hub can't be reached right now\n@acme (X): 1 h left"},
		{"clock", with(enrolled(), func(s *v1.LocalServiceGetStatusResponse) { s.Trust = v1.Trust_TRUST_CLOCK_SUSPECT }), Attention, "Keyshift\nThe clock of this computer jumped. It is being compared with the hub"},
		{"keyring", with(enrolled(), func(s *v1.LocalServiceGetStatusResponse) {
			s.Problem = &v1.ErrorInfo{Code: "none_such", Text: "The keyring is locked."}
		}), Attention, "Keyshift\nThe keyring is locked."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.view.State(morning); got != tt.want {
				t.Errorf("state %s, want %s", got, tt.want)
			}
			if got := tt.view.Tooltip(morning); got != tt.tooltip {
				t.Errorf("tooltip %q, want %q", got, tt.tooltip)
			}
		})
	}
}

// TestTheCountdownChangesOnlyWhenAMinuteIsOver runs a lease to its end, looking only when NextChange says so.
func TestTheCountdownChangesOnlyWhenAMinuteIsOver(t *testing.T) {
	const left = 61*time.Minute + 20*time.Second
	v := enrolled(lease("acme", left))
	looks, now := 0, morning
	for next := v.NextChange(now); next > 0; next = v.NextChange(now) {
		before := v.Tooltip(now)
		if almost := v.Tooltip(now.Add(next - 1)); almost != before {
			t.Fatalf("%v before the end it reads %q, then %q before it was looked at", left-now.Sub(morning), before, almost)
		}
		now = now.Add(next)
		if v.Tooltip(now) == before {
			t.Fatalf("at %v there was nothing new", now.Sub(morning))
		}
		looks++
	}
	if want := 62; looks != want || now.Sub(morning) != left {
		t.Errorf("looked %d times until %v, want %d times until %v", looks, now.Sub(morning), want, left)
	}
}

func TestNothingHeldNeedsNoLook(t *testing.T) {
	ended := lease("acme", 0)
	ended.Ending = "wiping"
	for _, v := range []View{{}, enrolled(), enrolled(ended)} {
		if next := v.NextChange(morning); next != 0 {
			t.Errorf("looks again in %v at %q", next, v.Tooltip(morning))
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Nanosecond: "1 min", time.Minute: "1 min", time.Minute + 1: "2 min", 59*time.Minute + 30*time.Second: "1 h",
		90 * time.Minute: "1 h 30 min", 25 * time.Hour: "25 h",
	} {
		if got := Span(i18n.For(), d); got != want {
			t.Errorf("%v reads %q, want %q", d, got, want)
		}
	}
}

func TestNamesFromOutside(t *testing.T) {
	for name, want := range map[string]string{
		"acme":                  "acme",
		"a\x1b[2Jb\u202e\u2066": "a[2Jb",
		"عكا":                   "\u2068عكا\u2069",
		string(make([]rune, 0)): "",
		"0123456789012345678901234567890123456789x": "0123456789012345678901234567890123456789…",
	} {
		if got := Name(name); got != want {
			t.Errorf("Name(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestEveryNetworkIsKnown(t *testing.T) {
	for n := range v1.Network_name {
		if got := NetworkOf(v1.Network(n)); (got == "") != (n == 0) {
			t.Errorf("network %d is %q", n, got)
		}
	}
}

// TestATooltipStaysShortAndPlain: it has texts of the hub, and desks may hold hundreds of leases.
func TestATooltipStaysShortAndPlain(t *testing.T) {
	var leases []*v1.HeldLease
	for range 500 {
		leases = append(leases, lease("acme", time.Hour))
	}
	v := enrolled(leases...)
	v.Problem = &keyshift.Error{Code: "not_known_here", Text: "line\nanother\x1b[31m " + strings.Repeat("x", 5000)}
	got := strings.Split(v.Tooltip(morning), "\n")
	if len(got) != 2+mostToldLeases+1 || got[len(got)-1] != "…" || len([]rune(got[1])) > longestLine+1 || strings.Contains(got[1], "\x1b") {
		t.Errorf("the tooltip has %d lines: %.300q", len(got), got)
	}
}
