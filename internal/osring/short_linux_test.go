package osring_test

import (
	"errors"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/osring"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

// TestAnOpenKeyringIsAskedWhatIsNeeded: to store, where that should be, which item is found and what is in it.
func TestAnOpenKeyringIsAskedWhatIsNeeded(t *testing.T) {
	ring, mock := mocked(t)
	check(t, ring.Set(t.Context(), "k", []byte("first")))
	for _, tt := range []struct {
		name string
		do   func() error
		want int64
	}{
		{"Set", func() error { return ring.Set(t.Context(), "k", []byte("next")) }, 4},
		{"Get", func() error { _, err := ring.Get(t.Context(), "k"); return err }, 3},
	} {
		before := mock.Calls()
		check(t, tt.do())
		if got := mock.Calls() - before; got != tt.want {
			t.Errorf("%s: %d calls, want %d", tt.name, got, tt.want)
		}
	}
	wantValue(t, ring, "k", "next")
	wantItems(t, mock, 1)
}

// TestAKeptConnectionOutlivesNothing: provider and bus may go and come back between two operations.
func TestAKeptConnectionOutlivesNothing(t *testing.T) {
	session := osringtest.StartSession(t)
	session.Setenv(t)
	stop := session.StartGnomeKeyring(t, password)
	ring := osring.New("")
	check(t, ring.Set(t.Context(), "k", []byte("first")))

	stop()
	session.StartGnomeKeyring(t, password)
	check(t, ring.Set(t.Context(), "k", []byte("second")))
	wantValue(t, ring, "k", "second")

	session.StopBus()
	if err := ring.Set(t.Context(), "k", []byte("nowhere")); !errors.Is(err, osring.ErrUnavailable) {
		t.Errorf("Set without a bus = %v, want ErrUnavailable", err)
	}
	session.StartBus(t)
	mock := session.StartMock(t)
	check(t, ring.Set(t.Context(), "k", []byte("third")))
	wantItems(t, mock, 1)
}

// TestWhatNeedsAPersonTakesTheLongWay: the prompt that the short way came upon is void, and the other one is answered.
func TestWhatNeedsAPersonTakesTheLongWay(t *testing.T) {
	ring, mock := mocked(t)
	for range 2 {
		check(t, mock.Behave(osringtest.Locked))
		wantEach(t, ring, osring.ErrLocked)
		check(t, mock.Behave(osringtest.Normal))
		check(t, ring.Set(t.Context(), "k", []byte("ours")))
		check(t, mock.Behave(osringtest.DismissSet))
		if err := ring.Set(t.Context(), "k", []byte("changed")); !errors.Is(err, osring.ErrNotStored) {
			t.Errorf("Set = %v, want ErrNotStored", err)
		}
		check(t, mock.Behave(osringtest.Normal))
		wantValue(t, ring, "k", "ours")
	}
}
