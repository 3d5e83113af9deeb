package store

import (
	"context"
	"errors"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
)

// attempt runs commands in one transaction and, when that is durable, answers them. On an error nothing happened;
// culprit is the command by whose fault, -1 if it was nobody's. A transaction whose last changes met other rows than they
// expected runs once more, with a look at each of them.
func (w *writer) attempt(batch []*command) (culprit int, err error) {
	if f, ok := w.guess(batch); ok {
		if err := w.tryGuess(batch[0], f); !errors.Is(err, errMissed) {
			return -1, err
		}
	}
	culprit, err = w.try(batch, w.store.engine.together() && !batch[0].once)
	if errors.Is(err, errMissed) {
		return w.try(batch, false)
	}
	return culprit, err
}

// try is one run. With together, the last changes go with the commit.
func (w *writer) try(commands []*command, together bool) (culprit int, err error) {
	ctx, cancel := w.limit(commands)
	defer cancel()
	b, err := w.begin(ctx, commands)
	if err != nil {
		return -1, w.note(err)
	}
	culprit, err = w.run(b, commands)
	if err == nil && !together {
		culprit, err = w.send(b)
	}
	if err != nil {
		w.undo(ctx, err)
		return culprit, w.note(err)
	}
	if culprit, err := w.finish(b); err != nil {
		return culprit, w.note(err)
	}
	w.store.lent(b.lent)
	w.committed(commands, b.writes, b.outbox)
	return 0, nil
}

// run calls the commands.
func (w *writer) run(b *batch, commands []*command) (culprit int, err error) {
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
	return 0, nil
}

func (w *writer) send(b *batch) (culprit int, err error) {
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

// begin begins a transaction and reads ahead in it. Its moment comes after that: on PostgreSQL, after those it waited for.
func (w *writer) begin(ctx context.Context, commands []*command) (*batch, error) {
	if w.link == nil {
		l, err := w.store.engine.connect(ctx)
		if err != nil {
			return nil, w.judge(err)
		}
		w.link = l
	}
	b := newBatch(ctx, w.store, w.link, len(commands))
	questions := b.lookAhead(commands)
	w.store.counts.statements.Add(int64(len(questions)))
	if err := w.store.engine.begin(ctx, w.link, commands[0].kind, questions); err != nil {
		w.disconnect()
		return nil, w.judge(err)
	}
	w.link.memory.learn(b.facts)
	b.now = w.store.clock.next()
	return b, nil
}

func (w *writer) newTx(b *batch, place int) *tx {
	t := &tx{batch: b, place: place, link: w.link, judgeOnly: w.judge, now: b.now, ids: w.store.clock}
	t.reader = reader{ctx: b.ctx, queries: w.link.q, before: b.sendNow, count: w.store.countOne, judge: func(err error) error {
		err = w.judge(err)
		t.fail(err)
		return err
	}}
	if b.guessed {
		t.queries, t.before = db.New(unasked{}), nil
	}
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

// finish sends what still waits, and commits. Without a change there is nothing to keep, and nothing to wait for.
func (w *writer) finish(b *batch) (culprit int, err error) {
	if b.writes == 0 {
		w.undo(b.ctx, nil)
		return 0, nil
	}
	groups, statements := b.takeWaiting()
	end := completion{last: make([]expecting, len(groups)), alone: b.alone, whole: b.guessed}
	for i, g := range groups {
		end.last[i] = expecting{statements[i], g.expected()}
	}
	ran, err := w.store.engine.commit(b.ctx, w.link, end)
	switch {
	case err == nil:
		return 0, nil
	case errors.Is(err, errMissed):
		w.undo(b.ctx, nil)
		return -1, err
	case errors.Is(err, errNoMark): // nothing was committed
		w.disconnect()
		return -1, &failure{faultLost, errNoMark}
	}
	judged := w.judge(err)
	if faultOf(judged) == faultLost {
		return -1, w.settle(judged)
	}
	if ran < len(groups) {
		b.refused(groups[ran], err)
		judged = b.err
	}
	w.undo(b.ctx, judged)
	return b.culprit(), judged
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
