package hub

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Limits are how often things may be asked. Zero fields mean the defaults. They count per replica.
type Limits struct {
	// CheckOutsPerMinute is per user; default 10.
	CheckOutsPerMinute int
	// UsesPerMinute is how often a user may renew leases and be shown secrets; default 30.
	UsesPerMinute int
	// CodeTriesPerMinute is how many enrollment and login codes, right or wrong, one address may try; default 5.
	CodeTriesPerMinute int
}

// limiter keeps a token bucket per name.
type limiter struct {
	clock     func() time.Time
	checkOuts buckets
	uses      buckets
	codes     buckets
}

type buckets struct {
	perMinute int
	mu        sync.Mutex
	byName    map[string]*rate.Limiter
}

func newLimiter(l Limits, clock func() time.Time) *limiter {
	return &limiter{
		clock: clock, checkOuts: newBuckets(l.CheckOutsPerMinute, 10), uses: newBuckets(l.UsesPerMinute, 30), codes: newBuckets(l.CodeTriesPerMinute, 5),
	}
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
		b.makeRoom()
		bucket = rate.NewLimiter(rate.Every(time.Minute/time.Duration(b.perMinute)), b.perMinute)
		b.byName[name] = bucket
	}
	if !bucket.AllowN(now, 1) {
		return keyshift.Refuse(keyshift.CodeRateLimited, "Too many tries in a short time.", "Wait a minute, then try again.")
	}
	return nil
}

// makeRoom forgets any bucket when there are too many. Whoever has that many names gains nothing from a forgotten one, and
// nobody is locked out.
func (b *buckets) makeRoom() {
	for name := range b.byName {
		if len(b.byName) < maxBuckets {
			return
		}
		delete(b.byName, name)
	}
}

func (l *limiter) checkOut(user keyshift.ID) error { return l.checkOuts.take(string(user), l.clock()) }

func (l *limiter) use(user keyshift.ID) error { return l.uses.take(string(user), l.clock()) }

func (l *limiter) codeTry(source string) error { return l.codes.take(neighborhood(source), l.clock()) }

// neighborhood is what one stranger has of addresses: one of IPv4, all with the same 64 bits of IPv6 (RFC 4291, 2.5.1).
func neighborhood(source string) string {
	addr, err := netip.ParseAddr(source)
	if err != nil || addr.Unmap().Is4() {
		return source
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}
