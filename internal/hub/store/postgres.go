package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"golang.org/x/sync/errgroup"

	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
)

// postgresEngine shares one database among any number of hubs.
//
// Ordinary batches hold an advisory lock together, closing ones hold it alone: what takes rights away waits for what
// is under way anywhere, upkeep aside, and sees it. The lock is taken before the first statement that reads, and each statement
// reads what was committed before it (read committed).
type postgresEngine struct {
	target      string
	pool, reads *sql.DB
	// settling is how long a writer looks for the outcome of a commit that lost its connection.
	settling time.Duration
}

const (
	// closingLock is the key of the advisory lock.
	closingLock = 0x6b657973 // "keys"
	// oldestServer is PostgreSQL 15.
	oldestServer    = 150000
	postgresReaders = 12
	// postgresWrites are the connections of two writers and one to ask how a commit ended, or to migrate on.
	postgresWrites = 3
	// transactionLimit ends a transaction whose hub or server hangs, so that others do not wait for it for ever.
	transactionLimit = 30 * time.Second
	readLimit        = 15 * time.Second
)

// writerSettings have every statement planned once, by the indexes that it was written for: planning one takes longer than running
// it, and a plan that was made while the tables were small must be good for large ones too.
var writerSettings = map[string]string{
	"idle_in_transaction_session_timeout": milliseconds(transactionLimit),
	"plan_cache_mode":                     "force_generic_plan",
	"enable_seqscan":                      "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off",
}

func openPostgres(ctx context.Context, dsn string) (*postgresEngine, error) {
	config, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	e := &postgresEngine{
		settling: 10 * time.Second,
		target:   config.Host + "/" + config.Database,
		pool:     postgresPool(config, postgresWrites, writerSettings),
		reads:    postgresPool(config, postgresReaders, map[string]string{"statement_timeout": milliseconds(readLimit), "default_transaction_read_only": "on", "jit": "off"}),
	}
	var both errgroup.Group
	both.Go(func() error { return e.checkServer(ctx) })
	both.Go(func() error {
		_ = e.reads.PingContext(ctx) // opens its first connection meanwhile; who reads is told if there is none
		return nil
	})
	if err := both.Wait(); err != nil {
		return nil, errors.Join(err, e.close(false))
	}
	return e, nil
}

// parseDSN reads an address without ever quoting it: it may hold a password.
func parseDSN(dsn string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("read database address: it is not a usable postgres:// URL; write postgres://user@host:5432/name, the password into a .pgpass file")
	}
	// The simple protocol puts values into the text of statements; whatever the address asks for, it is not used.
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	config.ConnectTimeout = cmp.Or(config.ConnectTimeout, 10*time.Second)
	// Of several servers only the primary will do, also for reads: a standby may not know yet what was revoked. What the
	// address says about that (target_session_attrs) is not used; read-write would refuse our read-only sessions.
	config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	return config, nil
}

func postgresPool(config *pgx.ConnConfig, size int, settings map[string]string) *sql.DB {
	config = config.Copy()
	config.RuntimeParams["application_name"] = "keyshift-hub"
	config.RuntimeParams["default_transaction_isolation"] = "read committed"
	for name, value := range settings {
		config.RuntimeParams[name] = value
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	pool.SetConnMaxIdleTime(10 * time.Minute)
	return pool
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// checkServer refuses a server that would not keep what was acknowledged, or that cannot be written to.
func (e *postgresEngine) checkServer(ctx context.Context) error {
	var version, synchronous, encoding string
	row := e.pool.QueryRowContext(ctx, "SELECT current_setting('server_version_num'), current_setting('synchronous_commit'), current_setting('server_encoding')")
	err := row.Scan(&version, &synchronous, &encoding)
	switch {
	case errors.Is(err, pgconn.ErrStandbyConnection):
		return fmt.Errorf("connect to %s: it is a standby: %w", e.target, errReadonly)
	case err != nil:
		return fmt.Errorf("connect to %s: %w", e.target, e.classify(err).public(withoutAddress(err)))
	}
	number, _ := strconv.Atoi(version)
	switch {
	case number < oldestServer:
		return fmt.Errorf("check server: %s is PostgreSQL %d; Keyshift needs 15 or newer", e.target, number/10000)
	case encoding != "UTF8":
		return fmt.Errorf("check server: the database %s is in %s; make it with ENCODING 'UTF8'", e.target, encoding)
	case synchronous == "off":
		return fmt.Errorf("check server: %s has synchronous_commit off and would lose acknowledged changes in a crash; set it to on", e.target)
	}
	return nil
}

// standbyAsync counts who receives the write-ahead log. A role without pg_monitor sees that they are there, but not their
// state; a backup under way may so be taken for a standby.
func (e *postgresEngine) standbyAsync(ctx context.Context) (async bool, err error) {
	err = e.reads.QueryRowContext(ctx, "SELECT (current_setting('synchronous_standby_names') = '' OR current_setting('synchronous_commit') = 'local') "+
		"AND EXISTS (SELECT 1 FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup')").Scan(&async)
	return async, err
}

// withoutAddress keeps of a failed connection only its cause: the error of the driver repeats the address.
func withoutAddress(err error) error {
	var pe *pgconn.PgError
	var ne *net.OpError
	switch {
	case errors.As(err, &pe):
		return pe
	case errors.As(err, &ne):
		return ne
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	}
	return errors.New("no connection")
}

func (e *postgresEngine) name() string     { return "PostgreSQL" }
func (e *postgresEngine) database() string { return e.target }
func (e *postgresEngine) snapshot() string {
	return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0"
}

// migrating holds a lock of the session, so that of several hubs that start together one migrates and the others wait.
func (e *postgresEngine) migrating() (*sql.DB, goose.Dialect, []goose.ProviderOption, error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	return e.pool, goose.DialectPostgres, []goose.ProviderOption{goose.WithSessionLocker(locker)}, err
}

func (e *postgresEngine) schemaTable() string {
	return "SELECT count(*) FROM pg_class WHERE oid = to_regclass('goose_db_version')"
}

// read prepares nothing: the driver keeps what it prepared with each connection.
func (e *postgresEngine) read() (*sql.DB, *db.Queries) { return e.reads, db.New(e.reads) }

func (e *postgresEngine) clock(ctx context.Context) (time.Time, error) {
	var at int64
	err := e.reads.QueryRowContext(ctx, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").Scan(&at)
	return time.UnixMicro(at), err
}

// connect also makes the row by which the outcome of a commit can be asked for later, and removes those of hubs that
// are long gone.
func (e *postgresEngine) connect(ctx context.Context) (*link, error) {
	conn, err := e.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var b [8]byte
	_, _ = rand.Read(b[:])                                                                                          // never fails
	l := &link{conn: conn, q: db.New(conn), memory: newMemory(), writer: int64(binary.BigEndian.Uint64(b[:]) >> 1)} //nolint:gosec // 63 bits
	_, err = conn.ExecContext(ctx, fmt.Sprintf("DELETE FROM write_marks WHERE at < %d; INSERT INTO write_marks (writer, batch, at) VALUES (%d, 0, %d)",
		time.Now().Add(-7*24*time.Hour).UnixMicro(), l.writer, time.Now().UnixMicro()))
	if err != nil {
		l.drop()
		return nil, err
	}
	return l, nil
}

func (e *postgresEngine) limit() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), transactionLimit)
}

