package hub

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// tries bounds how often a name may try a code that is not good. Good ones are free, however many come from behind one
// address; but a try that is under way may yet turn out wrong, so that a thousand at once gain nothing.
type tries struct {
	perMinute int
	mu        sync.Mutex
	byName    map[string]*allowance
}

// allowance is how often one name may still fail.
type allowance struct {
	failures *rate.Limiter
	// open counts the tries under way, and settled is closed when one of them has its answer.
	open    int
	settled chan struct{}
}

func newTries(perMinute, byDefault int) tries {
	if perMinute == 0 {
		perMinute = byDefault
	}
	return tries{perMinute: perMinute, byName: map[string]*allowance{}}
}

// do tries once. It waits while those that are under way could use up what is left, and refuses when nothing is.
func (t *tries) do(ctx context.Context, name string, clock func() time.Time, try func() error) error {
	own, err := t.begin(ctx, name, clock)
	if err != nil {
		return err
	}
	wrong := false
	defer func() { t.settle(own, wrong, clock()) }()
	err = try()
	wrong = keyshift.CodeOf(err) == keyshift.CodeCodeInvalid
	return err
}

func (t *tries) begin(ctx context.Context, name string, clock func() time.Time) (*allowance, error) {
	for {
		own, wait := t.admit(name, clock())
		switch {
		case own != nil:
			return own, nil
		case wait == nil:
			return nil, errTooOften
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, errTooOften.Because(errors.Join(errors.New("wait for other tries"), ctx.Err()))
		}
	}
}

// admit gives the allowance that a try may use, or what to wait for, or neither.
func (t *tries) admit(name string, now time.Time) (*allowance, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.byName[name]
	if own == nil {
		makeRoom(t.byName)
		own = &allowance{failures: newBucket(t.perMinute), settled: make(chan struct{})}
		t.byName[name] = own
	}
	switch {
	case own.failures.TokensAt(now) >= float64(own.open+1):
		own.open++
		return own, nil
	case own.open > 0:
		return nil, own.settled
	}
	return nil, nil
}

// settle counts a try that was wrong, and lets those go on that waited for it.
func (t *tries) settle(own *allowance, wrong bool, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	own.open--
	if wrong {
		own.failures.AllowN(now, 1)
	}
	close(own.settled)
	own.settled = make(chan struct{})
}
