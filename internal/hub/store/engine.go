package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
)

// engine is all that differs between SQLite and PostgreSQL; the SQL is the same.
type engine interface {
	// name is how messages call it; database names the file or the server, without a password.
	name() string
	database() string
	// migrating gives the pool that migrations run on. Nothing else uses it then.
	migrating() (*sql.DB, goose.Dialect, []goose.ProviderOption, error)
	// schemaTable asks whether goose has been here: one row, 1 or 0.
	schemaTable() string
	// read gives the pool for reads, and the queries on it.
	read() (*sql.DB, *db.Queries)
	// connect gives the writer its connection.
	connect(ctx context.Context) (*link, error)
	// limit bounds one transaction.
	limit() (context.Context, context.CancelFunc)
	// begin begins a transaction and asks questions in it.
	begin(ctx context.Context, l *link, kind hub.WriteKind, ahead []question) error
	// run runs statements one after the other and gives how many rows each changed. When one fails, the counts are those
	// of the ones before it.
	run(ctx context.Context, l *link, statements []statement) ([]int64, error)
	// join makes one statement of some by the same text, each with the values of one row, and gives how many of them are in it. It is
	// at least the first.
	join(text string, rows [][]any) (statement, int)
	// beside reports whether there can be several links at once.
	beside() bool
	// together reports whether commit sends the last statements along; otherwise it is given none.
	together() bool
	// commit runs the last statements, commits, and returns when the transaction is durable. When it fails, ran is how many of
	// them did not, and errMissed says that the next one changed other than the rows it was to, or that nobody knows which one it
	// was.
	commit(ctx context.Context, l *link, end completion) (ran int, err error)
	// standbyAsync asks whether a standby follows that may lack what was committed.
	standbyAsync(ctx context.Context) (bool, error)
	// settle asks, after commit lost its connection, whether it took place. l is not usable any more.
	settle(l *link) (committed bool, err error)
	// clock asks the database for the time, as it is at one moment of the call. A database without a clock of its own gives
	// the zero time.
	clock(ctx context.Context) (time.Time, error)
	// snapshot begins a transaction that reads one state of everything.
	snapshot() string
	classify(error) fault
	// close ends all connections. Orderly is false when the store failed.
	close(orderly bool) error
}

// completion is what goes with a commit.
type completion struct {
	last []expecting
	// alone: all of them are of one command.
	alone bool
	// whole: they are all of a closing transaction, which begins only now. It waits for nobody: errNotAtOnce says that it would have to.
	whole bool
}

// expecting is a statement and how many rows it has to change, -1 if that does not matter.
type expecting struct {
	statement
	rows int
}

// errMissed is about an expecting statement: the transaction is lost, and has to run again statement by statement.
var errMissed = errors.New("other rows were changed than expected")

// errNotAtOnce is errMissed where nothing was begun.
var errNotAtOnce = fmt.Errorf("the transaction cannot begin at once: %w", errMissed)

// link is the connection of a writer.
type link struct {
	conn *sql.Conn
	q    *db.Queries
	// prepared is what q asks on SQLite; nil on PostgreSQL, and in a backup.
	prepared *preparing
	// writer and batch are what PostgreSQL knows the transaction by; see write_marks.
	writer, batch int64
	// whole: that transaction is sent at once, so it may begin whenever the server reads it.
	whole bool
	// memory is what the writer guesses by; nil if it never does.
	memory *memory
}

// rollback reports whether the connection can be used again.
func (l *link) rollback(ctx context.Context) bool {
	_, err := l.conn.ExecContext(ctx, "ROLLBACK")
	return err == nil
}

// drop ends the connection instead of giving it back to its pool.
func (l *link) drop() {
	if l.prepared != nil {
		_ = l.prepared.close()
	}
	_ = l.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = l.conn.Close()
}
