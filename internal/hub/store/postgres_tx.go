package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// A transaction is two ways to the server: one begins it, takes the lock, makes the mark and reads ahead; the other brings
// all changes and the commit. Only what a command asks in between takes one more.

// begin makes the mark here and not with the commit, because its row has to be locked before COMMIT is sent: settle must
// wait also for a COMMIT that is still on its way. The lock comes before whatever reads.
func (e *postgresEngine) begin(ctx context.Context, l *link, closing bool, ahead []question) error {
	lock := "SELECT pg_advisory_xact_lock_shared($1)"
	if closing {
		lock = "SELECT pg_advisory_xact_lock($1)"
	}
	l.batch++
	way := &pgx.Batch{}
	way.Queue("BEGIN")
	way.Queue(lock, int64(closingLock))
	way.Queue("UPDATE write_marks SET batch = $1, at = $2 WHERE writer = $3", l.batch, time.Now().UnixMicro(), l.writer)
	for _, q := range ahead {
		way.Queue(q.text, q.args...)
	}
	return l.send(ctx, way, func(results pgx.BatchResults) error {
		for range 3 {
			if _, err := results.Exec(); err != nil {
				return err
			}
		}
		return answers(results, ahead)
	})
}

func answers(results pgx.BatchResults, asked []question) error {
	for _, q := range asked {
		rows, err := results.Query()
		for err == nil && rows.Next() {
			err = q.take(rows)
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

// send sends all of a batch at once.
func (l *link) send(ctx context.Context, way *pgx.Batch, read func(pgx.BatchResults) error) error {
	return l.conn.Raw(func(driver any) error {
		results := driver.(*stdlib.Conn).Conn().SendBatch(ctx, way) //nolint:forcetypeassert // the pool is of this driver
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

func (e *postgresEngine) together() bool { return true }

// commit sends COMMIT together with the last statements. Nobody looks at their outcome before it is done, so the server
// does: a statement that misses its rows divides by zero, and everything behind it is not done.
func (e *postgresEngine) commit(ctx context.Context, l *link, last []expecting) (ran int, err error) {
	if len(last) == 0 {
		_, err := l.conn.ExecContext(ctx, "COMMIT")
		return 0, err
	}
	way := &pgx.Batch{}
	for _, s := range last {
		guarded := s.guarded()
		way.Queue(guarded.text, guarded.args...)
	}
	way.Queue("COMMIT")
	err = l.send(ctx, way, func(results pgx.BatchResults) error {
		for range last {
			if _, err := results.Exec(); err != nil {
				return missed(err)
			}
			ran++
		}
		return committed(results.Exec())
	})
	return ran, err
}

// guarded is the statement, but an error when it changes other than the rows it has to.
func (s expecting) guarded() statement {
	if s.rows < 0 {
		return s.statement
	}
	text := fmt.Sprintf("WITH done AS (\n%s\nRETURNING 1)\nSELECT 1 / CASE WHEN count(*) = $%d THEN 1 ELSE 0 END FROM done", s.text, len(s.args)+1)
	return statement{text, append(slices.Clip(s.args), int64(s.rows))}
}

// divisionByZero is the SQLSTATE of a guard; no statement of ours divides.
const divisionByZero = "22012"

func missed(err error) error {
	var pe *pgconn.PgError
	if errors.As(err, &pe) && pe.Code == divisionByZero {
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
