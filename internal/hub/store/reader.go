package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// reader implements [hub.Reader]: outside a transaction on the pool for reads, inside one on the writer's connection.
type reader struct {
	ctx context.Context
	q   *db.Queries
	// judge says what an error of the database means for the caller, and for whoever has to know.
	judge func(error) error
}

// failed names what was done when the database answered an error. Nothing found is not an error of the database.
func (r *reader) failed(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return keyshift.ErrNotFound
	}
	return fmt.Errorf("%s: %w", what, r.judge(err))
}

// one converts a row that was looked up.
func one[Row, T any](r *reader, what string, to func(Row) T, row Row, err error) (T, error) {
	if err != nil {
		var none T
		return none, r.failed("read "+what, err)
	}
	return to(row), nil
}

// list converts the rows of a list.
func list[Row, T any](r *reader, what string, to func(Row) T, rows []Row, err error) ([]T, error) {
	if err != nil {
		return nil, r.failed("list "+what, err)
	}
	all := make([]T, len(rows))
	for i, row := range rows {
		all[i] = to(row)
	}
	return all, nil
}
