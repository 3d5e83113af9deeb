package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/keyshift-hq/keyshift/internal/hub"
)

// A transaction is two ways to the server: one begins it, takes the locks and reads ahead; the other brings all changes, the
// mark and the commit. Only what a command asks in between takes one more; what is guessed right takes one less (guess.go).

// begin takes the locks before whatever reads. That of the writer is there for settle, which must wait also for a COMMIT that is
// still on its way.
func (e *postgresEngine) begin(ctx context.Context, l *link, kind hub.WriteKind, ahead []question) error {
	l.batch, l.whole = l.batch+1, false
	way := &pgx.Batch{}
	way.Queue("BEGIN")
	way.Queue(locksFor(kind), l.writer, int64(closingLock))
	for _, q := range ahead {
		way.Queue(q.text, q.args...)
	}
	return l.send(ctx, way, func(results pgx.BatchResults) error {
		for range 2 {
			if _, err := results.Exec(); err != nil {
				return err
			}
		}
		return answers(results, ahead)
	})
}

// locksFor takes the lock that a writer holds as long as it has a transaction, and that of closing: both in one statement, because
// each more would cost a transaction of a single command a twentieth. Upkeep decides nothing about rights, so closing writes
// need not wait for it.
func locksFor(kind hub.WriteKind) string {
	const own = "SELECT pg_advisory_xact_lock($1)"
	switch kind {
	case hub.Closing:
		return own + ", pg_advisory_xact_lock($2)"
	case hub.Upkeep:
		return own + ", $2::bigint"
	case hub.Ordinary, hub.Releasing:
	}
	return own + ", pg_advisory_xact_lock_shared($2)"
}

// freeLocks takes the locks of a closing transaction where nobody else holds them, and not after the time at which the writer gives up.
// What it is dated to must be true by then; a connection can keep what it carries for minutes.
const freeLocks = "SELECT 1 / CASE WHEN extract(epoch FROM clock_timestamp()) * 1000000 < $3::bigint AND pg_try_advisory_xact_lock($1) AND pg_try_advisory_xact_lock($2) THEN 1 ELSE 0 END"

// mark notes in the transaction which one it is; see settle.
func (l *link) mark() expecting {
	return expecting{statement{markText, []any{l.batch, time.Now().UnixMicro(), l.writer}}, 1}
}

// markText does nothing to a mark that was turned over; see closeMark.
const markText = "UPDATE write_marks SET batch = $1, at = $2 WHERE writer = $3 AND batch >= 0"

// errNoMark is about a mark that somebody removed. A new connection makes a new one.
var errNoMark = fmt.Errorf("the writer's mark is gone: %w", driver.ErrBadConn)

func answers(results pgx.BatchResults, asked []question) error {
	for _, q := range asked {
		rows, err := results.Query()
		for err == nil && rows.Next() {
			err = q.take(postgresRow{rows})
		}
		if rows != nil {
			rows.Close()
			err = errors.Join(err, rows.Err())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// send sends all of a batch at once. The driver would watch ctx with a goroutine each time; that it ends at a moment, which is all
// that it can do, the connection itself is told. A closed one is left alone: the driver may be ending it with a deadline of its own.
func (l *link) send(ctx context.Context, way *pgx.Batch, read func(pgx.BatchResults) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.conn.Raw(func(below any) error {
		conn := below.(*stdlib.Conn).Conn() //nolint:forcetypeassert // the pool is of this driver
		if until, ends := ctx.Deadline(); ends {
			wire := conn.PgConn().Conn()
			if err := wire.SetDeadline(until); err != nil {
				return err
			}
			defer func() {
				if !conn.IsClosed() {
					_ = wire.SetDeadline(time.Time{})
				}
			}()
			ctx = context.WithoutCancel(ctx)
		}
		results := conn.SendBatch(ctx, way)
		return errors.Join(read(results), results.Close())
	})
}

// run sends all statements in one round trip.
func (e *postgresEngine) run(ctx context.Context, l *link, statements []statement) (counts []int64, err error) {
	way := &pgx.Batch{}
	for _, s := range statements {
		way.Queue(s.text, s.args...)
	}
	err = l.send(ctx, way, func(results pgx.BatchResults) error {
		for range statements {
			tag, err := results.Exec()
			if err != nil {
				return err
			}
			counts = append(counts, tag.RowsAffected())
		}
		return nil
	})
	return counts, err
}

// join makes arrays of the rows.
func (e *postgresEngine) join(text string, rows [][]any) (statement, int) {
	if len(rows) > 1 {
		if columns, types := columnsOf(rows); columns != nil {
			if joined := overArrays(text, types); joined != "" {
				return statement{joined, columns}, len(rows)
			}
		}
	}
	return statement{text, rows[0]}, 1
}

func (e *postgresEngine) beside() bool   { return true }
func (e *postgresEngine) together() bool { return true }

// commit sends COMMIT together with the last statements and the mark. Nobody looks at their outcome before it is done, so the server
// does: a statement that misses its rows divides by zero or finds what is there already, and everything behind it is not done. Those of a command that is alone
// become one.
func (e *postgresEngine) commit(ctx context.Context, l *link, end completion) (ran int, err error) {
	way := &pgx.Batch{}
	if end.whole {
		l.batch, l.whole = l.batch+1, true
		until, _ := ctx.Deadline() // whoever guesses has one
		way.Queue("BEGIN")
		way.Queue(freeLocks, l.writer, int64(closingLock), until.UnixMicro())
	}
	first, unions := way.Len(), unite(append(end.last, l.mark()), end.alone)
	for _, u := range unions {
		guarded := u.guarded()
		way.Queue(guarded.text, guarded.args...)
	}
	way.Queue("COMMIT")
	err = l.send(ctx, way, func(results pgx.BatchResults) error {
		for range first {
			if _, err := results.Exec(); err != nil {
				return e.notBegun(err)
			}
		}
		for _, u := range unions {
			if _, err := results.Exec(); err != nil {
				return e.missed(u, err)
			}
			ran += len(u)
		}
		return committed(results.Exec())
	})
	return ran, err
}

// The SQLSTATEs of a guard: no statement of ours divides or takes several rows for one, and what is there already is no conflict
// before it was looked at.
const (
	divisionByZero  = "22012"
	severalRows     = "21000"
	uniqueViolation = "23505"
)

// notBegun is errNotAtOnce unless the connection or the server is at fault.
func (e *postgresEngine) notBegun(err error) error {
	if e.classify(err) == faultOther {
		return errNotAtOnce
	}
	return err
}

// missed also is what nobody can tell of a union: which of its statements it was.
func (e *postgresEngine) missed(u union, err error) error {
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		return err
	}
	f := e.classify(err)
	if pe.Code == divisionByZero && len(u) == 1 && u[0].text == markText {
		return errNoMark
	}
	if pe.Code == divisionByZero || pe.Code == severalRows || pe.Code == uniqueViolation || len(u) > 1 && (f == faultOther || f == faultConflict || f == faultFull) {
		return errMissed
	}
	return err
}

// committed is an error also when the server rolled back instead, as it answers in a transaction that failed before.
func committed(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.String() != "COMMIT" {
		err = fmt.Errorf("commit: the server answered %s", tag)
	}
	return err
}
