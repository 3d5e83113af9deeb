// Package wakeup carries wake-ups from a committed transaction to the streams of devices, on whichever replica they are.
//
// A wake-up is an outbox row of the transaction whose effect it tells. After the commit the rows are handed to
// [Waker.Committed]; told, and a moment later removed, by [Waker.Run]. So a wake-up may come twice and never not at all: rows
// that a crash left behind are told at the next start, on PostgreSQL by any replica that finds them.
//
// On SQLite there is one process, and telling is a function call. On PostgreSQL it is a notification outside of any
// command's transaction, because NOTIFY inside one takes a lock at commit that all others wait for. Nothing depends on a
// wake-up arriving: devices ask every 30 seconds anyway.
package wakeup

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
)

// Sink is who holds the streams.
type Sink interface {
	// Wake takes one wake-up as it stood in the outbox.
	Wake(topic, ref string)
	// WakeAll is for when wake-ups may have been missed.
	WakeAll()
}

// Waker tells wake-ups. Make it with [Memory] or [Replicas].
type Waker interface {
	// Committed takes the outbox rows of a transaction. It never blocks.
	Committed(rows []hub.OutboxRow)
	// Run tells what was committed until ctx ends.
	Run(ctx context.Context) error
}

// Times of the sweep for rows that nobody told.
const (
	sweepEvery = 10 * time.Second
	leftAfter  = 5 * time.Second
	sweepLimit = 500
	// removeAfter is how long told rows stay, to be removed together: a transaction for each would cost as much as the
	// one that wrote it. It is less than leftAfter, so that nobody takes them for left.
	removeAfter = time.Second
)

// outbox gathers committed rows for one goroutine that tells them.
type outbox struct {
	store hub.Store
	log   *slog.Logger
	clock func() time.Time
	// tell gives rows to whoever holds the streams. Rows are removed only after it succeeded.
	tell func(context.Context, []hub.OutboxRow) error
	// apart is the least time between two calls of tell, toldAt when the last one was.
	apart  time.Duration
	toldAt time.Time

	mu      sync.Mutex
	waiting []hub.OutboxRow
	ready   chan struct{}

	// told are rows to be removed at the next tick of remove, which runs while there are some. Both belong to run.
	told   []string
	remove *time.Timer
}

func newOutbox(store hub.Store, log *slog.Logger, clock func() time.Time) *outbox {
	return &outbox{store: store, log: log, clock: clock, ready: make(chan struct{}, 1)}
}

// Committed implements [Waker].
func (o *outbox) Committed(rows []hub.OutboxRow) {
	if len(rows) == 0 {
		return
	}
	o.mu.Lock()
	o.waiting = append(o.waiting, rows...)
	o.mu.Unlock()
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

func (o *outbox) take() []hub.OutboxRow {
	o.mu.Lock()
	defer o.mu.Unlock()
	rows := o.waiting
	o.waiting = nil
	return rows
}

// run tells rows as they come, and what a crash left behind when sweep says so.
func (o *outbox) run(ctx context.Context, sweep <-chan time.Time) error {
	o.remove = time.NewTimer(removeAfter)
	defer o.remove.Stop()
	o.note("sweep wake-ups", o.sweep(ctx, o.clock()))
	for {
		select {
		case <-ctx.Done():
			o.note("remove wake-ups", o.removeTold(context.WithoutCancel(ctx)))
			return nil
		case <-o.remove.C:
			o.note("remove wake-ups", o.removeTold(ctx))
		case <-o.ready:
			o.gather(ctx)
			o.note("tell wake-ups", o.pass(ctx, o.take()))
		case <-sweep:
			o.note("sweep wake-ups", o.sweep(ctx, o.clock().Add(-leftAfter)))
		}
	}
}

// gather lets more come, if something was told just now.
func (o *outbox) gather(ctx context.Context) {
	wait := o.apart - time.Since(o.toldAt)
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (o *outbox) note(work string, err error) {
	if err != nil {
		o.log.Warn("wake-ups failed", "work", work, "error", err)
	}
}

func (o *outbox) sweep(ctx context.Context, before time.Time) error {
	rows, err := o.store.Read(ctx).OutboxBefore(before, sweepLimit)
	if err != nil || len(rows) == 0 {
		return err
	}
	return o.pass(ctx, rows)
}

// pass tells rows; they are removed soon.
func (o *outbox) pass(ctx context.Context, rows []hub.OutboxRow) error {
	err := o.tell(ctx, rows)
	o.toldAt = time.Now()
	if err != nil {
		return err
	}
	if len(o.told) == 0 {
		o.remove.Reset(removeAfter)
	}
	for _, row := range rows {
		o.told = append(o.told, row.ID)
	}
	return nil
}

// removeTold forgets the rows also if it fails: whoever finds them tells them once more.
func (o *outbox) removeTold(ctx context.Context) error {
	ids := o.told
	o.told = nil
	if len(ids) == 0 {
		return nil
	}
	return o.store.Write(ctx, hub.Releasing, func(tx hub.Tx) error { return tx.RemoveOutbox(ids) })
}

// memory is the Waker of a hub that is alone on its database.
type memory struct{ *outbox }

// Memory tells wake-ups within this process.
func Memory(store hub.Store, sink Sink, log *slog.Logger, clock func() time.Time) Waker {
	o := newOutbox(store, log, clock)
	o.tell = func(_ context.Context, rows []hub.OutboxRow) error {
		for _, row := range rows {
			sink.Wake(row.Topic, row.Ref)
		}
		return nil
	}
	return memory{o}
}

// Run implements [Waker].
func (m memory) Run(ctx context.Context) error { return m.run(ctx, nil) }
