// Package osring keeps small secrets in the OS keyring of the user: Secret
// Service on Linux, Keychain on macOS, Credential Manager on Windows.
//
// An item is one value under one service and one key. Values are bytes to the
// caller and base64 in the keyring. What a provider says is not believed: Set
// reads the value back, and Delete goes on until the provider answers "no such
// item". The reasons lie in go-keyring v0.2.8, of which this package is the
// only importer: it ignores that a person dismissed a prompt, it deletes only
// the first of several matching items, it has no size limit on Linux, and it
// waits for ever for a prompt that nobody answers.
//
// # Time
//
// Each operation has a limit (OS.Limit, 10 s) and also ends early with its
// context. A call that hangs is left behind in one goroutine, and until it
// comes back every later operation fails at once with ErrTimeout. All values
// made by New share that one goroutine, so a process never has two. An
// operation that was left behind takes no further step when it comes back, but
// the step under way may still take effect: after ErrTimeout from Set, call
// Delete before relying on the absence of the item. A prompt that nobody
// answers stops hanging when its provider or the session bus goes away.
//
// # Limits
//
// The limits are those of the narrowest OS everywhere, so that they show up on
// every developer's machine: MaxSize bytes of value (Windows allows 2,560 bytes
// of text), MaxKey bytes of key (macOS puts all of it on one line of 4,096).
// Windows may not tell two keys apart that differ only in case.
//
// # Protection
//
// A keyring protects against other users and a stolen disk, not against
// programs of the same user, and Linux carries values in clear over the session
// bus: store ciphertext where it matters. The returned slice belongs to the
// caller, who can clear it; base64 copies inside go-keyring cannot be wiped.
//
// # Linux
//
// The address of the session bus is read from the environment here, not in
// cmd, because go-keyring's D-Bus library reads it there too and, finding none,
// starts a stray bus of its own. Without DBUS_SESSION_BUS_ADDRESS or a socket
// at $XDG_RUNTIME_DIR/bus nothing is called and the error is ErrUnavailable.
// After each operation the process-wide connection dbus.SessionBus is closed, so
// other code in the same program needs a connection of its own
// (dbus.ConnectSessionBus).
package osring

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"
)

const (
	// DefaultService is the service under which Keyshift's items lie.
	DefaultService = "keyshift"
	// DefaultLimit bounds an operation when OS.Limit is not set.
	DefaultLimit = 10 * time.Second
)

// OS is the keyring of the user that runs the process. It is safe for
// concurrent use; operations run one after the other. The zero value is not
// usable: call New.
type OS struct {
	// Limit bounds each operation, waiting for earlier ones included. Zero or
	// less means DefaultLimit. Change it only before the first operation.
	Limit time.Duration

	service string
	backend Backend
	worker  *worker
}

// shared runs the calls to go-keyring of the whole process: its D-Bus
// connection is one per process, and so is the goroutine that may hang on it.
var shared = newWorker()

// New returns the items of service in the user's keyring, those of
// DefaultService if service is empty. It makes no call.
func New(service string) *OS {
	return &OS{service: orDefault(service), backend: keyringBackend{}, worker: shared}
}

// NewWith is New on another backend, for tests and for other stores.
func NewWith(service string, backend Backend) *OS {
	return &OS{service: orDefault(service), backend: backend, worker: newWorker()}
}

func orDefault(service string) string {
	if service == "" {
		return DefaultService
	}
	return service
}

// Get returns the value under key. Errors: ErrInvalid, ErrNotFound, ErrCorrupt,
// ErrLocked, ErrUnavailable, ErrTimeout, or the cause of ctx.
func (r *OS) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := r.get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("read keyring item %q: %w", key, err)
	}
	return value, nil
}

// Set stores value under key, replacing what is there, and reads it back. It
// does not keep value. Errors: ErrInvalid, ErrTooBig (both before any call),
// ErrNotStored, ErrLocked, ErrUnavailable, ErrTimeout, or the cause of ctx.
func (r *OS) Set(ctx context.Context, key string, value []byte) error {
	if err := r.set(ctx, key, value); err != nil {
		return fmt.Errorf("store keyring item %q: %w", key, err)
	}
	return nil
}

// Delete removes every item under key and returns nil only when the keyring,
// asked afterwards, has none; also when it had none before. Errors: ErrInvalid,
// ErrNotDeleted, ErrLocked, ErrUnavailable, ErrTimeout, or the cause of ctx.
// Any error means that an item may still be there.
func (r *OS) Delete(ctx context.Context, key string) error {
	if err := r.remove(ctx, key); err != nil {
		return fmt.Errorf("delete keyring item %q: %w", key, err)
	}
	return nil
}

// Probe stores, reads back and deletes an item of its own, under a key that
// nobody else uses. It returns the first error of these.
func (r *OS) Probe(ctx context.Context) error {
	key := "probe-" + strings.ToLower(rand.Text())
	err := r.set(ctx, key, []byte(rand.Text()))
	if left := r.remove(ctx, key); err == nil {
		err = left
	}
	if err != nil {
		return fmt.Errorf("probe keyring: %w", err)
	}
	return nil
}

func (r *OS) limit() time.Duration {
	if r.Limit <= 0 {
		return DefaultLimit
	}
	return r.Limit
}
