package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/keyshift-hq/keyshift/internal/hub/server"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type backupCmd struct {
	dataFlags
	To string `required:"" placeholder:"FILE" help:"The file to write; it must not exist."`
}

// Run writes a backup of one moment; a hub may go on serving meanwhile.
func (cmd backupCmd) Run(ctx context.Context, io console, version buildVersion) error {
	c, err := cmd.config(string(version), nil)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(cmd.To, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return keyshift.Refuse(keyshift.CodeAlreadyExists, cmd.To+" exists already.", "Name a new file, or remove that one.")
	}
	if err != nil {
		return fmt.Errorf("create backup: %w", err)
	}
	manifest, err := server.Backup(ctx, c, file)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(cmd.To))
	}
	_, err = fmt.Fprintf(io.out, "Wrote %s: hub %s, schema version %d, %d rows.\nIt holds no key: keep %s as well, in another place.\n",
		cmd.To, manifest.HubID, manifest.Schema, manifest.Rows(), c.KEKFile)
	return err
}

type restoreCmd struct {
	dataFlags
	From string `required:"" placeholder:"FILE" type:"existingfile" help:"The backup to read."`
}

// Run reads a backup into an empty database.
func (cmd restoreCmd) Run(ctx context.Context, io console, version buildVersion) error {
	c, err := cmd.config(string(version), nil)
	if err != nil {
		return err
	}
	file, err := os.Open(cmd.From)
	if err != nil {
		return fmt.Errorf("open backup: %w", err)
	}
	manifest, err := server.Restore(ctx, c, file)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.out, "Restored hub %s, schema version %d, %d rows.\nIf devices have seen a newer audit log, the hub lends nothing until two admins run keyshift-hub accept-rollback.\n",
		manifest.HubID, manifest.Schema, manifest.Rows())
	return err
}
