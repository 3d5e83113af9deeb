package agent

import (
	"context"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/presence"
)

// hearDesk passes on what the desk tells, to everybody who listens. Every program of the desktop can make it tell something,
// and each word makes the agent look, so there is a rest after each.
func (a *Agent) hearDesk(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-a.cfg.Desk.Changes():
			a.deskBell.ring()
			sleep(ctx, deskRest)
		case <-ctx.Done():
		}
	}
}

const (
	// deskRest is the least time between two words of the desk that are listened to.
	deskRest = time.Second
	// lookForLock is how often the desk is looked at for a lock that the system does not tell of.
	lookForLock = 20 * time.Second
	// lookForIdle is the least time between two looks for an idle user.
	lookForIdle = 15 * time.Second
)

// watchUnattended checks everything in when nobody is at the computer, where the user wants that. While nothing is held, or
// nobody wants that, it sleeps.
func (a *Agent) watchUnattended(ctx context.Context) {
	changes, end := a.bell.listen()
	defer end()
	moves, endMoves := a.deskBell.listen()
	defer endMoves()
	timer := time.NewTimer(lookAgain)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Stop()
		if next := a.lookForSomebody(ctx); next > 0 {
			timer.Reset(next)
		}
		select {
		case <-changes:
		case <-moves:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

// lookForSomebody ends what is held if nobody is there, and tells when to look again; 0 is when something changed.
func (a *Agent) lookForSomebody(ctx context.Context) time.Duration {
	wish, held := a.settings.read(), a.heldActive()
	if wish == (chosen{}) || len(held) == 0 {
		return 0
	}
	state := a.cfg.Desk.Look(ctx)
	cause := wish.judge(state)
	if cause == "" {
		return wish.lookAgainAfter(state)
	}
	for _, rec := range held {
		a.end(rec.RequestID, cause)
	}
	return 0
}

// heldActive gives the records of the leases that are in use.
func (a *Agent) heldActive() (held []record) {
	for _, rec := range a.journal.live() {
		if rec.Phase == active {
			held = append(held, rec)
		}
	}
	return held
}

// judge gives why to check everything in; "" is no reason.
func (c chosen) judge(s presence.State) keyshift.EndCause {
	switch {
	case c.WhenLocked && s.Locked:
		return keyshift.CauseLocked
	case c.WhenIdle > 0 && s.Idle >= c.WhenIdle:
		return keyshift.CauseIdle
	}
	return ""
}

// lookAgainAfter is when the user can have been idle for long enough. Timers stand still while the computer sleeps, so it is
// never long.
func (c chosen) lookAgainAfter(s presence.State) time.Duration {
	next := lookAgain
	if c.WhenIdle > 0 {
		next = min(next, max(c.WhenIdle-s.Idle, lookForIdle))
	}
	if c.WhenLocked {
		next = min(next, lookForLock)
	}
	return next
}
