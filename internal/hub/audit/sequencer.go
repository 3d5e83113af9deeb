package audit

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// The Sequencer's times. gather and one batch together stay below the second that is promised.
const (
	// gather is how long it waits after a Poke for more events, so that a busy hub does not sign hundreds of heads a second.
	gather = 250 * time.Millisecond
	// lazyCheck finds what nobody poked for: events of a replica that died.
	lazyCheck = 30 * time.Second
	// Retries begin at firstRetry and double up to lazyCheck.
	firstRetry = 250 * time.Millisecond
	// tolerated is how many failures in a row may be a conflict with other replicas before they are a fault.
	tolerated = 2
)

// Sequencer puts committed events into the tree. Its methods may be called from several goroutines. Before [Sequencer.Use]
// it places nothing.
type Sequencer struct {
	store hub.Store
	log   *slog.Logger
	batch int

	poke  chan struct{}
	ready chan struct{}
	hubID keyshift.ID
	key   ed25519.PrivateKey

	working sync.Mutex // one batch at a time in this process: the database would refuse the second anyway
	size    int64      // of the tree when it was seen last; belongs to who works

	mu       sync.Mutex
	failures int
	fault    error
}

var _ hub.Tree = (*Sequencer)(nil)

// NewSequencer makes a Sequencer for a store. A nil log is silent.
func NewSequencer(store hub.Store, log *slog.Logger) *Sequencer {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Sequencer{store: store, log: log, batch: batchSize, size: unknown, poke: make(chan struct{}, 1), ready: make(chan struct{})}
}

// Use says who signs. It is called once, after the hub was opened.
func (s *Sequencer) Use(hubID keyshift.ID, key ed25519.PrivateKey) {
	s.hubID, s.key = hubID, key
	close(s.ready)
}

// Poke tells that events were committed. It never blocks.
func (s *Sequencer) Poke() {
	select {
	case s.poke <- struct{}{}:
	default: // one waiting poke stands for all
	}
}

// Fault says why events cannot be put into the tree: after more failures in a row than conflicts with other replicas
// cause, and at once for [ErrDamaged]. It is nil again as soon as placing works.
func (s *Sequencer) Fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

// Judge implements [hub.Tree] with the function Judge.
func (s *Sequencer) Judge(r hub.AuditReader, presented string) (hub.Judgment, error) {
	if err := s.used(); err != nil {
		return hub.Judgment{}, err
	}
	v, err := Judge(r, s.hubID, s.public(), presented)
	if err != nil {
		return hub.Judgment{}, err
	}
	return hub.Judgment{Latest: v.Latest, Proof: v.Proof, Rollback: v.Rollback(), PresentedSize: v.Presented.Size}, nil
}

// used reports whether Use was called, and makes what it set visible.
func (s *Sequencer) used() error {
	select {
	case <-s.ready:
		return nil
	default:
		return keyshift.Refuse(keyshift.CodeUnavailable, "The audit log is not open yet.", "Try again in a few seconds.")
	}
}

func (s *Sequencer) public() ed25519.PublicKey { return s.key.Public().(ed25519.PublicKey) }

// Run places events until ctx ends: at once when it starts, soon after each Poke, and every 30 seconds. Failures are
// logged and tried again. It returns nil.
func (s *Sequencer) Run(ctx context.Context) error {
	select {
	case <-s.ready:
	case <-ctx.Done():
		return nil
	}
	for {
		_, err := s.Sequence(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if !s.rest(ctx, s.remember(err)) {
			return nil
		}
	}
}

// remember keeps how a pass went, and gives the time until the next try; 0 after a success.
func (s *Sequencer) remember(err error) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.failures, s.fault = 0, nil
		return 0
	}
	s.failures++
	if s.failures > tolerated || errors.Is(err, ErrDamaged) {
		s.fault = err
	}
	delay := min(firstRetry<<min(s.failures-1, 10), lazyCheck)
	s.log.Warn("cannot sequence audit events", "error", err, "failures", s.failures, "retry", delay)
	return delay
}

// rest waits until the next pass is due; false when ctx ended.
func (s *Sequencer) rest(ctx context.Context, retry time.Duration) bool {
	if retry > 0 {
		return sleep(ctx, retry)
	}
	lazy := time.NewTimer(lazyCheck)
	defer lazy.Stop()
	select {
	case <-s.poke:
		return sleep(ctx, gather)
	case <-lazy.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
