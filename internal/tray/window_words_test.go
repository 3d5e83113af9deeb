package tray

import (
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/i18n"
)

func TestLeftIsReadAtAGlance(t *testing.T) {
	for _, tt := range []struct {
		left time.Duration
		want string
		next time.Duration
	}{
		{-time.Second, "0:00", 0},
		{0, "0:00", 0},
		{time.Millisecond, "0:01", time.Millisecond},
		{59 * time.Second, "0:59", time.Second},
		{119 * time.Second, "1:59", time.Second},
		{119500 * time.Millisecond, "2 min", 500 * time.Millisecond},
		{2 * time.Minute, "2 min", time.Second},
		{130 * time.Second, "3 min", 10 * time.Second},
		{42 * time.Minute, "42 min", time.Minute},
		{41*time.Minute + time.Second, "42 min", time.Second},
		{time.Hour, "1 h", time.Minute},
		{61 * time.Minute, "1 h 01 min", time.Minute},
	} {
		if got := Left(tt.left); got != tt.want {
			t.Errorf("Left(%s) = %q, want %q", tt.left, got, tt.want)
		}
		if got := NextChange(tt.left); got != tt.next {
			t.Errorf("NextChange(%s) = %s, want %s", tt.left, got, tt.next)
		}
	}
}

func TestLeftChangesExactlyWhenNextChangeSays(t *testing.T) {
	for left := 3*time.Hour + 123*time.Millisecond; left > 0; {
		next := NextChange(left)
		if next <= 0 {
			t.Fatalf("%s before its end, nothing changes any more", left)
		}
		if a, b := Left(left), Left(left-next+1); a != b {
			t.Fatalf("at %s the text changes before %s: %q, %q", left, next, a, b)
		}
		if a, b := Left(left), Left(left-next-1); a == b && left-next > 1 {
			t.Fatalf("at %s the text stays longer than %s: %q", left, next, a)
		}
		left -= next
		left-- // timers are late
	}
}

func TestMomentsAreWrittenAsPeopleSayThem(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("", 3600))
	for _, tt := range []struct {
		language string
		at       time.Time
		want     string
	}{
		{i18n.English, now.Add(time.Hour), "13:00"},
		{i18n.English, now.Add(time.Hour).UTC(), "13:00"},
		{i18n.English, now.Add(24 * time.Hour), "11/24/2026 12:00"},
		{i18n.German, now.Add(24 * time.Hour), "24.11.2026 12:00"},
		{i18n.French, now.Add(24 * time.Hour), "24/11/2026 12:00"},
	} {
		if got := Clock(i18n.For(tt.language), tt.at, now); got != tt.want {
			t.Errorf("Clock(%s, %s) = %q, want %q", tt.language, tt.at, got, tt.want)
		}
	}
}
