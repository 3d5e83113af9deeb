package realhub

import (
	"os"
	"testing"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/systest"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// What was acknowledged before a kill is there after it, at the same address.
func TestAHubComesBack(t *testing.T) {
	c := SQLite(t)
	systest.Do(t, c.Owner.Users.AddUser, &v1.AddUserRequest{Name: "dana"})
	use, err := c.Replica[0].Usage()
	if err != nil || use.RSS < 1<<20 || use.Descriptors < 5 || use.Threads < 2 {
		t.Errorf("usage %+v, %v", use, err)
	}
	c.Replica[0].Kill()
	if c.Replica[0].Running() || len(c.Alive()) != 0 {
		t.Error("a killed hub runs")
	}
	c.Replica[0].Start()
	if got := systest.Do(t, c.Owner.Users.ListUsers, &v1.ListUsersRequest{}); len(got.GetUsers()) != 2 {
		t.Errorf("users after the kill: %v", got)
	}
	if stacks := c.Replica[0].Goroutines(); len(stacks) < 5 || len(stacks) > 100 {
		t.Errorf("%d goroutines", len(stacks))
	}
}

func TestReplicasAreOneHub(t *testing.T) {
	c := Postgres(t, 2)
	systest.Do(t, c.Admin(1).Users.AddUser, &v1.AddUserRequest{Name: "dana"})
	if got := systest.Do(t, c.Owner.Users.ListUsers, &v1.ListUsersRequest{}); len(got.GetUsers()) != 2 {
		t.Errorf("users at the other replica: %v", got)
	}
}
