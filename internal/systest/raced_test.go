//go:build race

package systest

// fewer is how many times less something is repeated with the race detector, which sees a race whoever wins it. Without the
// detector all is repeated as often as the promise says.
const fewer = 10
