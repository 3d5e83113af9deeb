package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring"
)

var (
	errNotEnrolled = keyshift.Refuse(keyshift.CodeNotEnrolled, "This computer is not enrolled.",
		"Ask your admin for an enrollment code and run keyshift-agent enroll.")
	errDamaged = keyshift.Refuse(keyshift.CodeIntegrityFailed, "What this computer knows of its enrollment is damaged, so all that was lent is wiped.",
		"Tell your admin, then run keyshift-agent unenroll --force and enroll again with a new code.")
	errAlreadyEnrolled = keyshift.Refuse(keyshift.CodeAlreadyEnrolled, "This computer is enrolled already.",
		"To change the hub, run keyshift-agent unenroll first.")
	errStale = keyshift.Refuse(keyshift.CodeOffline, "There was no contact with the hub for too long, so nothing is shown or filled now.",
		"Check the network connection and try again.")
	errClockSuspect = keyshift.Refuse(keyshift.CodeClockSuspect, "The clock of this computer looks wrong, so nothing is lent, shown or filled now.",
		"Set date and time to automatic, then run keyshift-agent sync.")
	errNoSecret = keyshift.Refuse(keyshift.CodeShowForbidden, "This account is used through the network's own role: there is no password to show.",
		"Sign in at the network with the login that has the role.")
	errShowForbidden = keyshift.Refuse(keyshift.CodeShowForbidden, "The secret of this account is not shown to people.",
		"Ask your admin to allow showing it.")
	errNoKey = keyshift.Refuse(keyshift.CodeKeyringUnavailable, "The device key is gone from the keyring.",
		"If the keyring was reset, run keyshift-agent unenroll --force and enroll again with a new code.")
	errBadKey = keyshift.Refuse(keyshift.CodeIntegrityFailed, "The device key in the keyring was changed.",
		"Tell your admin, then run keyshift-agent unenroll --force and enroll again with a new code.")
	errTampered = keyshift.Refuse(keyshift.CodeIntegrityFailed, "The stored copy of a lent secret was changed, so its lease was ended.",
		"Tell your admin: another program on this computer changes your keyring.")
	errRequestReused = keyshift.Refuse(keyshift.CodeRequestIDReused, "This request id was used for a different check-out.",
		"Use a fresh request id for each new check-out.")
	errStrangeAnswer = keyshift.Refuse(keyshift.CodeIntegrityFailed, "The hub answered with something else than was asked for. Nothing was kept.",
		"Tell your admin: the versions of hub and agent may not fit.")
)

// errForeign refuses what another user put into the place of a file or folder of the agent.
func errForeign(path string) error {
	return keyshift.Refuse(keyshift.CodeIntegrityFailed, "Another user of this computer owns “"+keyshift.CleanText(filepath.Base(path), 80)+"” among the agent's files.",
		"Tell your admin. The folder was open to others: remove what is not yours, or move the folder away and enroll again.")
}

// ringError explains an error of the keyring to a person.
func ringError(err error) error {
	switch {
	case errors.Is(err, osring.ErrLocked):
		return keyshift.Refuse(keyshift.CodeKeyringLocked, "The keyring of this computer is locked.", "Unlock your keyring, then try again.").Because(err)
	case errors.Is(err, osring.ErrTimeout):
		return keyshift.Refuse(keyshift.CodeKeyringLocked, "The keyring of this computer did not answer in time.",
			"Look for a window that asks for your keyring's password, then try again.").Because(err)
	case errors.Is(err, osring.ErrNotStored), errors.Is(err, osring.ErrCorrupt), errors.Is(err, osring.ErrTooBig):
		return keyshift.Refuse(keyshift.CodeKeyringUnavailable, "The keyring of this computer does not keep what is stored in it.",
			"Look into your keyring for other items named keyshift, remove them, and try again.").Because(err)
	case errors.Is(err, osring.ErrNotDeleted):
		return keyshift.Refuse(keyshift.CodeWipeFailed, "The keyring of this computer refused to delete an item.",
			"Allow it when the keyring asks, then try again.").Because(err)
	}
	return keyshift.Refuse(keyshift.CodeKeyringUnavailable, "The keyring of this computer cannot be used.", "Run keyshift-agent doctor: it says what is missing.").Because(err)
}

// wipeFailure says in a few words, without anything secret, why a wipe did not succeed.
func wipeFailure(err error) string {
	switch {
	case errors.Is(err, osring.ErrLocked):
		return "the keyring is locked"
	case errors.Is(err, osring.ErrTimeout):
		return "the keyring does not answer"
	case errors.Is(err, osring.ErrNotDeleted):
		return "the keyring refused to delete the item"
	case errors.Is(err, osring.ErrUnavailable):
		return "the keyring cannot be reached"
	case isStorage(err):
		return "the key file could not be removed"
	}
	return "the secret could not be removed"
}

func isStorage(err error) bool {
	_, ok := errors.AsType[*fs.PathError](err)
	return ok || isFull(err) || errors.Is(err, syscall.EROFS)
}

// storageError explains an error of the disk to a person.
func storageError(err error) error {
	switch {
	case isFull(err):
		return keyshift.Refuse(keyshift.CodeStorageFull, "There is no space left for the agent's files. Nothing was checked out.",
			"Free some space in your home folder and try again. Check-in still works.").Because(err)
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return keyshift.Refuse(keyshift.CodeStorageReadonly, "The agent may not write its own files.",
			"Run keyshift-agent doctor: it names the folder.").Because(err)
	}
	return keyshift.Refuse(keyshift.CodeInternal, "The agent could not write its own files.", "Try again; keyshift-agent doctor names the folder.").Because(err)
}

// folderError explains why the agent cannot start in its folder. Other errors stay as they are.
func folderError(path string, err error) error {
	switch {
	case isFull(err):
		return keyshift.Refuse(keyshift.CodeStorageFull, "There is no space left for the agent's files in "+path+".", "Free some space: the agent starts as soon as it can.").Because(err)
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return keyshift.Refuse(keyshift.CodeStorageReadonly, "The agent may not write its own files in "+path+".",
			"Make that folder yours and writable: the agent starts as soon as it can.").Because(err)
	}
	return fmt.Errorf("open state folder: %w", err)
}

// storeError explains why a secret could not be kept: disk or keyring.
func storeError(err error) error {
	if isStorage(err) {
		return storageError(err)
	}
	return ringError(err)
}

// leaseOver is what somebody hears who wants to use a lease that ended here.
func leaseOver(cause keyshift.EndCause) error {
	if cause == "" {
		return keyshift.ErrLeaseOver
	}
	e := *keyshift.ErrLeaseOver
	e.Text = "The lease is over: " + string(cause) + "."
	return &e
}

// clockSuspect says by how much the clock is wrong, when that is known.
func clockSuspect(skew time.Duration) error {
	if skew.Abs() <= maxSkew {
		return errClockSuspect
	}
	direction := "behind"
	if skew > 0 {
		direction = "ahead"
	}
	e := errClockSuspect.With("skew", skew.Round(time.Second).String())
	e.Text = "The clock of this computer is " + keyshift.DurationText(skew.Abs()) + " " + direction + ", so nothing is lent, shown or filled now."
	return e
}
