package hub

import (
	"context"
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
	// CodeTriesPerMinute is how many wrong enrollment and login codes one address may try; default 5. Right ones do not
	// count: a whole office may be behind one address.
	CodeTriesPerMinute int
}

// limiter keeps a token bucket per name.
type limiter struct {
	clock     func() time.Time
	checkOuts buckets
	uses      buckets
	codes     tries
	notes     buckets
	reports   buckets
	counts    buckets
	relays    buckets
	browser   buckets
}

// notesPerMinute is how often a device may tell of refused callers. It does once a minute; the second is for a restart.
const notesPerMinute = 2

// reportsPerMinute is how many self-reports a device may bring: as many as wait on it when it was long away.
const reportsPerMinute = 20

// relaysPerMinute is how often a device may ask for codes, answer and fetch them.
const relaysPerMinute = 12

// browserNotesPerMinute is how often a device may tell of guarded pages and drafts.
const browserNotesPerMinute = 20

// countsPerMinute is how often a device may bring new reminder counts: each time is written to disk, and a user is not reminded
// more often.
const countsPerMinute = 10

type buckets struct {
	perMinute int
	mu        sync.Mutex
	byName    map[string]*rate.Limiter
}

func newLimiter(l Limits, clock func() time.Time) *limiter {
	return &limiter{
		clock: clock, checkOuts: newBuckets(l.CheckOutsPerMinute, 10), uses: newBuckets(l.UsesPerMinute, 30), codes: newTries(l.CodeTriesPerMinute, 5),
		notes: newBuckets(notesPerMinute, 0), reports: newBuckets(reportsPerMinute, 0), counts: newBuckets(countsPerMinute, 0),
		relays: newBuckets(relaysPerMinute, 0), browser: newBuckets(browserNotesPerMinute, 0),
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
		makeRoom(b.byName)
		bucket = newBucket(b.perMinute)
		b.byName[name] = bucket
	}
	if !bucket.AllowN(now, 1) {
		return errTooOften
	}
	return nil
}

func newBucket(perMinute int) *rate.Limiter {
	return rate.NewLimiter(rate.Every(time.Minute/time.Duration(perMinute)), perMinute)
}

var errTooOften = keyshift.Refuse(keyshift.CodeRateLimited, "Too many tries in a short time.", "Wait a minute, then try again.")

// makeRoom forgets any bucket when there are too many. Whoever has that many names gains nothing from a forgotten one, and
// nobody is locked out.
func makeRoom[B any](byName map[string]B) {
	for name := range byName {
		if len(byName) < maxBuckets {
			return
		}
		delete(byName, name)
	}
}

func (l *limiter) checkOut(user keyshift.ID) error { return l.checkOuts.take(string(user), l.clock()) }

func (l *limiter) use(user keyshift.ID) error { return l.uses.take(string(user), l.clock()) }

func (l *limiter) note(device keyshift.ID) error { return l.notes.take(string(device), l.clock()) }

func (l *limiter) report(device keyshift.ID) error { return l.reports.take(string(device), l.clock()) }

func (l *limiter) count(device keyshift.ID) error { return l.counts.take(string(device), l.clock()) }

func (l *limiter) relay(device keyshift.ID) error { return l.relays.take(string(device), l.clock()) }

func (l *limiter) browserNote(device keyshift.ID) error {
	return l.browser.take(string(device), l.clock())
}

// codeTry tries a code for somebody at source.
func (l *limiter) codeTry(ctx context.Context, source string, try func() error) error {
	return l.codes.do(ctx, neighborhood(source), l.clock, try)
}

// neighborhood is what one stranger has of addresses: one of IPv4, all with the same 64 bits of IPv6 (RFC 4291, 2.5.1).
func neighborhood(source string) string {
	addr, err := netip.ParseAddr(source)
	if err != nil || addr.Unmap().Is4() {
		return source
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}
