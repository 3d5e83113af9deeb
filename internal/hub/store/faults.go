package store

import (
	"errors"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// fault is what an error of the database means for a write.
type fault int

const (
	// faultOther is the statement's own: its command fails alone.
	faultOther fault = iota
	// faultConflict: somebody else was faster. Run again, it sees what they did.
	faultConflict
	// faultLost: the connection is gone, and with it the transaction.
	faultLost
	faultFull
	faultReadonly
	// faultDoubt: the connection was lost during the commit, and nobody could be asked how it ended. Nothing runs again.
	faultDoubt
	// faultDisk and faultDamaged are fatal: nothing that was read or written can be relied on before a restart.
	faultDisk
	faultDamaged
)

func (f fault) fatal() bool { return f == faultDisk || f == faultDamaged }

// failure is an error of the database and what it means.
type failure struct {
	fault fault
	err   error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// faultOf gives the meaning of an error that passed through judge.
func faultOf(err error) fault {
	var f *failure
	if errors.As(err, &f) {
		return f.fault
	}
	return faultOther
}

// errConflict is a compare-and-swap that found something else.
var errConflict = errors.New("changed by somebody else meanwhile")

// What people are told. The cause is added for the log.
var (
	errFull = keyshift.Refuse(keyshift.CodeStorageFull, "The hub's storage is full: nothing can be recorded, so nothing is lent. Check-in and revoke still work.",
		"Tell your admin to make room for the hub's database.")
	errReadonly = keyshift.Refuse(keyshift.CodeStorageReadonly, "The hub's storage cannot be written to: nothing can be recorded, so nothing is lent.",
		"Tell your admin to make the hub's database writable.")
	errUnrecorded = keyshift.Refuse(keyshift.CodeAuditUnavailable, "The hub could not record what was asked, so it may not have happened.",
		"Try again in a moment; the same request is never done twice. Tell your admin if it stays so.")
	errDamaged = keyshift.Refuse(keyshift.CodeIntegrityFailed, "The hub's database is damaged. The hub stops, so that nothing wrong is served.",
		"Tell your admin to look at the hub's log and to restore the newest backup.")
	errUnavailable = keyshift.Refuse(keyshift.CodeUnavailable, "The hub cannot reach its database.", "Try again in a moment.")
	errBusy        = keyshift.Refuse(keyshift.CodeUnavailable, "Too many people changed the same thing at once.", "Try again in a moment.")
	errClosed      = keyshift.Refuse(keyshift.CodeUnavailable, "The hub is stopping.", "Try again in a moment.")
)

// public is the error that the caller of a write gets.
func (f fault) public(err error) error {
	switch f {
	case faultConflict:
		return errBusy.Because(err)
	case faultLost:
		return errUnavailable.Because(err)
	case faultFull:
		return errFull.Because(err)
	case faultReadonly:
		return errReadonly.Because(err)
	case faultDoubt, faultDisk:
		return errUnrecorded.Because(err)
	case faultDamaged:
		return errDamaged.Because(err)
	}
	return err
}
