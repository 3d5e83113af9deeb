package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

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
	if err == nil {
		err = file.Sync() // what is said to be written has to outlive a power cut
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(noRoom(cmd.To, err), os.Remove(cmd.To))
	}
	_, err = fmt.Fprintf(io.out, "Wrote %s: hub %s, schema version %d, %d rows.\nIt holds no key: keep %s as well, in another place.\n",
		cmd.To, manifest.HubID, manifest.Schema, manifest.Rows(), c.KEKFile)
	return err
}

// noRoom explains a full disk. Other errors stay as they are.
func noRoom(path string, err error) error {
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return keyshift.Refuse(keyshift.CodeStorageFull, "There is no room for the backup at "+path+".", "Nothing of it was kept. Make room, or name another disk.").Because(err)
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
