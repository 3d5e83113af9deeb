package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
)

// largestBatch bounds how many commands share a transaction.
const largestBatch = 256

// command is one Write that waits for its answer.
type command struct {
	kind hub.WriteKind
	fn   func(*tx) error
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
func (s *Store) Write(ctx context.Context, kind hub.WriteKind, fn func(hub.Tx) error) error {
	return s.write(ctx, &command{kind: kind, fn: func(t *tx) error { return fn(t) }})
}

func (s *Store) write(ctx context.Context, c *command) error {
	c.answer = make(chan error, 1)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	select {
	case s.queue <- c:
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

// writer runs the commands of a store.
type writer struct {
	store *Store
	link  *link
}

func (w *writer) run() {
	for {
		select {
		case <-w.store.stop:
			w.disconnect()
			return
		case c := <-w.store.queue:
			w.gather(c)
		}
	}
}

// gather takes what waits and runs it: first what takes rights away, apart from the rest, last what runs only once.
func (w *writer) gather(c *command) {
	var batches [3][]*command
	for n := 1; c != nil; n++ {
		if c.state.CompareAndSwap(waiting, taken) {
			i := c.place()
			batches[i] = append(batches[i], c)
		}
		c = w.more(n)
	}
	for _, batch := range append(batches[:2], single(batches[2])...) {
		if len(batch) > 0 {
			w.store.counts.batches.Add(1)
			w.process(batch)
		}
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

func single(batch []*command) (batches [][]*command) {
	for _, c := range batch {
		batches = append(batches, []*command{c})
	}
	return batches
}

// more gives another command that waits, if there is one and the batch has room.
func (w *writer) more(n int) *command {
	if n >= largestBatch {
		return nil
	}
	select {
	case c := <-w.store.queue:
		return c
	default:
		return nil
	}
}

// process answers every command of a batch. It runs them in one transaction. A command that goes wrong by itself is
// left out and runs alone afterwards; when the transaction goes wrong and one of them may be why, each runs alone.
func (w *writer) process(batch []*command) {
	var apart []*command
	batch = w.admit(batch)
	for start, try := time.Now(), 0; len(batch) > 0; {
		culprit, err := w.attempt(batch)
		switch {
		case err == nil:
			batch = nil
		case culprit >= 0 && len(batch) > 1 && len(apart) < mostCulprits:
			apart = append(apart, batch[culprit])
			batch = slices.Delete(batch, culprit, culprit+1)
		case len(batch) > 1 && divisible(err):
			apart, batch = append(batch, apart...), nil
		case w.again(batch[0], try, start, err):
			try++
		default:
			w.replyAll(batch, faultOf(err).public(err))
			batch = nil
		}
	}
	for _, c := range apart {
		w.process([]*command{c})
	}
}

// Bounds on running again.
const (
	mostCulprits  = 4
	mostConflicts = 12
	longestLoss   = 5 * time.Second
)

// divisible reports whether running the commands of a batch one by one can help.
func divisible(err error) bool {
	f := faultOf(err)
	return f == faultOther || f == faultConflict || f == faultFull
}

// again decides whether a batch that failed as it is runs once more, and waits before it does. For all faults but a
// lost connection the batch is one command.
func (w *writer) again(c *command, try int, start time.Time, err error) bool {
	if c.once {
		return false
	}
	switch faultOf(err) {
	case faultConflict:
		return try < mostConflicts && w.wait(time.Duration(try)*5*time.Millisecond)
	case faultLost:
		return time.Since(start) < longestLoss && w.wait(min(50*time.Millisecond<<try, time.Second))
	case faultFull:
		return c.kind != hub.Ordinary && w.store.reserve.spend()
	}
	return false
}

// wait waits up to a time, by chance, so that those who met once do not meet again. It reports false when the store
// is closing.
func (w *writer) wait(limit time.Duration) bool {
	if limit <= 0 {
		return true
	}
	timer := time.NewTimer(limit/2 + rand.N(limit/2+1)) //nolint:gosec // nothing is guessed from it
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-w.store.stop:
		return false
	}
}

// admit answers at once what cannot succeed now.
func (w *writer) admit(batch []*command) []*command {
	return slices.DeleteFunc(batch, func(c *command) bool {
		refusal := w.refusal(c.kind)
		if refusal != nil {
			w.reply(c, refusal)
		}
		return refusal != nil
	})
}

func (w *writer) refusal(kind hub.WriteKind) error {
	if failed := w.store.failed.Load(); failed != nil {
		return *failed
	}
	if kind == hub.Ordinary && !w.store.reserve.restored() {
		return errFull
	}
	return nil
}

func (w *writer) reply(c *command, err error) {
	w.store.counts.commands.Add(1)
	c.answer <- err
}

func (w *writer) replyAll(batch []*command, err error) {
	for _, c := range batch {
		w.reply(c, err)
	}
}

// attempt runs commands in one transaction and, when that is durable, answers them. On an error nothing happened;
// culprit is the command by whose fault, -1 if it was nobody's.
func (w *writer) attempt(batch []*command) (culprit int, err error) {
	ctx, cancel := w.limit(batch)
	defer cancel()
	if err := w.begin(ctx, batch[0].kind == hub.Closing); err != nil {
		return -1, w.note(err)
	}
	now, writes := w.store.clock.next(), 0
	var outbox []hub.OutboxRow
	for i, c := range batch {
		t := w.newTx(ctx, now)
		if err := c.call(t); err != nil {
			w.undo(ctx, err)
			return culpritOf(i, err), w.note(err)
		}
		writes += t.writes
		outbox = append(outbox, t.outbox...)
	}
	if err := w.finish(ctx, writes); err != nil {
		return -1, w.note(err)
	}
	w.committed(batch, writes, outbox)
	return 0, nil
}

// limit bounds the time of a transaction, but not of one that cannot be repeated.
func (w *writer) limit(batch []*command) (context.Context, context.CancelFunc) {
	if batch[0].once {
		return context.Background(), func() {}
	}
	return w.store.engine.limit()
}

func (w *writer) begin(ctx context.Context, closing bool) error {
	if w.link == nil {
		l, err := w.store.engine.connect(ctx)
		if err != nil {
			return w.judge(err)
		}
		w.link = l
	}
	if err := w.store.engine.begin(ctx, w.link, closing); err != nil {
		w.disconnect()
		return w.judge(err)
	}
	return nil
}

func (w *writer) newTx(ctx context.Context, now time.Time) *tx {
	t := &tx{link: w.link, judgeOnly: w.judge, now: now, ids: w.store.clock}
	t.reader = reader{ctx: ctx, q: w.link.q, judge: func(err error) error {
		err = w.judge(err)
		t.fail(err)
		return err
	}}
	return t
}

func (w *writer) judge(err error) error { return &failure{w.store.engine.classify(err), err} }

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

// culpritOf gives i when the command itself is at fault, not the database under all of them.
func culpritOf(i int, err error) int {
	if f := faultOf(err); f == faultOther || f == faultConflict {
		return i
	}
	return -1
}

// undo rolls back. A connection that cannot even do that is of no use.
func (w *writer) undo(ctx context.Context, cause error) {
	if f := faultOf(cause); f == faultLost || f == faultReadonly || !w.link.rollback(ctx) {
		w.disconnect()
	}
}

func (w *writer) disconnect() {
	if w.link != nil {
		w.link.drop()
		w.link = nil
	}
}

// finish commits. Without a change there is nothing to keep, and nothing to wait for.
func (w *writer) finish(ctx context.Context, writes int) error {
	if writes == 0 {
		w.undo(ctx, nil)
		return nil
	}
	err := w.store.engine.commit(ctx, w.link)
	if err == nil {
		return nil
	}
	err = w.judge(err)
	if faultOf(err) != faultLost {
		w.undo(ctx, err)
		return err
	}
	return w.settle(err)
}

var errInDoubt = errors.New("the connection was lost during the commit")

func (w *writer) settle(lost error) error {
	l := w.link
	w.disconnect()
	committed, err := w.store.engine.settle(l)
	switch {
	case err != nil:
		return &failure{faultDoubt, errors.Join(errInDoubt, lost, err)}
	case !committed:
		return lost
	}
	return nil
}

// note keeps what an error says about the storage.
func (w *writer) note(err error) error {
	switch f := faultOf(err); {
	case f == faultFull:
		w.store.full.Store(true)
	case f.fatal():
		w.store.fail(f.public(err))
	}
	return err
}

func (w *writer) committed(batch []*command, writes int, outbox []hub.OutboxRow) {
	if writes > 0 {
		w.store.counts.commits.Add(1)
		w.store.full.Store(false)
	}
	if len(outbox) > 0 && w.store.options.OnCommit != nil {
		w.store.options.OnCommit(outbox)
	}
	for _, c := range batch {
		w.reply(c, c.verdict)
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
