package osring

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

const (
	// MaxSize is the largest value in bytes that an item takes on any OS.
	MaxSize = MaxText / 4 * 3
	// MaxText is the longest text in bytes that Windows stores for an item
	// (CRED_MAX_CREDENTIAL_BLOB_SIZE, wincred.h).
	MaxText = 2560
	// MaxKey is the longest key in bytes. With it and MaxSize the command line
	// that go-keyring hands to macOS stays under 4,096 bytes.
	MaxKey = 200

	keySigns = "-._:/@+="

	// Other programs of the user can plant items that match ours too.
	maxDeletes = 8
	// A prompt that was dismissed may have been dismissed by mistake, so a
	// person is asked twice, but not maxDeletes times.
	maxUnchanged = 2
)

func (r *OS) get(ctx context.Context, key string) ([]byte, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return r.run(ctx, func(ctx context.Context) ([]byte, error) {
		if text, ok := r.shortGet(ctx, key); ok {
			return decode(text)
		}
		return r.visit(ctx, func() ([]byte, error) {
			text, err := r.backend.Get(r.service, key)
			if err != nil {
				return nil, err
			}
			return decode(text)
		})
	})
}

func (r *OS) run(ctx context.Context, op func(context.Context) ([]byte, error)) ([]byte, error) {
	return r.worker.run(ctx, r.limit(), op)
}

// visit does an operation in one visit, unless nobody waits for it any more.
func (r *OS) visit(ctx context.Context, op func() ([]byte, error)) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if v, ok := r.backend.(visitor); ok {
		leave, err := v.visit()
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	return op()
}

func (r *OS) set(ctx context.Context, key string, value []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := checkValue(value); err != nil {
		return err
	}
	text := base64.StdEncoding.EncodeToString(value)
	_, err := r.run(ctx, func(ctx context.Context) ([]byte, error) {
		if r.shortSet(ctx, key, text) {
			return nil, nil
		}
		return r.visit(ctx, func() ([]byte, error) { return nil, r.store(ctx, key, text) })
	})
	return err
}

func (r *OS) remove(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	_, err := r.run(ctx, func(ctx context.Context) ([]byte, error) {
		return r.visit(ctx, func() ([]byte, error) { return nil, r.deleteAll(ctx, key) })
	})
	return err
}

func (r *OS) store(ctx context.Context, key, text string) error {
	if err := r.backend.Set(r.service, key, text); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	got, err := r.backend.Get(r.service, key)
	switch {
	case errors.Is(err, ErrNotFound):
		return fmt.Errorf("%w: the item is missing", ErrNotStored)
	case err == nil && got != text:
		return fmt.Errorf("%w: another value is there", ErrNotStored)
	}
	return err
}

// deleteAll deletes before it reads, because macOS may ask a person before a
// read, never before a delete.
func (r *OS) deleteAll(ctx context.Context, key string) error {
	before, unchanged := "", 0
	for range maxDeletes {
		left, err := r.deleteOne(ctx, key)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if unchanged++; left != before {
			before, unchanged = left, 1
		}
		if unchanged == maxUnchanged {
			return fmt.Errorf("%w: asked %d times", ErrNotDeleted, maxUnchanged)
		}
	}
	return fmt.Errorf("%w: more than %d items match", ErrNotDeleted, maxDeletes)
}

// deleteOne deletes the first match and returns the text of the next one, or
// ErrNotFound from the read when none is left.
func (r *OS) deleteOne(ctx context.Context, key string) (string, error) {
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	err := r.backend.Delete(r.service, key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", err
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return r.backend.Get(r.service, key)
}

func decode(text string) ([]byte, error) {
	value, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(value) == 0 {
		return nil, ErrCorrupt
	}
	return value, nil
}

func checkValue(value []byte) error {
	if len(value) == 0 {
		return fmt.Errorf("%w: the value is empty", ErrInvalid)
	}
	if len(value) > MaxSize {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooBig, len(value), MaxSize)
	}
	return nil
}

func checkKey(key string) error {
	if key == "" || len(key) > MaxKey {
		return fmt.Errorf("%w: the key has %d bytes, not 1 to %d", ErrInvalid, len(key), MaxKey)
	}
	if i := strings.IndexFunc(key, notInKey); i >= 0 {
		return fmt.Errorf("%w: byte %d of the key is not a letter, a digit or one of %s", ErrInvalid, i+1, keySigns)
	}
	return nil
}

func notInKey(c rune) bool {
	letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	digit := '0' <= c && c <= '9'
	return !letter && !digit && !strings.ContainsRune(keySigns, c)
}
