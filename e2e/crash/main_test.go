// Package crash kills what a hub is made of, and looks whether it kept its word: real processes of keyshift-hub, as they
// are built for people, on SQLite, on PostgreSQL, and on a pair of PostgreSQL servers of which one dies.
//
// The devices are clients of their own in this process. They reach the replicas as through a load balancer, and when an
// answer is lost they ask again in the name of the same request, wherever they are led to.
//
// What devices and admins were told is one history of one exclusive account. porcupine looks for an order in which the
// account of account_test.go, which does one thing at a time, would have told the same; account_test.go also shows that it
// refuses histories that are wrong. A history without such an order is written down as a page, whose path is printed.
//
//	go test ./e2e/crash -run TestTheHistory -rounds 100 -seed 7
//
// Time is not waited for: to let an hour pass, everything that the database knows of a lease is dated an hour back.
package crash

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/systest/programs"
)

var (
	rounds = flag.Int("rounds", 20, "rounds of the history with three replicas")
	events = flag.Int("events", 20_000, "audit events that a hub has when it is started; a hundredth of that are leases")
	seed   = flag.Uint64("seed", 1, "chooses who does what when in the history")
)

// program is the hub that is killed.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "keyshift-crash-")
	if err == nil {
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "keyshift-hub")
		err = programs.Put(dir, "keyshift-hub")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
		return 1
	}
	return m.Run()
}
