// Package secretstore keeps the secrets of leases on a device, in two halves that are worth nothing apart: the secret,
// encrypted under a random key made for this one lease, lies in the OS keyring, and that key lies in a file that only
// the user may read.
//
// So a program that dumps the keyring, or listens on its bus, sees ciphertext, and to wipe is to remove one small file:
// [Store.DropKey] is final from the moment it returns, even when the keyring is locked, hangs, or its prompt is
// dismissed. [Store.DropItem] then removes the ciphertext too, and returns nil only when the keyring says that it
// has none.
//
// Everything is named by the request id of the check-out, so that what a crash left can be found: the key file is
// "<request id>.key" and the keyring item "lease:<request id>". The ciphertext is bound to an [Owner]; something else
// put in its place does not open.
//
// A secret kept with [Store.KeepInMemory] never leaves the process. It cannot be found in files, keyring, or after a
// restart.
package secretstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// ErrBroken says that there is no copy that opens: its key or its keyring item is missing, or is not what was stored.
var ErrBroken = errors.New("the stored secret does not open")

// ErrNothingStored goes along with an error of [Store.Keep] after which the keyring surely holds nothing.
var ErrNothingStored = errors.New("nothing was stored in the keyring")

// Ring is the OS keyring, as package osring has it: Set reads back what it stored.
type Ring interface {
	Get(ctx context.Context, key string) ([]byte, error)
	Set(ctx context.Context, key string, value []byte) error
	Delete(ctx context.Context, key string) error
}

// Files is the folder of the key files. Write and Remove return only when the change is on the disk; removing what is
// not there is no error, and reading it is [fs.ErrNotExist]; reading another user's file is integrity_failed.
type Files interface {
	Read(name string) ([]byte, error)
	Write(name string, data []byte) error
	// Begin is Write of something new whose file is there at once, also after a crash of this program, and outlives a power
	// cut when settle has returned nil. A power cut before that may leave an empty file.
	Begin(name string, data []byte) (settle func() error, err error)
	Remove(name string) error
	Names() ([]string, error)
}

// Owner is whose secret it is. All fields are required.
type Owner struct {
	HubID, DeviceID, LeaseID, AccountID string
}

func (o Owner) label() string {
	return strings.Join([]string{"keyshift lease v1", o.HubID, o.DeviceID, o.LeaseID, o.AccountID}, "|")
}

// Store keeps secrets. It is safe for concurrent use, but what happens to one lease has to come one after the other.
type Store struct {
	// Beside does something while its caller goes on, who then waits for it; nil does it first. Set it before the first use.
	Beside func(do func()) (wait func())

	files Files
	ring  Ring

	mu     sync.Mutex
	memory map[string][]byte
	ready  map[string]*key
}

// New makes a store on a folder and a keyring. It touches neither.
func New(files Files, ring Ring) *Store {
	return &Store{files: files, ring: ring, memory: map[string][]byte{}, ready: map[string]*key{}}
}

const keySuffix = ".key"

func keyFile(request string) string  { return request + keySuffix }
func itemName(request string) string { return "lease:" + request }

// key is the half of a secret that lies in a file.
type key struct {
	bytes [seal.KeySize]byte
	// settled waits until the file is on the disk.
	settled func() error
}

func (k *key) wipe() { seal.Wipe(k.bytes[:]) }

// Ready writes the key for a secret that is about to be asked for, so that [Store.Keep] need not wait for the disk: the file
// is there when Ready returns, and [Store.Keep] and [Store.DropKey] wait until the disk has it. Alone it opens nothing. An
// error, or forgetting to call it, makes Keep write one itself; when no secret comes, call DropKey.
func (s *Store) Ready(request string) error {
	k, err := s.begin(request)
	if err != nil {
		return err
	}
	s.forgetReady(request)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready[request] = k
	return nil
}

// begin writes a new key.
func (s *Store) begin(request string) (*key, error) {
	k := &key{bytes: seal.NewKey()}
	settle, err := s.files.Begin(keyFile(request), k.bytes[:])
	if err != nil {
		k.wipe()
		return nil, fmt.Errorf("write key: %w", err)
	}
	var unsettled error
	wait := s.beside(func() { unsettled = settle() })
	k.settled = func() error { wait(); return unsettled }
	return k, nil
}

// forgetReady waits for what is under way.
func (s *Store) forgetReady(request string) {
	if k := s.takeReady(request); k != nil {
		_ = k.settled()
		k.wipe()
	}
}

// takeReady gives the key that Ready wrote, nil if there is none.
func (s *Store) takeReady(request string) *key {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.ready[request]
	delete(s.ready, request)
	return k
}

// Keep stores a secret in file and keyring at the same time, both read back, and opens it once. After an error, or a crash,
// either half may be there alone, or both: call DropKey and DropItem. The secret is not kept otherwise, and not wiped.
func (s *Store) Keep(ctx context.Context, request string, owner Owner, secret []byte) error {
	k := s.takeReady(request)
	if k == nil {
		var err error
		if k, err = s.begin(request); err != nil {
			return err
		}
	}
	defer k.wipe()
	sealed, err := seal.SealWithKey(k.bytes, owner.label(), secret)
	if err != nil {
		return errors.Join(fmt.Errorf("seal secret: %w", err), k.settled())
	}
	unset := s.ring.Set(ctx, itemName(request), sealed)
	if unset != nil {
		unset = surely(fmt.Errorf("store secret: %w", unset))
	}
	if err := errors.Join(s.settle(request, k), unset); err != nil {
		return err
	}
	return s.opens(request, owner, sealed, secret)
}