// settle reads the writer's mark, when the old transaction is not going on any more, so what is read is final. It went with the
// commit to a standby that took over, or neither did.
func (e *postgresEngine) settle(l *link) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), e.settling)
	defer cancel()
	var err error
	for ctx.Err() == nil {
		var committed bool
		if committed, err = e.marked(ctx, l); err == nil && !committed && l.whole {
			committed, err = e.closeMark(ctx, l)
		}
		if err == nil || e.classify(err) != faultLost {
			return committed, err
		}
		pause(ctx, 100*time.Millisecond)
	}
	return false, err
}

// marked waits for the lock of a writer that is gone, and looks whether its last transaction was committed.
func (e *postgresEngine) marked(ctx context.Context, l *link) (committed bool, err error) {
	if _, err = e.pool.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", l.writer)); err == nil {
		err = e.pool.QueryRowContext(ctx, fmt.Sprintf("SELECT batch = %d FROM write_marks WHERE writer = %d", l.batch, l.writer)).Scan(&committed)
	}
	return committed, err
}

// closeMark turns the mark of a transaction over that was sent at once and may still lie unread at the server: without it, that cannot
// be committed any more. It may have been in the meantime.
func (e *postgresEngine) closeMark(ctx context.Context, l *link) (committed bool, err error) {
	_, err = e.pool.ExecContext(ctx, fmt.Sprintf("UPDATE write_marks SET batch = -1 - batch WHERE writer = %d AND batch BETWEEN 0 AND %d", l.writer, l.batch-1))
	if err != nil {
		return false, err
	}
	return e.marked(ctx, l)
}

func (e *postgresEngine) classify(err error) fault {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return classifyState(pe.Code)
	}
	var ne net.Error
	var ce *pgconn.ConnectError
	if errors.Is(err, driver.ErrBadConn) || errors.As(err, &ne) || errors.As(err, &ce) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sql.ErrConnDone) || pgconn.SafeToRetry(err) {
		return faultLost
	}
	return faultOther
}

// classifyState reads an SQLSTATE (PostgreSQL documentation, appendix A).
func classifyState(code string) fault {
	switch code {
	case "40001", "40P01", "23505", "55P03": // serialization, deadlock, unique, lock
		return faultConflict
	case "53100": // disk full
		return faultFull
	case "25006": // read only
		return faultReadonly
	case "58030": // input or output error
		return faultDisk
	case "XX001", "XX002", "58P01": // damaged data, damaged index, missing file
		return faultDamaged
	}
	for _, class := range []string{"08", "53", "57"} { // connection, resources, an operator's intervention
		if strings.HasPrefix(code, class) {
			return faultLost
		}
	}
	if code == "25P03" || code == "25P04" { // the server ended a transaction that took too long
		return faultLost
	}
	return faultOther
}

func (e *postgresEngine) close(bool) error { return errors.Join(e.reads.Close(), e.pool.Close()) }
