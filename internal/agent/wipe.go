package agent

import (
	"context"
	"sync"
	"time"
)

// Waits between attempts to wipe or to tell: twice as long each time.
const (
	firstRetry = 2 * time.Second
	lastRetry  = 60 * time.Second
)

// wiper remembers when to try again.
type wiper struct {
	spread func(most time.Duration) time.Duration

	mu    sync.Mutex
	tries map[string]try
}

type try struct {
	next time.Time
	wait time.Duration
}

// due reports whether it is time to try a check-out, and if not, when it is.
func (w *wiper) due(request string, now time.Time) (at time.Time, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.tries[request]
	return t.next, !now.Before(t.next)
}

// result notes how a try went.
func (w *wiper) result(request string, done bool, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if done {
		delete(w.tries, request)
		return
	}
	if w.tries == nil {
		w.tries = map[string]try{}
	}
	wait := min(max(2*w.tries[request].wait, firstRetry), lastRetry)
	w.tries[request] = try{next: now.Add(wait - w.spread(wait/4)), wait: wait}
}

// hurry makes a check-out due now.
func (w *wiper) hurry(request string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.tries, request)
}

// keepWiping wipes what has ended and tells the hub, for ever: a removal is never given up.
func (a *Agent) keepWiping(ctx context.Context) {
	for ctx.Err() == nil {
		next, pending := a.settleDue(ctx)
		if !pending {
			select {
			case <-a.wipeSoon:
			case <-ctx.Done():
			}
			continue
		}
		timer := time.NewTimer(time.Until(next))
		select {
		case <-timer.C:
		case <-a.wipeSoon:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// settleDue tries what is due, and tells when the next is. What somebody else works on is left to them: a check-out that
// ends before it is finished settles itself.
func (a *Agent) settleDue(ctx context.Context) (next time.Time, pending bool) {
	var due []string
	for _, rec := range a.journal.all() {
		if _, now := a.wiper.due(rec.RequestID, time.Now()); now && !rec.Phase.live() && a.journal.idle(rec.RequestID) {
			due = append(due, rec.RequestID)
		}
	}
	a.forEach(due, func(request string) { a.settle(ctx, request) })
	for _, rec := range a.journal.all() {
		if rec.Phase.live() {
			continue
		}
		at, due := a.wiper.due(rec.RequestID, time.Now())
		if due {
			at = time.Now().Add(time.Second)
		}
		if !pending || at.Before(next) {
			next, pending = at, true
		}
	}
	return next, pending
}

// settle brings an ended lease as far as possible, if it is due, and gives its record. done means that nothing remains.
func (a *Agent) settle(ctx context.Context, request string) (rec record, done bool) {
	leave, err := a.journal.take(ctx, request)
	if err != nil {
		return record{}, false
	}
	defer leave()
	if _, due := a.wiper.due(request, time.Now()); !due {
		rec, ok := a.journal.get(request)
		return rec, !ok
	}
	return a.settleTaken(ctx, request)
}

// settleTaken is settle for who has the turn.
func (a *Agent) settleTaken(ctx context.Context, request string) (rec record, done bool) {
	rec, ok := a.journal.get(request)
	if !ok || rec.Phase.live() {
		return rec, true
	}
	said := a.sayDelivered(ctx, rec)
	rec = a.wipe(ctx, rec)
	said()
	rec, done = a.tell(ctx, rec)
	a.wiper.result(request, done, time.Now())
	return rec, done
}

// wipe removes the key, then the keyring item, each for sure before the next.
func (a *Agent) wipe(ctx context.Context, rec record) record {
	if rec.Phase == ending {
		if err := a.vault.DropKey(rec.RequestID); err != nil {
			_ = a.dropItem(ctx, rec) // without its other half, the key that stays opens nothing
			return a.wipeFailed(ctx, rec, err)
		}
		poke(a.forgetSoon)
		rec = a.after(rec, func(r record) record { r.Phase = keyless; return r })
	}
	if rec.Phase == keyless {
		if err := a.dropItem(ctx, rec); err != nil {
			return a.wipeFailed(ctx, rec, err)
		}
		rec = a.after(rec, func(r record) record { r.Phase, r.WipeFailure = wiped, ""; return r })
	}
	return rec
}

func (a *Agent) dropItem(ctx context.Context, rec record) error {
	if rec.keptNowhere() {
		return nil
	}
	return a.vault.DropItem(ctx, rec.RequestID)
}

// wipeFailed notes why a wipe did not succeed, unless it was only interrupted.
func (a *Agent) wipeFailed(ctx context.Context, rec record, err error) record {
	if ctx.Err() != nil {
		return rec
	}
	a.log.Warn("wipe failed", "request_id", rec.RequestID, "error", err)
	return a.after(rec, func(r record) record { r.WipeFailure = wipeFailure(err); return r })
}

// after writes down a step of an ended lease.
func (a *Agent) after(rec record, f func(record) record) record {
	next, err := a.journal.advance(rec.RequestID, func(r record) (record, error) { return f(r), nil })
	if err != nil {
		return rec
	}
	return next
}
