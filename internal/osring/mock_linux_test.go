package osring_test

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/osring"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
	"github.com/keyshift-hq/keyshift/internal/until"
)

// short is a limit that no call to a mock on this machine needs.
const short = 500 * time.Millisecond

// mocked returns a keyring whose provider is a mock that holds "k".
func mocked(t *testing.T) (*osring.OS, *osringtest.MockSecretService) {
	t.Helper()
	session := osringtest.StartSession(t)
	session.Setenv(t)
	mock, ring := session.StartMock(t), osring.New("")
	check(t, ring.Set(t.Context(), "k", []byte("ours")))
	return ring, mock
}

func TestADismissedDeletePromptIsNotADelete(t *testing.T) {
	ring, mock := mocked(t)
	check(t, mock.Behave(osringtest.DismissDelete))
	if err := ring.Delete(t.Context(), "k"); !errors.Is(err, osring.ErrNotDeleted) {
		t.Errorf("Delete = %v, want ErrNotDeleted", err)
	}
	check(t, mock.Behave(osringtest.Normal))
	check(t, ring.Delete(t.Context(), "k"))
	wantItems(t, mock, 0)
}

func TestADismissedSetPromptIsNotASet(t *testing.T) {
	ring, mock := mocked(t)
	check(t, mock.Behave(osringtest.DismissSet))
	for _, key := range []string{"k", "new"} {
		if err := ring.Set(t.Context(), key, []byte("changed")); !errors.Is(err, osring.ErrNotStored) {
			t.Errorf("Set of %s = %v, want ErrNotStored", key, err)
		}
	}
	wantValue(t, ring, "k", "ours")
}

func TestALockedCollectionIsErrLockedForEveryOperation(t *testing.T) {
	ring, mock := mocked(t)
	check(t, mock.Behave(osringtest.Locked))
	wantEach(t, ring, osring.ErrLocked)
	wantItems(t, mock, 1)
}

func TestAnUnansweredPromptTimesOutUntilItIsAnswered(t *testing.T) {
	for _, behavior := range []osringtest.Behavior{osringtest.Hang, osringtest.HangDelete} {
		t.Run(string(behavior), func(t *testing.T) {
			ring, mock := mocked(t)
			ring.Limit = short
			check(t, mock.Behave(behavior))
			wantTimeout(t, ring.Delete(t.Context(), "k"))
			if took := duration(func() { wantTimeout(t, ring.Delete(t.Context(), "k")) }); took >= short {
				t.Errorf("the call after it took %v, want at once", took)
			}
			check(t, mock.Behave(osringtest.Normal))
			eventually(t, func() bool { return ring.Delete(t.Context(), "k") == nil })
			wantItems(t, mock, 0)
		})
	}
}

func TestAProviderThatQuitsDuringItsPromptEndsTheCall(t *testing.T) {
	for _, behavior := range []osringtest.Behavior{osringtest.Hang, osringtest.HangDelete} {
		t.Run(string(behavior), func(t *testing.T) {
			ring, mock := mocked(t)
			ring.Limit = short
			check(t, mock.Behave(behavior))
			wantTimeout(t, ring.Delete(t.Context(), "k"))
			check(t, mock.Close())
			eventually(t, func() bool {
				_, err := ring.Get(t.Context(), "k")
				return errors.Is(err, osring.ErrUnavailable)
			})
		})
	}
}

func TestALogoutDuringAPromptEndsTheCallAndNotTheProgram(t *testing.T) {
	session := osringtest.StartSession(t)
	session.Setenv(t)
	mock, ring := session.StartMock(t), osring.New("")
	ring.Limit = short
	check(t, mock.Behave(osringtest.Hang))
	wantTimeout(t, ring.Delete(t.Context(), "k"))

	session.StopBus()
	eventually(t, func() bool {
		_, err := ring.Get(t.Context(), "k")
		return errors.Is(err, osring.ErrUnavailable)
	})
	session.StartBus(t)
	session.StartMock(t)
	check(t, ring.Set(t.Context(), "k", []byte("ours")))
}

