package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A hub that did not end in order verifies its database. After a kill, the tables by which it decides are verified before
// anything is served, and the audit log, which is most of a database, while the hub serves: new events are written behind it,
// and what is told of old ones is proven by the tree. Damage that is found then ends the store, and the next start
// verifies everything first, as it does when somebody changed the file.

// history are the tables that are verified last.
var history = []string{"audit_events", "audit_hashes"}

// verification says what has to be verified before the database is used, and marks the database until it is.
func (l *dirLock) verification(e *sqliteEngine) func(context.Context) error {
	switch {
	case l.clean():
		return func(context.Context) error { return nil }
	case l.killed():
		return e.verifyTables
	}
	return func(ctx context.Context) error { return errors.Join(l.doubted(), e.verify(ctx, e.pool, "1")) }
}

// verifyTables looks at all tables but those of the history.
func (e *sqliteEngine) verifyTables(ctx context.Context) error {
	e.unverified.Store(true)
	var names string
	err := e.pool.QueryRowContext(ctx, "SELECT COALESCE(group_concat(name), '') FROM sqlite_master WHERE type = 'table'").Scan(&names)
	if err != nil {
		return fmt.Errorf("list tables: %w", err)
	}
	for _, name := range strings.Split(names, ",") {
		if name == "" || slices.Contains(history, name) {
			continue
		}
		if err := e.verify(ctx, e.pool, name); err != nil {
			return err
		}
	}
	return nil
}

// verifyRest looks at every page, if that was not done before.
func (e *sqliteEngine) verifyRest(ctx context.Context) error {
	if !e.unverified.Load() {
		return nil
	}
	pool, err := openPool(e.dsn("_pragma=query_only(1)"), 1)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := e.verify(ctx, pool, "1"); err != nil {
		return errors.Join(err, e.doubt(err))
	}
	e.unverified.Store(false)
	return nil
}

// doubt remembers damage for the next start.
func (e *sqliteEngine) doubt(err error) error {
	if e.meaning(err).fatal() {
		return e.lock.doubted()
	}
	return nil
}

// verify looks at the pages of a table, or at all for "1", and takes the first complaint.
func (e *sqliteEngine) verify(ctx context.Context, pool *sql.DB, what string) error {
	var found string
	if err := pool.QueryRowContext(ctx, "PRAGMA quick_check("+what+")").Scan(&found); err != nil {
		return fmt.Errorf("verify database: %w", err)
	}
	if found != "ok" {
		return fmt.Errorf("verify database: %w", &failure{faultDamaged, errors.New(found)})
	}
	return nil
}
