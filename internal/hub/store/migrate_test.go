package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/testpg"
)

func TestTheNewestSchemaIsTheLastMigration(t *testing.T) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) != NewestSchema {
		t.Fatalf("%d migrations, %v, want %d", len(files), err, NewestSchema)
	}
	for i, file := range files {
		if want := fmt.Sprintf("%04d_", i+1); !strings.HasPrefix(filepath.Base(file), want) {
			t.Errorf("%s does not begin with %s", file, want)
		}
	}
}

// facts asks each engine what its tables, columns, constraints and indexes are.
var facts = map[string][]string{
	"SQLite": {
		"SELECT m.name, c.name, c.type, c.'notnull', c.pk, COALESCE(c.dflt_value, '') FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type IN ('table', 'view') ORDER BY 1, 2",
		"SELECT m.name, f.'table', f.'from', f.'to' FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY 1, 2, 3",
		"SELECT type, name, COALESCE(sql, '') FROM sqlite_master ORDER BY 1, 2",
	},
	"PostgreSQL": {
		"SELECT table_name, column_name, data_type, is_nullable, COALESCE(column_default, '') FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
		"SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
		"SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2",
		"SELECT viewname, viewname, definition FROM pg_views WHERE schemaname = 'public'",
	},
}

// spaces and comments may differ.
var noise = regexp.MustCompile(`\s*--[^\n]*|\s+`)

func describe(t *testing.T, pool *sql.DB, engine string) (all []string) {
	t.Helper()
	for _, query := range facts[engine] {
		rows, err := pool.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		values, targets := scanTargets(len(names))
		for rows.Next() {
			if err := rows.Scan(targets...); err != nil {
				t.Fatal(err)
			}
			line := noise.ReplaceAllString(strings.TrimSpace(fmt.Sprintln(values...)), " ")
			if !strings.Contains(line, "goose_db_version") && !strings.Contains(line, "sqlite_sequence") {
				all = append(all, line)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func poolOf(s *Store) *sql.DB {
	switch e := s.engine.(type) {
	case *sqliteEngine:
		return e.reads
	case *postgresEngine:
		return e.reads
	}
	return nil
}

// bare opens an empty database without a store.
func bare(t *testing.T, dsn string) engine {
	t.Helper()
	e, err := openEngine(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.close(true); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return e
}

func TestMigrationsMakeWhatSchemaSQLSays(t *testing.T) {
	text, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			migrated := newScene(t, d.dsn(t))
			pool, _, _, err := bare(t, d.dsn(t)).migrating()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := pool.ExecContext(t.Context(), string(text)); err != nil {
				t.Fatal(err)
			}
			got, want := describe(t, poolOf(migrated.Store), d.name), describe(t, pool, d.name)
			if diff := cmp.Diff(want, got); diff != "" || len(got) < 100 {
				t.Errorf("%d facts (-schema.sql +migrations):\n%s", len(got), diff)
			}
		})
	}
}

func TestAnEmptyDatabaseIsMigratedOnlyWhenAsked(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			dsn := d.dsn(t)
			_, err := Open(t.Context(), Options{Database: dsn})
			var refusal *keyshift.Error
			if wantCode(t, err, keyshift.CodeSchemaUnsupported); !errors.As(err, &refusal) || refusal.Hint != "Run keyshift-hub migrate." || !strings.Contains(refusal.Text, "version 0") {
				t.Fatalf("got %v, want the command that migrates", err)
			}
			first, err := Open(t.Context(), Options{Database: dsn, Migrate: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			mustOpen(t, Options{Database: dsn})
		})
	}
}

func TestANewerSchemaIsRefusedWithBothVersions(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			dsn := d.dsn(t)
			e := bare(t, dsn)
			if err := migrateTo(t.Context(), e, NewestSchema); err != nil {
				t.Fatal(err)
			}
			pool, _, _, err := e.migrating()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := pool.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (77, "+map[string]string{"SQLite": "1", "PostgreSQL": "true"}[d.name]+")"); err != nil {
				t.Fatal(err)
			}
			err = ensureSchema(t.Context(), e, true)
			if err == nil || !strings.Contains(err.Error(), "version 77") || !strings.Contains(err.Error(), fmt.Sprintf("up to %d", NewestSchema)) {
				t.Errorf("got %v, want both versions", err)
			}
		})
	}
}

func TestHubsThatStartTogetherMigrateOnce(t *testing.T) {
	dsn := testpg.New(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			s, err := Open(context.Background(), Options{Database: dsn, Migrate: true})
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// testdata holds what a database of each released schema version looked like, with something in every table. Each is
// loaded at its version and migrated to the newest.
func TestDatabasesOfEverySchemaVersionAreMigrated(t *testing.T) {
	for version := int64(1); version <= NewestSchema; version++ {
		for _, d := range databases {
			t.Run(fmt.Sprintf("%d/%s", version, d.name), func(t *testing.T) {
				dsn := d.dsn(t)
				e, err := openEngine(t.Context(), dsn)
				if err != nil {
					t.Fatal(err)
				}
				if err := migrateTo(t.Context(), e, version); err != nil {
					t.Fatal(err)
				}
				loadDump(t, e, fmt.Sprintf("testdata/schema%d.jsonl", version))
				if err := e.close(true); err != nil {
					t.Fatal(err)
				}
				checkDump(t, mustOpen(t, Options{Database: dsn, Migrate: true}), tablesAt(version))
			})
		}
	}
}

// loadDump inserts the rows of a dump, which is a backup without its gzip, as they are.
func loadDump(t *testing.T, e engine, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in, err := openBackup(bytes.NewReader(packed(t, text)))
	if err != nil {
		t.Fatal(err)
	}
	pool, _, _, err := e.migrating()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fail := func(err error) error { return err }
	loading := &tx{reader: reader{ctx: t.Context(), judge: fail}, judgeOnly: fail, link: &link{conn: conn}}
	if _, err := conn.ExecContext(t.Context(), "BEGIN"); err != nil {
		t.Fatal(err)
	}
	if _, err := in.load(t.Context(), loading); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

func packed(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func checkDump(t *testing.T, s *Store, filled []string) {
	t.Helper()
	r := s.Read(t.Context())
	h, err := r.Hub()
	if err != nil || h.Name != "acme" {
		t.Errorf("hub %+v, %v", h, err)
	}
	leases, err := r.Leases(hub.LeaseFilter{Limit: 10})
	if err != nil || len(leases) != 3 || leases[0].State != keyshift.LeaseRevoked || leases[0].UserShown != "Dana D." || leases[0].Account.Name() != "instagram/acme" {
		t.Errorf("leases %+v, %v", leases, err)
	}
	events, err := r.EventsFrom(0, 10)
	if err != nil || len(events) != 2 || events[0].Personal["reason"] != "spring campaign" {
		t.Errorf("events %+v, %v", events, err)
	}
	for _, table := range filled {
		var n int
		if err := s.pool.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil || n == 0 {
			t.Errorf("table %s has %d rows, %v: a dump has something in every table", table, n, err)
		}
	}
}

func TestEveryTableIsBackedUp(t *testing.T) {
	s := newScene(t, databases[0].dsn(t))
	got := column(t, s.pool, 0, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('goose_db_version', 'write_marks') ORDER BY 1")
	want := slices.Sorted(slices.Values(tables))
	same(t, "tables", got, want)
}