func TestAPlantedItemNeverPassesUnnoticedAndIsDeleted(t *testing.T) {
	plant := map[string]func(*osringtest.MockSecretService){
		"newer, another value":   func(m *osringtest.MockSecretService) { m.PlantNewer("keyshift", "k", "cGxhbnRlZA==") },
		"newer, not our base64":  func(m *osringtest.MockSecretService) { m.PlantNewer("keyshift", "k", "\x00{}") },
		"older, another value":   func(m *osringtest.MockSecretService) { m.PlantOlder("keyshift", "k", "cGxhbnRlZA==") },
		"older, a copy of ours":  func(m *osringtest.MockSecretService) { m.PlantOlder("keyshift", "k", "b3Vycw==") },
		"newer and older, a few": plantSeveral,
	}
	for name, plant := range plant {
		t.Run(name, func(t *testing.T) {
			ring, mock := mocked(t)
			plant(mock)
			check(t, ring.Delete(t.Context(), "k"))
			wantItems(t, mock, 0)
		})
	}
}

func plantSeveral(m *osringtest.MockSecretService) {
	m.PlantNewer("keyshift", "k", "b25l")
	m.PlantNewer("keyshift", "k", "dHdv")
	m.PlantOlder("keyshift", "k", "dGhyZWU=")
}

func TestASetBehindAPlantedItemIsErrNotStoredUntilADelete(t *testing.T) {
	ring, mock := mocked(t)
	mock.PlantNewer("keyshift", "k", "cGxhbnRlZA==")
	if err := ring.Set(t.Context(), "k", []byte("next")); !errors.Is(err, osring.ErrNotStored) {
		t.Errorf("Set = %v, want ErrNotStored", err)
	}
	wantValue(t, ring, "k", "planted")
	check(t, ring.Delete(t.Context(), "k"))
	check(t, ring.Set(t.Context(), "k", []byte("next")))
	wantValue(t, ring, "k", "next")
}

func TestItemsOfOtherServicesAndKeysStay(t *testing.T) {
	ring, mock := mocked(t)
	mock.PlantNewer("keyshift", "other", "b25l")
	mock.PlantNewer("mail", "k", "dHdv")
	check(t, ring.Delete(t.Context(), "k"))
	wantItems(t, mock, 2)
}

func TestManyPromptsLeaveNoGoroutineBehind(t *testing.T) {
	ring, mock := mocked(t)
	check(t, mock.Behave(osringtest.DismissDelete))
	before := runtime.NumGoroutine()
	for range 20 {
		if err := ring.Delete(t.Context(), "k"); !errors.Is(err, osring.ErrNotDeleted) {
			t.Fatalf("Delete = %v, want ErrNotDeleted", err)
		}
	}
	eventually(t, func() bool { return runtime.NumGoroutine() <= before })
}

func wantItems(t *testing.T, mock *osringtest.MockSecretService, want int) {
	t.Helper()
	if got := len(mock.Items()); got != want {
		t.Errorf("items of the provider = %d, want %d", got, want)
	}
}

func wantValue(t *testing.T, ring *osring.OS, key, want string) {
	t.Helper()
	got, err := ring.Get(t.Context(), key)
	if err != nil || string(got) != want {
		t.Errorf("Get of %s = %q, %v, want %q", key, got, err, want)
	}
}

func wantEach(t *testing.T, ring *osring.OS, want error) {
	t.Helper()
	_, err := ring.Get(t.Context(), "k")
	for name, err := range map[string]error{
		"Get":    err,
		"Set":    ring.Set(t.Context(), "k", []byte("x")),
		"Delete": ring.Delete(t.Context(), "k"),
		"Probe":  ring.Probe(t.Context()),
	} {
		if !errors.Is(err, want) {
			t.Errorf("%s = %v, want %v", name, err, want)
		}
	}
}

// eventually polls, because another process has to act first.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	if err := until.True("another process acts", 10*time.Second, done); err != nil {
		t.Fatal(err)
	}
}
