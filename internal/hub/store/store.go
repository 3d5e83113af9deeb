// Package store is the hub's memory: [hub.Store] on SQLite or PostgreSQL.
//
// # One SQL
//
// schema.sql and queries/ are one text for both engines; sqlc makes package db of them. What differs is an [engine]:
// opening, beginning, committing and the meaning of errors, in sqlite.go and postgres.go; [Bus] is PostgreSQL alone.
// Migrations are numbered files, run by goose.
//
// # One write path
//
// Writes go through one writer (writer.go; on PostgreSQL those of the audit tree through another), which gathers the commands that wait into one transaction, commits it, and
// only then answers. Several writers would share out what waits, into more and smaller transactions. What goes wrong for one
// command costs the others a second run, never their effect. What the commands of a transaction will ask is read for all of
// them at once, and what they change is sent together (batch.go), on PostgreSQL with the commit (postgres_tx.go), and as one
// statement if there is one command (union.go); a lone revocation does not even look before (guess.go). Audit events are written in the transaction of their effect. Closing writes run apart from ordinary ones; on PostgreSQL an
// advisory lock keeps them apart between hubs too.
//
// # Fails closed
//
// A full, read-only or unreachable database refuses writes and says which it is. A damaged one, or a disk that failed
// to keep what was written, ends the store for good: [Options.OnFatal] is called, and everything is refused until a
// new Open has looked at the file. A reserve that grows with the live leases lets all of them be taken away on a full
// disk; see reserve.go.
//
// # Backups
//
// [Store.Backup] writes one file of one moment that [Store.Restore] reads into an empty database of either engine.
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
)

// Options say where a store is and how it behaves. Only Database is needed.
type Options struct {
	// Database is a postgres:// URL or the path of a SQLite file. The file and its directory are made if they are
	// missing; only one process can open it at a time.
	Database string
	// Migrate brings an empty or older database to the newest schema. Without it, Open refuses such a database.
	Migrate bool
	// Clock is time.Now if nil, Random crypto/rand.
	Clock  func() time.Time
	Random io.Reader
	// OnCommit gets the wake-ups of each transaction right after its commit, before its commands are answered. It is
	// called by the writer: it must not block and must not write. Upkeep has none.
	OnCommit func([]hub.OutboxRow)
	// OnFatal is called once, on a goroutine of its own, when the store can go on no more.
	OnFatal func(error)
	// Beside opens a database that a hub may be using at the same time, for a backup or a rotation of keys: on SQLite no lock
	// is taken and nothing verified. The database has to exist.
	Beside bool
	// ReserveFile is kept filled, on the database's disk, with 16 MiB or 8 KiB for each live lease if that is more. Empty
	// keeps none.
	ReserveFile string
}

// Store implements [hub.Store]. Its methods may be called from many goroutines; fn of Write must not call Write.
type Store struct {
	options Options
	engine  engine
	pool    *sql.DB
	queries *db.Queries
	clock   *clock
	reserve *reserve
	// full is whether the last write that needed room found none.
	full atomic.Bool
	// live is how many leases there are at most: as many as were counted last, and those that were added since.
	live     atomic.Int64
	counting atomic.Bool
	// background is what goes on beside the writers.
	background sync.WaitGroup
	// failed is set once, when the store ends for good.
	failed atomic.Pointer[error]

	// queue is that of the writer. upkeep is the same, or that of a second one.
	queue, upkeep chan *command

	stop    chan struct{}
	stopped chan struct{}
	closing sync.Once
	counts  counts
}

// Stats are figures since Open.
type Stats struct {
	// Commands were answered, of Batches that were gathered, in Commits durable transactions.
	Commands, Batches, Commits int64
	// Statements were sent to the database, those that begin and end transactions not counted. Of them Alone went by themselves,
	// and somebody waited for each.
	Statements, Alone int64
}

type counts struct{ commands, batches, commits, statements, alone atomic.Int64 }

// Open connects, checks the schema (see [Options.Migrate]) and starts the writers. A SQLite database that was not
// closed in order is verified first; damage is integrity_failed. No error ever holds a password of the address.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	e, err := o.open(ctx)
	if err != nil && freeReserve(o, err) {
		e, err = o.open(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s, err := start(ctx, e, o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), e.close(true))
	}
	return s, nil
}

