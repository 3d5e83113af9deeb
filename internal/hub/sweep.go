package hub

import (
	"context"
	"time"
)

// Times of the hub's own work.
const (
	flushEvery  = 30 * time.Second
	sweepAtMost = 30 * time.Second
	sweepAgain  = 5 * time.Second // after a failure
	pruneEvery  = time.Minute     // often, because each time forgets a bounded number; without anything to forget it costs nothing
	// rememberFor is how long repeated requests are recognized and used codes kept.
	rememberFor = 30 * 24 * time.Hour
)

// Run does the hub's own work until ctx ends: it writes down that leases expired, marks rotation where a removal stays
// unconfirmed, stores contacts, compares its clock, and forgets old requests. Several replicas may do it at once: each step is one
// statement on what is due.
func (h *Hub) Run(ctx context.Context) error {
	sweep, flush, prune, compare := time.NewTimer(0), time.NewTicker(flushEvery), time.NewTicker(pruneEvery), time.NewTicker(compareEvery)
	defer sweep.Stop()
	defer flush.Stop()
	defer prune.Stop()
	defer compare.Stop()
	for {
		select {
		case <-ctx.Done():
			return h.FlushPresence(context.WithoutCancel(ctx))
		case <-sweep.C:
			sweep.Reset(h.sweepAndWait(ctx))
		case <-flush.C:
			h.note("store contacts", h.FlushPresence(ctx))
			h.note("read hub state", h.refreshState(ctx))
		case <-compare.C:
			h.note("compare clock", h.CompareClock(ctx))
		case <-prune.C:
			h.note("prune", h.Store.Write(ctx, Ordinary, func(tx Tx) error { return tx.Prune(tx.Now().Add(-rememberFor)) }))
		}
	}
}

// note logs what went wrong in work that nobody waits for; it is done again at its next turn.
func (h *Hub) note(work string, err error) {
	if err != nil {
		h.Log.Error("own work failed", "work", work, "error", err)
	}
}

// sweepAndWait sweeps and tells how long to sleep until it is due again.
func (h *Hub) sweepAndWait(ctx context.Context) time.Duration {
	if err := h.Sweep(ctx); err != nil {
		h.note("sweep leases", err)
		return sweepAgain
	}
	return h.untilDue(ctx)
}

// Sweep writes down what ended by time.
func (h *Hub) Sweep(ctx context.Context) error {
	changed := false
	err := h.Store.Write(ctx, Ordinary, func(tx Tx) error {
		batch := tx.NewID()
		expired, err := tx.ExpireDue(batch)
		if err != nil {
			return err
		}
		if _, err := tx.MarkUnconfirmed(); err != nil {
			return err
		}
		if changed = expired > 0; !changed {
			return nil
		}
		return tx.Notify(TopicBatch, string(batch))
	})
	if err == nil && changed {
		h.Tree.Poke()
	}
	return err
}

// untilDue is how long to sleep until a lease ends by time.
func (h *Hub) untilDue(ctx context.Context) time.Duration {
	due, err := h.Store.Read(ctx).NextDue()
	if err != nil || due.IsZero() {
		return sweepAtMost
	}
	return min(max(due.Sub(h.Now())+50*time.Millisecond, 100*time.Millisecond), sweepAtMost)
}

// FlushPresence stores the contacts that are only in memory.
func (h *Hub) FlushPresence(ctx context.Context) error {
	batch := h.presence.take()
	if len(batch) == 0 {
		return nil
	}
	err := h.Store.Write(ctx, Ordinary, func(tx Tx) error { return tx.SavePresence(batch) })
	if err != nil {
		h.presence.giveBack(batch)
	}
	return err
}

// refreshState reads whether another replica detected or ended a rollback.
func (h *Hub) refreshState(ctx context.Context) error {
	h.looking.Lock()
	defer h.looking.Unlock()
	row, err := h.Store.Read(ctx).Hub()
	if err == nil {
		h.noteState(row)
	}
	return err
}

// noteState mirrors the acceptance first: until then, what was accepted must not be found anew.
func (h *Hub) noteState(row HubRow) {
	h.rollbackAccepted.Store(row.RollbackAcceptedAt.UnixMicro())
	h.rollback.Store(row.State == RollbackDetected)
}
