package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// batch is what the commands of one transaction share: changes that wait, to be sent together, and facts that were read
// for all of them at once. Both save round trips; neither changes what a command sees. Every query of a command sends
// first what waits, and a fact is forgotten when somebody changes what it is about.
type batch struct {
	ctx   context.Context
	link  *link
	store *Store
	// alone: there is one command.
	alone bool
	// guessed: the transaction has not begun yet; see tryGuess.
	guessed bool
	// asked is when it was looked ahead, now the moment of the transaction.
	asked, now time.Time
	// tx is the command that runs, waiting what it and those before it changed.
	tx      *tx
	waiting []*change
	later   *db.Queries
	facts   []foreseen
	// leases: among what waits are changes of leases.
	leases bool
	// changed are the things that facts are not valid for any more.
	changed map[keyshift.ID]bool
	// writes, lent and outbox are those of all commands so far.
	writes int
	lent   int64
	outbox []hub.OutboxRow
	// broken is the command that a waiting change failed for; nil if none did, or nobody is to blame.
	broken *tx
	err    error
}

// change is a statement that waits. It has to change one row.
type change struct {
	statement
	by *tx
	// missed says what to do when it changed none; nil means that somebody else was faster.
	missed func() error
	// any number of rows will do.
	any bool
	// event: it writes an audit event.
	event bool
}

// statement is one for the database.
type statement struct {
	text string
	args []any
}

func newBatch(ctx context.Context, s *Store, l *link, commands int) *batch {
	b := &batch{ctx: ctx, link: l, store: s, alone: commands == 1, asked: s.clock.next()}
	b.later, b.changed = db.New(recorder{b}), map[keyshift.ID]bool{}
	return b
}

// recorder stands for the database where a change can wait.
type recorder struct{ *batch }

// ExecContext claims that one row was changed.
func (r recorder) ExecContext(_ context.Context, text string, args ...any) (sql.Result, error) {
	r.waiting = append(r.waiting, &change{statement: statement{text, args}, by: r.tx})
	return oneRow{}, nil
}

var errNotRecorded = errors.New("only changes can wait")

func (recorder) PrepareContext(context.Context, string) (*sql.Stmt, error) {
	return nil, errNotRecorded
}

func (recorder) QueryContext(context.Context, string, ...any) (*sql.Rows, error) {
	return nil, errNotRecorded
}

func (recorder) QueryRowContext(context.Context, string, ...any) *sql.Row { panic(errNotRecorded) }

type oneRow struct{}

func (oneRow) LastInsertId() (int64, error) { return 0, errNotRecorded }
func (oneRow) RowsAffected() (int64, error) { return 1, nil }

// change notes that what was read ahead of something does not hold any more.
func (b *batch) change(id keyshift.ID) { b.changed[id] = true }

// sendNow is send for who asks the database next: what went wrong is found in err.
func (b *batch) sendNow() { _ = b.send() }

// culprit is the place of the command for which sending failed, -1 if nobody is to blame.
func (b *batch) culprit() int {
	if b.broken == nil {
		return -1
	}
	return culpritOf(b.broken.place, b.err)
}

// last is the change that was recorded last.
func (b *batch) last() *change { return b.waiting[len(b.waiting)-1] }

// send sends what waits. What goes wrong is noted with the command that is to blame.
func (b *batch) send() error {
	if b.err != nil || len(b.waiting) == 0 {
		return b.err
	}
	groups, statements := b.takeWaiting()
	counts, err := b.store.engine.run(b.ctx, b.link, statements)
	for i := 0; i < len(counts) && b.err == nil; i++ {
		b.settle(groups[i], counts[i])
	}
	if err != nil && b.err == nil {
		b.refused(groups[len(counts)], err)
	}
	return b.err
}

// takeWaiting gives what waits, joined.
func (b *batch) takeWaiting() (groups []group, statements []statement) {
	groups = b.joined(b.waiting)
	b.waiting, b.leases = nil, false
	for _, g := range groups {
		statements = append(statements, g.statement)
	}
	b.store.counts.statements.Add(int64(len(statements)))
	return groups, statements
}

// refused takes the database's error for a group.
func (b *batch) refused(g group, err error) {
	f := b.store.engine.classify(err)
	err = &failure{f, err}
	if g.changes[0].event && f == faultOther {
		err = errUnrecorded.Because(err)
	}
	b.blame(g, err)
}

// expected is how many rows a group has to change, -1 if that does not matter.
func (g group) expected() int {
	if g.changes[0].any {
		return -1
	}
	return len(g.changes)
}

// settle looks at how many rows a group changed.
func (b *batch) settle(g group, n int64) {
	first := g.changes[0]
	switch {
	case first.any || n == int64(g.expected()):
	case first.missed != nil:
		if err := first.missed(); err != nil {
			b.blame(g, err)
		}
	default:
		b.blame(g, &failure{faultConflict, errConflict})
	}
}

// blame ends the batch. Of commands whose changes were joined nobody knows which it was.
func (b *batch) blame(g group, err error) {
	b.err, b.broken = err, g.changes[0].by
	for _, c := range g.changes {
		if c.by != b.broken {
			b.broken = nil
			return
		}
	}
}

// group is some changes that are one statement.
type group struct {
	statement
	changes []*change
}

// joined puts changes by the same statement side by side, in the order in which each statement came first. There are few kinds.
func (b *batch) joined(changes []*change) (groups []group) {
	var kinds [][]*change
	for _, c := range changes {
		i := slices.IndexFunc(kinds, func(kind []*change) bool { return kind[0].text == c.text })
		if i < 0 {
			i, kinds = len(kinds), append(kinds, nil)
		}
		kinds[i] = append(kinds[i], c)
	}
	for _, kind := range kinds {
		groups = append(groups, b.splitGroup(kind)...)
	}
	return groups
}

// splitGroup joins what the engine takes at once.
func (b *batch) splitGroup(rest []*change) (groups []group) {
	for len(rest) > 0 {
		s, n := rest[0].statement, 1
		if len(rest) > 1 && rest[0].missed == nil && !rest[0].any {
			s, n = b.store.engine.join(s.text, rowsOf(rest))
		}
		groups = append(groups, group{s, rest[:n]})
		rest = rest[n:]
	}
	return groups
}

func rowsOf(changes []*change) [][]any {
	rows := make([][]any, len(changes))
	for i, c := range changes {
		rows[i] = c.args
	}
	return rows
}
