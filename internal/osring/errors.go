package osring

import "errors"

// The errors of this package wrap exactly one of these, followed by what the
// keyring itself said; an operation ended by its context wraps the cause of
// that instead.
var (
	// ErrNotFound: the keyring works and has no such item.
	ErrNotFound = errors.New("no such keyring item")
	// ErrLocked: the keyring is locked, and nobody could or would unlock it.
	ErrLocked = errors.New("keyring is locked")
	// ErrUnavailable: there is no keyring to talk to, or it broke.
	ErrUnavailable = errors.New("keyring is unavailable")
	// ErrTooBig: the value is larger than MaxSize.
	ErrTooBig = errors.New("value is too big for a keyring item")
	// ErrTimeout: no answer within OS.Limit, or an earlier call still hangs.
	ErrTimeout = errors.New("keyring did not answer in time")
	// ErrNotDeleted: the keyring reported success and the item is still there,
	// for example because a person dismissed its prompt.
	ErrNotDeleted = errors.New("keyring item is still there after deleting it")
	// ErrNotStored: the keyring reported success and holds another value or
	// none: a dismissed prompt, or a foreign item that hides ours.
	ErrNotStored = errors.New("keyring does not hold the value after storing it")
	// ErrCorrupt: the item is not base64, so this package did not write it.
	ErrCorrupt = errors.New("keyring item is not in our encoding")
	// ErrInvalid: the key or the value cannot be stored on every OS.
	ErrInvalid = errors.New("invalid keyring item")
)
