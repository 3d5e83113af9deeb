package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

//go:embed migrations/*.sql
var migrations embed.FS

// NewestSchema is the schema version that this program works with.
const NewestSchema = 6

// ensureSchema brings the database to the newest schema if that was asked for, and refuses any other.
func ensureSchema(ctx context.Context, e engine, migrate bool) error {
	version, err := schemaVersion(ctx, e)
	switch {
	case err != nil:
		return fmt.Errorf("read schema version: %w", e.classify(err).public(err))
	case version > NewestSchema:
		return errSchema("The database "+e.database(), version, "knows up to", "Use a newer keyshift-hub.")
	case version == NewestSchema:
		return nil
	case !migrate:
		return errSchema("The database "+e.database(), version, "needs", "Run keyshift-hub migrate.")
	}
	if err := migrateTo(ctx, e, NewestSchema); err != nil {
		return fmt.Errorf("migrate %s from schema version %d to %d: %w", e.database(), version, NewestSchema, e.classify(err).public(err))
	}
	return nil
}

// errSchema refuses what has a schema that this program does not work with.
func errSchema(what string, version int64, needs, hint string) error {
	return keyshift.Refuse(keyshift.CodeSchemaUnsupported, fmt.Sprintf("%s has schema version %d, this program %s %d.", what, version, needs, NewestSchema), hint)
}

// schemaVersion looks without leaving a trace, 0 for an empty database.
func schemaVersion(ctx context.Context, e engine) (int64, error) {
	pool, _, _, err := e.migrating()
	if err != nil {
		return 0, err
	}
	var tables, version int64
	if err := pool.QueryRowContext(ctx, e.schemaTable()).Scan(&tables); err != nil || tables == 0 {
		return 0, err
	}
	err = pool.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version").Scan(&version)
	return version, err
}

// migrateTo runs the migrations up to a version, each in a transaction of its own.
func migrateTo(ctx context.Context, e engine, version int64) error {
	pool, dialect, options, err := e.migrating()
	if err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, pool, files, append(options, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return err
	}
	_, err = provider.UpTo(ctx, version)
	return err
}
