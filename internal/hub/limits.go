package hub

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Limits are how often things may be asked. Zero fields mean the defaults. They count per replica.
type Limits struct {
	// CheckOutsPerMinute is per user; default 10.
	CheckOutsPerMinute int
	// CodeTriesPerMinute is how many wrong enrollment or login codes one address may try; default 5.
	CodeTriesPerMinute int
}

// limiter keeps a token bucket per name and forgets the full ones.
type limiter struct {
	clock     func() time.Time
	checkOuts buckets
	codes     buckets
}

type buckets struct {
	perMinute int
	mu        sync.Mutex
	byName    map[string]*rate.Limiter
}

func newLimiter(l Limits, clock func() time.Time) *limiter {
	return &limiter{clock: clock, checkOuts: newBuckets(l.CheckOutsPerMinute, 10), codes: newBuckets(l.CodeTriesPerMinute, 5)}
}

func newBuckets(perMinute, byDefault int) buckets {
	if perMinute == 0 {
		perMinute = byDefault
	}
	return buckets{perMinute: perMinute, byName: map[string]*rate.Limiter{}}
}

// maxBuckets bounds the memory that strangers can make a hub use.
const maxBuckets = 10_000

func (b *buckets) take(name string, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	bucket := b.byName[name]
	if bucket == nil {
		if len(b.byName) >= maxBuckets {
			b.forgetFull(now)
		}
		bucket = rate.NewLimiter(rate.Every(time.Minute/time.Duration(b.perMinute)), b.perMinute)
		b.byName[name] = bucket
	}
	if !bucket.AllowN(now, 1) {
		return keyshift.Refuse(keyshift.CodeRateLimited, "Too many tries in a short time.", "Wait a minute, then try again.")
	}
	return nil
}

func (b *buckets) forgetFull(now time.Time) {
	for name, bucket := range b.byName {
		if bucket.TokensAt(now) >= float64(b.perMinute) {
			delete(b.byName, name)
		}
	}
}

func (l *limiter) checkOut(user keyshift.ID) error { return l.checkOuts.take(string(user), l.clock()) }

func (l *limiter) codeTry(source string) error { return l.codes.take(source, l.clock()) }
