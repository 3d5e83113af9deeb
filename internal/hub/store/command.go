package store

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/keyshift-hq/keyshift/internal/hub"
)

// command is one Write that waits for its answer.
type command struct {
	kind hub.WriteKind
	fn   func(*tx) error
	// ahead is what fn will ask for.
	ahead hub.Ahead
	// once is for what cannot run twice.
	once bool
	// state says whose the command is: waiting, taken by the writer, or left by its caller.
	state  atomic.Int32
	answer chan error
	// verdict is what fn decided, given as the answer once that is durable.
	verdict error
}

const (
	waiting int32 = iota
	taken
	left
)

// Write implements [hub.Store]. A caller whose ctx ends before the writer took the command gets its error, and nothing
// happens; after that, the caller waits for the outcome.
func (s *Store) Write(ctx context.Context, kind hub.WriteKind, fn func(hub.Tx) error, ahead ...hub.Ahead) error {
	c := &command{kind: kind, fn: func(t *tx) error { return fn(t) }}
	if len(ahead) > 0 {
		c.ahead = ahead[0]
	}
	return s.write(ctx, c)
}

func (s *Store) write(ctx context.Context, c *command) error {
	c.answer = make(chan error, 1)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	queue := s.queue
	if c.kind == hub.Upkeep {
		queue = s.upkeep
	}
	select {
	case queue <- c:
	case <-ctx.Done():
		return fmt.Errorf("write: %w", ctx.Err())
	case <-s.stop:
		return errClosed
	}
	select {
	case err := <-c.answer:
		return err
	case <-ctx.Done():
		if c.state.CompareAndSwap(waiting, left) {
			return fmt.Errorf("write: %w", ctx.Err())
		}
	case <-s.stopped:
	}
	return s.outcome(c)
}

// outcome waits for the answer to a command that was taken, or for the end of the writer.
func (s *Store) outcome(c *command) error {
	select {
	case err := <-c.answer:
		return err
	case <-s.stopped:
	}
	select {
	case err := <-c.answer:
		return err
	default:
		return errClosed
	}
}

// place is the batch that a command belongs to.
func (c *command) place() int {
	switch {
	case c.once:
		return 2
	case c.kind == hub.Closing:
		return 0
	}
	return 1
}

// call runs fn. An error means that the command has to be undone; otherwise the verdict is set.
func (c *command) call(t *tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("run command: panic: %v\n%s", p, debug.Stack())
		}
	}()
	c.verdict = c.fn(t)
	if t.decided(c.verdict) {
		return nil
	}
	if t.failure == nil || faultOf(t.failure) == faultOther && c.verdict != nil {
		return c.verdict
	}
	return t.failure
}
