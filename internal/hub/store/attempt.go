package store

import (
	"context"
	"errors"

	"github.com/keyshift-hq/keyshift/internal/hub"
)

// attempt runs commands in one transaction and, when that is durable, answers them. On an error nothing happened;
// culprit is the command by whose fault, -1 if it was nobody's.
func (w *writer) attempt(batch []*command) (culprit int, err error) {
	ctx, cancel := w.limit(batch)
	defer cancel()
	if err := w.begin(ctx, batch[0].kind == hub.Closing); err != nil {
		return -1, w.note(err)
	}
	b := newBatch(ctx, w.store, w.link, w.store.clock.next())
	if culprit, err := w.run(b, batch); err != nil {
		w.undo(ctx, err)
		return culprit, w.note(err)
	}
	if err := w.finish(ctx, b.writes); err != nil {
		return -1, w.note(err)
	}
	w.store.lent(b.lent)
	w.committed(batch, b.writes, b.outbox)
	return 0, nil
}

// run calls the commands and sends what they change.
func (w *writer) run(b *batch, commands []*command) (culprit int, err error) {
	if err := b.lookAhead(commands); err != nil {
		return -1, w.judge(err)
	}
	for i, c := range commands {
		err := c.call(w.newTx(b, i))
		if b.err != nil {
			return b.culprit(), b.err
		}
		if err != nil {
			return culpritOf(i, err), err
		}
		b.writes, b.lent = b.writes+b.tx.writes, b.lent+b.tx.lent
		b.outbox = append(b.outbox, b.tx.outbox...)
	}
	err = b.send()
	return b.culprit(), err
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

func (w *writer) newTx(b *batch, place int) *tx {
	t := &tx{batch: b, place: place, link: w.link, judgeOnly: w.judge, now: b.now, ids: w.store.clock}
	t.reader = reader{ctx: b.ctx, queries: w.link.q, before: b.sendNow, count: w.store.countOne, judge: func(err error) error {
		err = w.judge(err)
		t.fail(err)
		return err
	}}
	b.tx = t
	return t
}

func (w *writer) judge(err error) error { return &failure{w.store.engine.classify(err), err} }

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