// settle waits for the key, and writes it once more when the disk did not take it.
func (s *Store) settle(request string, k *key) error {
	err := k.settled()
	if err == nil {
		return nil
	}
	if err = s.files.Write(keyFile(request), k.bytes[:]); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	return nil
}

func (s *Store) beside(do func()) (wait func()) {
	if s.Beside != nil {
		return s.Beside(do)
	}
	do()
	return func() {}
}

// surely adds ErrNothingStored to the refusals after which the keyring cannot have taken the item.
func surely(err error) error {
	if errors.Is(err, osring.ErrLocked) || errors.Is(err, osring.ErrTooBig) || errors.Is(err, osring.ErrInvalid) {
		return errors.Join(err, ErrNothingStored)
	}
	return err
}

// opens reports whether the key on the disk opens what is in the keyring.
func (s *Store) opens(request string, owner Owner, sealed, secret []byte) error {
	key, err := s.readKey(request)
	if err != nil {
		return fmt.Errorf("read key back: %w", err)
	}
	defer seal.Wipe(key[:])
	got, err := unseal(key, owner, sealed)
	if err != nil {
		return err
	}
	defer seal.Wipe(got)
	same := false
	seal.Quietly(func() { same = bytes.Equal(got, secret) })
	if !same {
		return fmt.Errorf("open what was stored: %w", ErrBroken)
	}
	return nil
}

// KeepInMemory stores a copy of a secret in this process only.
func (s *Store) KeepInMemory(request string, secret []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seal.Wipe(s.memory[request])
	seal.Quietly(func() { s.memory[request] = bytes.Clone(secret) })
}

// Open gives a secret. The caller wipes it. ErrBroken if there is no copy that opens for this owner; other errors are
// the keyring's or the disk's, and say nothing about the copy.
func (s *Store) Open(ctx context.Context, request string, owner Owner) ([]byte, error) {
	if secret, ok := s.fromMemory(request); ok {
		return secret, nil
	}
	key, err := s.readKey(request)
	if err != nil {
		return nil, err
	}
	defer seal.Wipe(key[:])
	sealed, err := s.ring.Get(ctx, itemName(request))
	if errors.Is(err, osring.ErrNotFound) || errors.Is(err, osring.ErrCorrupt) {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	return unseal(key, owner, sealed)
}

func unseal(key [seal.KeySize]byte, owner Owner, sealed []byte) ([]byte, error) {
	secret, err := seal.OpenWithKey(key, owner.label(), sealed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return secret, nil
}

func (s *Store) fromMemory(request string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.memory[request]
	var secret []byte
	seal.Quietly(func() { secret = bytes.Clone(kept) })
	return secret, ok
}

func (s *Store) readKey(request string) (key [seal.KeySize]byte, err error) {
	raw, err := s.files.Read(keyFile(request))
	defer seal.Wipe(raw)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return key, fmt.Errorf("%w: the key is gone", ErrBroken)
	case keyshift.CodeOf(err) == keyshift.CodeIntegrityFailed:
		return key, fmt.Errorf("%w: %w", ErrBroken, err)
	case err != nil:
		return key, fmt.Errorf("read key: %w", err)
	case len(raw) != len(key):
		return key, fmt.Errorf("%w: the key has another length", ErrBroken)
	}
	copy(key[:], raw)
	return key, nil
}

// HasKey reports whether the key file of a check-out is there. An error counts as there.
func (s *Store) HasKey(request string) bool {
	raw, err := s.files.Read(keyFile(request))
	seal.Wipe(raw)
	return !errors.Is(err, fs.ErrNotExist)
}

// DropKey removes the key for good, and what is in memory. From then on the secret cannot be opened any more. To
// repeat it is harmless.
func (s *Store) DropKey(request string) error {
	s.mu.Lock()
	seal.Wipe(s.memory[request])
	delete(s.memory, request)
	s.mu.Unlock()
	s.forgetReady(request)
	return s.files.Remove(keyFile(request))
}

// DropItem removes the encrypted secret from the keyring, and whatever else lies under its name. Nil means that the
// keyring was asked afterwards and has none. To repeat it is harmless.
func (s *Store) DropItem(ctx context.Context, request string) error {
	err := s.ring.Delete(ctx, itemName(request))
	if errors.Is(err, osring.ErrInvalid) {
		return nil // no item can have that name
	}
	return err
}

// Leftovers names the check-outs of which a key file is there.
func (s *Store) Leftovers() ([]string, error) {
	names, err := s.files.Names()
	if err != nil {
		return nil, err
	}
	var requests []string
	for _, name := range names {
		if request, ok := strings.CutSuffix(name, keySuffix); ok {
			requests = append(requests, request)
		}
	}
	return requests, nil
}
