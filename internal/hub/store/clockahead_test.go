package store

import (
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/testpg"
)

func TestAClockIsComparedWithTheDatabases(t *testing.T) {
	dsn := testpg.New(t)
	for _, tt := range []time.Duration{0, time.Hour, -time.Hour} {
		s := mustOpen(t, Options{Database: dsn, Migrate: true, Clock: func() time.Time { return time.Now().Add(tt) }})
		got, err := s.ClockAhead(t.Context())
		if err != nil || (got-tt).Abs() > 20*time.Second {
			t.Errorf("a clock that is %v ahead: got %v, %v", tt, got, err)
		}
	}
}

// What a slow answer took is nobody's fault.
func TestASlowDatabaseDoesNotMakeAClockWrong(t *testing.T) {
	s := mustOpen(t, Options{Database: testpg.New(t), Migrate: true})
	asked := false
	s.options.Clock = func() time.Time {
		now := time.Now()
		if !asked {
			now = now.Add(-time.Minute)
		}
		asked = true
		return now
	}
	if got, err := s.ClockAhead(t.Context()); err != nil || got != 0 {
		t.Errorf("got %v, %v, want 0", got, err)
	}
}

func TestAFileHasNoClock(t *testing.T) {
	s := newScene(t, databases[0].dsn(t)) // its clock shows a day long ago
	if got, err := s.ClockAhead(t.Context()); err != nil || got != 0 {
		t.Errorf("got %v, %v, want 0", got, err)
	}
}
