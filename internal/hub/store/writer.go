package store

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
)

// largestBatch bounds how many commands share a transaction.
const largestBatch = 256

// writer runs the commands of a queue.
type writer struct {
	store *Store
	queue chan *command
	link  *link
}

func (w *writer) work() {
	for {
		select {
		case <-w.store.stop:
			w.disconnect()
			return
		case c := <-w.queue:
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
	case c := <-w.queue:
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
		return mayUseReserve(c.kind) && w.store.reserve.spend()
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
	if !mayUseReserve(kind) && !w.store.reserve.restored() {
		return errFull
	}
	return nil
}

func mayUseReserve(kind hub.WriteKind) bool { return kind == hub.Closing || kind == hub.Releasing }

func (w *writer) reply(c *command, err error) {
	w.store.counts.commands.Add(1)
	c.answer <- w.store.withFree(err)
}

func (w *writer) replyAll(batch []*command, err error) {
	for _, c := range batch {
		w.reply(c, err)
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
