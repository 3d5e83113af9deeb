//go:build unix

package store

import (
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/testpg"
)

// A hub asks the primary alone, whichever of the servers of its address that is, and finds the new one after a fail-over.
func TestAHubFollowsThePrimary(t *testing.T) {
	pair := testpg.NewPair(t, true)
	_, err := Open(t.Context(), Options{Database: pair.Standby.DSN()})
	wantCode(t, err, keyshift.CodeStorageReadonly)

	s := newScene(t, pair.DSN)
	u := s.user()
	pair.Primary.Kill()
	pair.Standby.Promote()
	if _, err := s.reader().User(u.ID); err != nil {
		t.Errorf("read after the fail-over: %v", err)
	}
	if err := s.Write(t.Context(), hub.Ordinary, addUser("lee")); err != nil {
		t.Errorf("write after the fail-over: %v", err)
	}
}

func TestAStandbyThatMayLackSomethingIsNoticed(t *testing.T) {
	pair := testpg.NewPair(t, false)
	// A hub's role sees less than the superuser that made the pair.
	pair.Primary.Exec("CREATE ROLE hub LOGIN; ALTER DATABASE pair OWNER TO hub")
	s := newScene(t, strings.Replace(pair.DSN, "keyshift@", "hub@", 1))
	want := func(want bool) {
		t.Helper()
		if got, err := s.StandbyAsync(t.Context()); err != nil || got != want {
			t.Errorf("asynchronous: %v, %v, want %v", got, err, want)
		}
	}
	want(true)
	pair.Primary.Exec("ALTER SYSTEM SET synchronous_standby_names = '*'")
	pair.Primary.Reload()
	want(false)
	file := newScene(t, databases[0].dsn(t))
	if got, err := file.StandbyAsync(t.Context()); got || err != nil {
		t.Errorf("a file: %v, %v, want none", got, err)
	}
}
