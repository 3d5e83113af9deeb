package agent

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// Steps are single turns of the loops that [Agent.Run] keeps going, for who has time in their own hands: each does what
// is due at this moment, one thing after the other, and nothing of it goes on once it has returned. An agent is moved by
// Run or by Steps, never by both.
type Steps struct {
	a     *Agent
	waits *waits
	trust v1.Trust
}

// Steps takes the agent into the caller's hands.
func (a *Agent) Steps() *Steps {
	a.oneByOne = true
	return &Steps{a: a, waits: a.newWaits(), trust: a.times.trust()}
}

// TakeUp gets the device key from the keyring and goes on with the check-outs that the last run was in the middle of. Run
// does it once for each start, and again while the keyring refuses.
func (s *Steps) TakeUp(ctx context.Context) error {
	if _, _, err := s.a.talk(ctx); err != nil {
		return err
	}
	s.a.finishCheckOuts(ctx)
	return nil
}

// Sync asks the hub for news, and tells how long to wait before the next time.
func (s *Steps) Sync(ctx context.Context) time.Duration { return s.a.syncAndWait(ctx, s.waits) }

// Deadlines ends what is over. While live says that something is not, it is due again after a second.
func (s *Steps) Deadlines() (live bool) {
	s.trust = s.a.lookAtDeadlines(s.trust)
	return len(s.a.journal.live()) > 0
}

// Settle wipes and reports what is due, and tells when to try again what remains.
func (s *Steps) Settle(ctx context.Context) (next time.Time, pending bool) { return s.a.settleDue(ctx) }

// Woken tells which of Sync, Settle and Deadlines are due earlier than they said, and forgets it.
func (s *Steps) Woken() (sync, settle, deadlines bool) {
	return poked(s.a.askSoon), poked(s.a.wipeSoon), poked(s.a.liveSoon)
}

// poked takes the note out of a channel.
func poked(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// beside does something while the caller goes on, who waits for it later.
func (a *Agent) beside(do func()) (wait func()) {
	if a.oneByOne {
		do()
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	return func() { <-done }
}

// together does two things at the same time, the first of them without waiting for another thread.
func (a *Agent) together(first, second func()) {
	if a.oneByOne {
		first()
		second()
		return
	}
	wait := a.beside(second)
	first()
	wait()
}

// atOnce bounds how many check-outs are settled at the same time.
const atOnce = 4

// forEach does something for several check-outs, some at the same time.
func (a *Agent) forEach(requests []string, do func(request string)) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, request := range requests {
		if a.oneByOne {
			do(request)
			continue
		}
		group.Go(func() error { do(request); return nil })
	}
	_ = group.Wait()
}