func (o Options) open(ctx context.Context) (engine, error) {
	if o.Beside && !IsPostgres(o.Database) {
		return openBeside(ctx, o.Database)
	}
	return openEngine(ctx, o.Database)
}

func openEngine(ctx context.Context, database string) (engine, error) {
	switch {
	case database == "":
		return nil, errors.New("no database is named")
	case IsPostgres(database):
		return openPostgres(ctx, database)
	}
	return openSQLite(ctx, database)
}

// IsPostgres reports whether an [Options.Database] names a PostgreSQL server.
func IsPostgres(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

func start(ctx context.Context, e engine, o Options) (*Store, error) {
	if err := ensureSchema(ctx, e, o.Migrate); err != nil {
		return nil, err
	}
	s := &Store{options: o, engine: e, clock: &clock{now: o.Clock, random: o.Random},
		queue: make(chan *command, largestBatch), stop: make(chan struct{}), stopped: make(chan struct{})}
	s.pool, s.queries = e.read()
	if err := s.keepReserve(ctx); err != nil {
		return nil, err
	}
	s.startWriters()
	return s, nil
}

func (s *Store) startWriters() {
	var writers sync.WaitGroup
	writers.Go((&writer{store: s, queue: s.queue}).work)
	if s.upkeep = s.queue; s.engine.beside() {
		s.upkeep = make(chan *command, largestBatch)
		writers.Go((&writer{store: s, queue: s.upkeep}).work)
	}
	go func() {
		writers.Wait()
		close(s.stopped)
	}()
}

// Close ends the writers after the transactions under way, refuses what still waits, and closes the database.
func (s *Store) Close() error {
	var err error
	s.closing.Do(func() {
		close(s.stop)
		<-s.stopped
		s.background.Wait()
		err = s.engine.close(s.failed.Load() == nil)
	})
	return err
}

// Read implements [hub.Store].
func (s *Store) Read(ctx context.Context) hub.Reader {
	return &reader{ctx: ctx, queries: s.queries, count: s.countOne, judge: func(err error) error { return s.judgeRead(ctx, err) }}
}

func (s *Store) countOne() {
	s.counts.statements.Add(1)
	s.counts.alone.Add(1)
}

func (s *Store) judgeRead(ctx context.Context, err error) error {
	if failed := s.failed.Load(); failed != nil {
		return *failed
	}
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	f := s.engine.classify(err)
	if f.fatal() {
		s.fail(f.public(err))
	}
	return f.public(err)
}

// ClockAhead is how far the store's clock is ahead of the database's, less what the question took; negative if it is
// behind. It is 0 for a database without a clock of its own.
func (s *Store) ClockAhead(ctx context.Context) (time.Duration, error) {
	before := s.options.Clock()
	at, err := s.engine.clock(ctx)
	after := s.options.Clock()
	switch {
	case err != nil:
		return 0, s.judgeRead(ctx, err)
	case at.IsZero():
		return 0, nil
	case before.After(at):
		return before.Sub(at), nil
	}
	return min(after.Sub(at), 0), nil
}

// fail ends the store for good.
func (s *Store) fail(err error) {
	if !s.failed.CompareAndSwap(nil, &err) {
		return
	}
	_ = s.pool.Close() // nothing is read any more
	if s.options.OnFatal != nil {
		go s.options.OnFatal(err)
	}
}

// StandbyAsync reports whether the database has a standby that follows asynchronously: a fail-over to it may lose what was
// acknowledged.
func (s *Store) StandbyAsync(ctx context.Context) (bool, error) {
	async, err := s.engine.standbyAsync(ctx)
	if err != nil {
		return false, s.judgeRead(ctx, err)
	}
	return async, nil
}

// StorageFull reports whether the last write that needed room found none, or the reserve is used up.
func (s *Store) StorageFull() bool { return s.full.Load() || s.reserve.spent.Load() }

// Stats gives the figures.
func (s *Store) Stats() Stats {
	c := &s.counts
	return Stats{Commands: c.commands.Load(), Batches: c.batches.Load(), Commits: c.commits.Load(), Statements: c.statements.Load(), Alone: c.alone.Load()}
}

// Engine names the database's engine, for people.
func (s *Store) Engine() string { return s.engine.name() }
