package store

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"
	"testing"
)

func TestStatementsArePreparedOnce(t *testing.T) {
	pool, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "any.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	p := newPreparing(pool)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			var n int
			if err := p.QueryRowContext(t.Context(), "SELECT 1 + $1", 1).Scan(&n); err != nil || n != 2 {
				t.Errorf("got %d, %v, want 2", n, err)
			}
		})
	}
	all.Wait()
	if len(p.known) != 1 {
		t.Errorf("%d statements, want one", len(p.known))
	}

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var n int
	if err := p.QueryRowContext(ended, "SELECT 2").Scan(&n); err == nil {
		t.Error("somebody who is gone got an answer")
	}
	if err := p.QueryRowContext(t.Context(), "SELECT 2").Scan(&n); err != nil || n != 2 {
		t.Errorf("the next one got %d, %v, want 2", n, err)
	}
	for _, wrong := range []error{
		p.QueryRowContext(t.Context(), "SELEKT").Scan(&n),
		func() error { _, err := p.ExecContext(t.Context(), "SELEKT"); return err }(),
		func() error { _, err := p.QueryContext(t.Context(), "SELEKT"); return err }(), //nolint:rowserrcheck,sqlclosecheck // there are none
	} {
		if wrong == nil {
			t.Error("what is no statement was run")
		}
	}

	if err := p.close(); err != nil || len(p.known) != 0 {
		t.Errorf("closed: %v, %d left", err, len(p.known))
	}
}
