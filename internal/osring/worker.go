package osring

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// worker runs one operation at a time, each in a goroutine that it may have to
// leave behind.
type worker struct {
	slot chan struct{} // full while an operation runs

	mu     sync.Mutex
	giveUp time.Time // end of the running operation's limit; zero while idle
}

type outcome struct {
	value []byte
	err   error
}

func newWorker() *worker { return &worker{slot: make(chan struct{}, 1)} }

func (w *worker) run(ctx context.Context, limit time.Duration, op func(context.Context) ([]byte, error)) ([]byte, error) {
	giveUp := time.Now().Add(limit)
	ctx, cancel := context.WithDeadlineCause(ctx, giveUp, ErrTimeout)
	defer cancel()
	if err := w.begin(ctx, giveUp); err != nil {
		return nil, err
	}
	done := make(chan outcome)
	go w.work(ctx, op, done)
	select {
	case got := <-done:
		return got.value, got.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (w *worker) begin(ctx context.Context, giveUp time.Time) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if w.stuck() {
		return fmt.Errorf("%w: an earlier call still hangs", ErrTimeout)
	}
	select {
	case w.slot <- struct{}{}:
		w.mark(giveUp)
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *worker) work(ctx context.Context, op func(context.Context) ([]byte, error), done chan<- outcome) {
	value, err := op(ctx)
	w.mark(time.Time{})
	<-w.slot
	select {
	case done <- outcome{value, err}:
	case <-ctx.Done():
		clear(value) // nobody waits for it any more
	}
}

// stuck says whether the running operation has outlived its limit.
func (w *worker) stuck() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.giveUp.IsZero() && !time.Now().Before(w.giveUp)
}

func (w *worker) mark(giveUp time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.giveUp = giveUp
}
