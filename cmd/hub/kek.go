package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/server"
	"github.com/keyshift-hq/keyshift/internal/kek"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type kekCmd struct {
	Create  kekCreateCmd  `cmd:"" help:"Make the key for a new hub. serve does so by itself; a service that only gets to read the key cannot."`
	Rotate  kekRotateCmd  `cmd:"" help:"Make a new version of the key and seal everything anew under it. The hub may go on serving."`
	Rewrap  kekRewrapCmd  `cmd:"" help:"Seal everything anew under the newest version: after the new file was copied to all replicas."`
	DropOld kekDropOldCmd `cmd:"" help:"Forget the older versions, once everything is sealed anew. Older backups can then not be read."`
}

type kekCreateCmd struct{ dataFlags }

// Run makes a key file where there is none.
func (cmd kekCreateCmd) Run(io console, version buildVersion) error {
	c, err := cmd.config(string(version), nil)
	if err != nil {
		return err
	}
	err = kek.Create(c.KEKFile)
	if errors.Is(err, fs.ErrExist) {
		return keyshift.Refuse(keyshift.CodeAlreadyExists, c.KEKFile+" exists already.", "A hub keeps its key. To make a new version of it: keyshift-hub kek rotate")
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.out, "%s has version 1 of a new key. Keep a copy in another place than the backups: without it they cannot be read.\n", c.KEKFile)
	return err
}

type kekRotateCmd struct {
	dataFlags
	KeyOnly bool `help:"Only add the version to the file, so that it can be copied to the other replicas before rewrap."`
}

// Run rotates the key.
func (cmd kekRotateCmd) Run(ctx context.Context, io console, version buildVersion) error {
	c, err := cmd.config(string(version), nil)
	if err != nil {
		return err
	}
	if !cmd.KeyOnly { // a version under which nothing can be sealed would only be in the way
		if err := server.HasHub(ctx, c); err != nil {
			return err
		}
	}
	key, err := kek.Rotate(c.KEKFile)
	if err != nil {
		return hub.KeyRefusal(c.KEKFile, fmt.Errorf("rotate key-encryption key: %w", err))
	}
	if _, err := fmt.Fprintf(io.out, "%s has version %d now.\n", c.KEKFile, key); err != nil || cmd.KeyOnly {
		return err
	}
	return rewrap(ctx, io, c)
}

type kekRewrapCmd struct{ dataFlags }

// Run seals everything anew.
func (cmd kekRewrapCmd) Run(ctx context.Context, io console, version buildVersion) error {
	c, err := cmd.config(string(version), nil)
	if err != nil {
		return err
	}
	return rewrap(ctx, io, c)
}

func rewrap(ctx context.Context, io console, c server.Config) error {
	n, key, err := server.Rewrap(ctx, c)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.out, "%d credentials and the hub's own keys are sealed under version %d.\n", n, key)
	return err
}

type kekDropOldCmd struct{ dataFlags }

// Run forgets older versions if nothing is sealed under them.
func (cmd kekDropOldCmd) Run(ctx context.Context, io console, version buildVersion) error {
	c, err := cmd.config(string(version), nil)
	if err != nil {
		return err
	}
	if err := server.OnlyNewestKey(ctx, c); err != nil {
		return err
	}
	dropped, err := kek.DropOldVersions(c.KEKFile)
	if err != nil {
		return hub.KeyRefusal(c.KEKFile, fmt.Errorf("drop old versions of the key-encryption key: %w", err))
	}
	_, err = fmt.Fprintf(io.out, "Dropped versions: %v.\n", dropped)
	return err
}
