package hubclient

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Backoff spreads repeated attempts: each wait is a random part of a bound that starts at First and doubles up to Max
// ("full jitter"), so that a thousand devices that lost the hub together do not come back together.
type Backoff struct {
	First, Max time.Duration
	// Spread gives a random time of at least 0 and less than most; nil draws it.
	Spread   func(most time.Duration) time.Duration
	failures int
}

// Next gives the time to wait after one more failure.
func (b *Backoff) Next() time.Duration {
	bound := min(b.First<<min(b.failures, 20), b.Max)
	b.failures++
	if b.Spread != nil {
		return b.Spread(max(bound, 1))
	}
	return Spread(bound)
}

// Spread draws a time of at least 0 and less than most.
func Spread(most time.Duration) time.Duration {
	return rand.N(max(most, 1)) //nolint:gosec // spreading load needs no secret
}

// Reset forgets the failures.
func (b *Backoff) Reset() { b.failures = 0 }

// Wait sleeps for d and reports whether it did so undisturbed by ctx.
func Wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Retry calls do up to attempts times as long as nobody knows what the hub made of it: it is unreachable, or somebody on the
// way doubled the request, so that the answer is to a copy that came later. Only what may safely happen twice is
// repeated: questions, and effects with the same request id.
func Retry(ctx context.Context, attempts int, b Backoff, do func() error) error {
	for {
		err := do()
		attempts--
		if !unknown(err) || attempts <= 0 || !Wait(ctx, b.Next()) {
			return err
		}
	}
}

func unknown(err error) bool {
	code := keyshift.CodeOf(err)
	return code == keyshift.CodeHubUnreachable || code == keyshift.CodeReplayed
}
