// Package soak holds the tests that last: a company at work while things break, abuse of the hub's port, and a return of
// all devices at once. The hub is the real program in processes of its own (package realhub); the devices are real agents,
// all in the process of the test, each on a computer whose network, clock and keyring the test can break.
//
// # How long
//
// `make test` runs the short form of each test. KEYSHIFT_SOAK is a duration and makes it the long form, with as many agents
// and connections as docs/reliability.md states; `make soak` sets it, see scripts/soak.sh. What a test demands is the same
// in both forms.
//
// # A soak
//
// Users check out, renew, look and check in; admins revoke, deactivate, rotate; a fault comes at a fixed pace. Everything that
// was acknowledged to anybody is noted in a ledger. At a fixed pace a sweep holds the hub's own lists, its audit log and
// what lies on every computer against the ledger and against each other. At the end the faults stop, all is revoked, and
// nothing may be left anywhere.
package soak

import (
	"os"
	"time"
)

// Variable names the environment variable with the length of the long form.
const Variable = "KEYSHIFT_SOAK"

// form gives how long a test lasts, and whether that is its long form.
func form(short time.Duration) (lasts time.Duration, long bool) {
	if d, err := time.ParseDuration(os.Getenv(Variable)); err == nil && d > 0 {
		return d, true
	}
	return short, false
}
