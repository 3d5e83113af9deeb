package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// tx implements [hub.Tx]: one command inside the transaction of a batch.
type tx struct {
	reader
	batch *batch
	// place is the command's in the batch.
	place int
	link  *link
	// judgeOnly is judge without consequences.
	judgeOnly func(error) error
	now       time.Time
	ids       *clock
	// writes counts the changes made so far.
	writes int
	// failure is the first error of the database; after it the transaction cannot be committed, whatever fn returns.
	failure error
	kept    *kept
	// lent counts the leases added.
	lent   int64
	outbox []hub.OutboxRow
}

// kept is a refusal that is committed together with the changes made before it.
type kept struct {
	refusal error
	writes  int
}

func (t *tx) Now() time.Time     { return t.now }
func (t *tx) NewID() keyshift.ID { return t.ids.id(t.now) }

func (t *tx) Keep(refusal error) error {
	t.kept = &kept{refusal, t.writes}
	return refusal
}

// decided reports whether what fn returned is an answer to give after the commit. If it is not, the command has to be
// undone.
func (t *tx) decided(err error) bool {
	var refusal *keyshift.Error
	switch {
	case t.failure != nil:
		return false
	case err == nil || t.writes == 0 && errors.As(err, &refusal):
		return true
	}
	return t.kept != nil && t.kept.writes == t.writes && errors.Is(err, t.kept.refusal) && errors.As(err, &refusal)
}

// fail remembers the first error of the database; see [reader.judge].
func (t *tx) fail(err error) {
	if t.failure == nil {
		t.failure = err
	}
}

func (t *tx) conflict(what string) {
	t.fail(&failure{faultConflict, fmt.Errorf("%s: %w", what, errConflict)})
}

// changed takes the outcome of a statement and reports whether it changed anything.
func (t *tx) changed(what string, n int64, err error) (bool, error) {
	if err != nil {
		return false, t.failed(what, err)
	}
	if n > 0 {
		t.wrote()
	}
	return n > 0, nil
}

// wrote counts a change. What was read ahead may be about it.
func (t *tx) wrote() {
	t.writes++
	if t.batch != nil {
		t.batch.facts = nil
	}
}

// later gives the queries, to record a change that is to be sent with others. It counts as done.
func (t *tx) later() *db.Queries {
	t.writes++
	return t.batch.later
}

// added is for what must be new.
func (t *tx) added(kind string, n int64, err error) error {
	ok, err := t.changed("add "+kind, n, err)
	if ok || err != nil {
		return err
	}
	return keyshift.Refuse(keyshift.CodeAlreadyExists, "There is such a "+kind+" already.", "Choose another name, or use the one that exists.")
}

// saved is for what must be there.
func (t *tx) saved(what string, n int64, err error) error {
	ok, err := t.changed(what, n, err)
	if ok || err != nil {
		return err
	}
	return keyshift.ErrNotFound
}

// swapped is for what must still be as it was read; if it is not, the command runs again.
func (t *tx) swapped(what string, n int64, err error) error {
	ok, err := t.changed(what, n, err)
	if ok || err != nil {
		return err
	}
	t.conflict(what)
	return t.failure
}
