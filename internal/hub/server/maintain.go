package server

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/audit"
	"github.com/keyshift-hq/keyshift/internal/hub/store"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Backup writes everything in the database, as it is at one moment, into one file. A hub may go on serving.
func Backup(ctx context.Context, c Config, w io.Writer) (store.Manifest, error) {
	var manifest store.Manifest
	err := beside(ctx, c, func(st *store.Store) error {
		var err error
		manifest, err = st.Backup(ctx, w)
		return err
	})
	return manifest, err
}

// Restore reads a backup into an empty database.
func Restore(ctx context.Context, c Config, r io.Reader) (store.Manifest, error) {
	var manifest store.Manifest
	st, err := OpenStore(ctx, c, true)
	if err != nil {
		return manifest, err
	}
	manifest, err = st.Restore(ctx, r)
	return manifest, errors.Join(err, st.Close())
}

// Rewrap seals everything anew under the newest version of the key. It gives the number of credentials and the version.
func Rewrap(ctx context.Context, c Config) (int, uint32, error) {
	var n int
	var version uint32
	err := withHub(ctx, c, func(h *hub.Hub) error {
		var err error
		n, err = h.Rewrap(ctx)
		version = h.Vault.Primary()
		return err
	})
	return n, version, err
}

// HasHub refuses where there is no hub in the database, or the key does not open it.
func HasHub(ctx context.Context, c Config) error {
	return withHub(ctx, c, func(*hub.Hub) error { return nil })
}

// OnlyNewestKey refuses while something in the database is sealed under an older version of the key.
func OnlyNewestKey(ctx context.Context, c Config) error {
	return withHub(ctx, c, func(h *hub.Hub) error {
		only, err := h.OnlyPrimary(ctx)
		if err == nil && !only {
			err = keyshift.Refuse(keyshift.CodeFieldInvalid, "The database is still sealed under an older version of the key.", "Run keyshift-hub kek rewrap first.")
		}
		return err
	})
}

// beside works on a database that a hub may be using.
func beside(ctx context.Context, c Config, do func(*store.Store) error) error {
	o := c.storeOptions(false)
	o.Beside, o.ReserveFile = true, ""
	st, err := store.Open(ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(do(st), st.Close())
}

// withHub opens the hub without serving it.
func withHub(ctx context.Context, c Config, do func(*hub.Hub) error) error {
	return beside(ctx, c, func(st *store.Store) error {
		if _, err := st.Read(ctx).Hub(); err != nil {
			return fmt.Errorf("read hub: %w", err)
		}
		vault, err := hub.OpenVault(c.KEKFile, c.DataDir)
		if err != nil {
			return err
		}
		h, err := hub.Open(ctx, hub.Options{Store: st, Vault: vault, Tree: audit.NewSequencer(st, c.Log), Clock: time.Now, Random: rand.Reader, Log: c.Log}, "")
		if err != nil {
			return err
		}
		return do(h)
	})
}

func publicKey(h *hub.Hub) ed25519.PublicKey {
	public, _ := h.SigningKey().Public().(ed25519.PublicKey)
	return public
}
