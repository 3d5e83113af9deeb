package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// sqliteEngine keeps everything in one file, with one connection that writes and some that read. A write-ahead log
// and synchronous=FULL make a commit durable before it returns.
type sqliteEngine struct {
	path        string
	lock        *dirLock
	pool, reads *sql.DB
}

// sqliteReaders is how many reads run at once; more would only wait for each other on the processors.
const sqliteReaders = 4

func openSQLite(ctx context.Context, path string) (*sqliteEngine, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("read database path: %w", err)
	}
	if err := prepareDir(filepath.Dir(path)); err != nil {
		return nil, storageError(err)
	}
	lock, err := lockDir(path)
	if err != nil {
		return nil, storageError(err)
	}
	e := &sqliteEngine{path: path, lock: lock}
	if err := e.open(ctx); err != nil {
		return nil, errors.Join(e.judged(err), e.closePools(), lock.release())
	}
	return e, nil
}

// openBeside opens a file that a hub may have open. SQLite keeps the two writers apart; who runs the hub is none of ours.
func openBeside(ctx context.Context, path string) (*sqliteEngine, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("read database path: %w", err)
	}
	_, err = os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, keyshift.Refuse(keyshift.CodeNotFound, "There is no hub's database at "+path+".",
			"Name the one of your hub with --data-dir or --database; the first start of keyshift-hub serve makes one.").Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("find database: %w", err)
	}
	e := &sqliteEngine{path: path}
	if err := e.openPools(ctx); err != nil {
		return nil, errors.Join(e.judged(err), e.closePools())
	}
	return e, nil
}

func (e *sqliteEngine) open(ctx context.Context) error {
	clean := e.lock.clean()
	if err := errors.Join(e.lock.opened(), prepareFile(e.path), e.openPools(ctx)); err != nil || clean {
		return err
	}
	return e.verify(ctx)
}

// openPools keeps page caches small: every connection has its own, and the system's cache is behind them all.
func (e *sqliteEngine) openPools(ctx context.Context) error {
	var err error
	if e.pool, err = openPool(e.dsn("_pragma=journal_mode(WAL)&_pragma=cache_size(-4096)"), 1); err != nil {
		return err
	}
	if e.reads, err = openPool(e.dsn("_pragma=query_only(1)&_pragma=cache_size(-2048)"), sqliteReaders); err != nil {
		return err
	}
	var mode string
	if err := e.pool.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if mode != "wal" {
		return fmt.Errorf("open database: %s does not take a write-ahead log; put it on a local disk", e.path)
	}
	return nil
}

// dsn has what holds for every connection, and more. fullfsync makes macOS reach the disk itself.
func (e *sqliteEngine) dsn(more string) string {
	path := filepath.ToSlash(e.path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter
	}
	return "file://" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(5000)&" + more + "&_pragma=synchronous(FULL)&_pragma=fullfsync(1)&_pragma=checkpoint_fullfsync(1)" +
		"&_pragma=wal_autocheckpoint(4000)&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)&_pragma=journal_size_limit(67108864)" +
		"&_txlock=immediate&_dqs=0&_defensive=1&_error_rc=1"
}

func openPool(dsn string, size int) (*sql.DB, error) {
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return pool, nil
}

// verify looks at every page after a hub that did not end in order, or when somebody changed the file. It does so over a
// connection of its own, so that what it has read does not stay in memory.
func (e *sqliteEngine) verify(ctx context.Context) error {
	pool, err := openPool(e.dsn("_pragma=query_only(1)"), 1)
	if err != nil {
		return err
	}
	defer func() { _ = pool.Close() }()
	var found string
	if err := pool.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return fmt.Errorf("verify database: %w", err)
	}
	if found != "ok" {
		return fmt.Errorf("verify database: %w", &failure{faultDamaged, errors.New(found)})
	}
	return nil
}

func (e *sqliteEngine) standbyAsync(context.Context) (bool, error) { return false, nil }

func (e *sqliteEngine) name() string     { return "SQLite" }
func (e *sqliteEngine) database() string { return e.path }
func (e *sqliteEngine) snapshot() string { return "BEGIN" }

func (e *sqliteEngine) migrating() (*sql.DB, goose.Dialect, []goose.ProviderOption, error) {
	return e.pool, goose.DialectSQLite3, nil, nil
}

func (e *sqliteEngine) schemaTable() string {
	return "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'goose_db_version'"
}

func (e *sqliteEngine) read() (*sql.DB, *db.Queries) {
	return e.reads, db.New(newPreparing(e.reads))
}

func (e *sqliteEngine) clock(context.Context) (time.Time, error) { return time.Time{}, nil }

func (e *sqliteEngine) connect(ctx context.Context) (*link, error) {
	conn, err := e.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	prepared := newPreparing(conn)
	return &link{conn: conn, q: db.New(prepared), prepared: prepared}, nil
}

// limit sets none: a file does not go away, and a context that can end costs a goroutine for each statement.
func (e *sqliteEngine) limit() (context.Context, context.CancelFunc) {
	return context.Background(), func() {}
}

func (e *sqliteEngine) begin(ctx context.Context, l *link, _ hub.WriteKind, ahead []question) error {
	_, err := l.prepared.ExecContext(ctx, "BEGIN IMMEDIATE")
	for i := 0; i < len(ahead) && err == nil; i++ {
		err = l.ask(ctx, ahead[i])
	}
	return err
}

func (l *link) ask(ctx context.Context, q question) error {
	rows, err := l.prepared.QueryContext(ctx, q.text, q.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := q.take(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (e *sqliteEngine) run(ctx context.Context, l *link, statements []statement) (counts []int64, err error) {
	for _, s := range statements {
		result, err := l.prepared.ExecContext(ctx, s.text, s.args...)
		if err != nil {
			return counts, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return counts, err
		}
		counts = append(counts, n)
	}
	return counts, nil
}

// join repeats the row.
func (e *sqliteEngine) join(text string, rows [][]any) (statement, int) {
	if n := largest(len(rows)); n > 1 {
		if joined := repeat(text, n, len(rows[0])); joined != "" {
			return statement{joined, slices.Concat(rows[:n]...)}, n
		}
	}
	return statement{text, rows[0]}, 1
}

func (e *sqliteEngine) beside() bool { return false }

// together: there is no way to a server that could be spared.
func (e *sqliteEngine) together() bool { return false }

func (e *sqliteEngine) commit(ctx context.Context, l *link, _ completion) (int, error) {
	_, err := l.prepared.ExecContext(ctx, "COMMIT")
	return 0, err
}

// settle is never in doubt: without a commit that returned there was none, as far as this process can tell.
func (e *sqliteEngine) settle(*link) (bool, error) { return false, nil }

// close leaves the mark of an orderly end only if the write-ahead log could be brought into the database.
func (e *sqliteEngine) close(orderly bool) error {
	err := e.closePools()
	if e.lock == nil {
		return err
	}
	if _, left := os.Stat(e.path + "-wal"); orderly && err == nil && errors.Is(left, fs.ErrNotExist) {
		err = e.lock.closed()
	}
	return errors.Join(err, e.lock.release())
}

func (e *sqliteEngine) closePools() error {
	var errs []error
	for _, pool := range []*sql.DB{e.reads, e.pool} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}
