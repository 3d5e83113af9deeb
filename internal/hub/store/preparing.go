package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
)

// preparing is a database that prepares each statement when it is first used. SQLite would parse it again at each call; to prepare
// all that there are takes longer than the rest of opening, and many are never used.
type preparing struct {
	db.DBTX
	mu    sync.Mutex
	known map[string]*sql.Stmt
}

func newPreparing(below db.DBTX) *preparing {
	return &preparing{DBTX: below, known: map[string]*sql.Stmt{}}
}

// PrepareContext gives the statement that belongs to a text. Whoever closes it takes it from all.
func (p *preparing) PrepareContext(ctx context.Context, text string) (*sql.Stmt, error) {
	p.mu.Lock()
	known := p.known[text]
	p.mu.Unlock()
	if known != nil {
		return known, nil
	}
	made, err := p.DBTX.PrepareContext(ctx, text) // it may wait for a connection
	if err != nil {
		return nil, err
	}
	return p.keep(text, made)
}

// keep keeps what was prepared, unless somebody else was faster.
func (p *preparing) keep(text string, made *sql.Stmt) (*sql.Stmt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.known[text]; known != nil {
		return known, made.Close()
	}
	p.known[text] = made
	return made, nil
}

func (p *preparing) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	s, err := p.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func (p *preparing) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s, err := p.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// QueryRowContext asks without preparing where that fails: a row tells an error only when it comes from a question.
func (p *preparing) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	s, err := p.PrepareContext(ctx, text)
	if err != nil {
		return p.DBTX.QueryRowContext(ctx, text, args...)
	}
	return s.QueryRowContext(ctx, args...)
}

// close closes what was prepared: database/sql does not, and SQLite keeps the file open while a statement lives.
func (p *preparing) close() (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.known {
		err = errors.Join(err, s.Close())
	}
	clear(p.known)
	return err
}
