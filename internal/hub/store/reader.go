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
	ctx     context.Context
	queries *db.Queries
	// before, if set, sends changes that wait. count counts queries.
	before, count func()
	// judge says what an error of the database means for the caller, and for whoever has to know.
	judge func(error) error
}

// q gives the queries, to ask one of them now.
func (r *reader) q() *db.Queries {
	if r.before != nil {
		r.before()
	}
	return r.aside()
}

// aside is q for what no change that can wait is about: users, groups, tokens, grants, work hours.
func (r *reader) aside() *db.Queries {
	r.count()
	return r.queries
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
