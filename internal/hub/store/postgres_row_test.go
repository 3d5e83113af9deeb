package store

import (
	"context"
	"database/sql"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// What is read ahead is read as the driver reads it.
func TestPostgresRowReadsWhatTheDriverReads(t *testing.T) {
	const query = `SELECT 'Grüße'::text, ''::text, '\x00ff'::bytea, ''::bytea, NULL::bytea, -7::bigint, 9223372036854775807::bigint, -3::integer`
	type answer struct {
		Text, NoText           string
		Bytes, NoBytes, Absent []byte
		Low, High              int64
		Small                  int32
	}
	ask := func(scan func(pgx.Rows, ...any) error) (a answer) {
		t.Helper()
		askPostgres(t, query, func(rows pgx.Rows) error {
			return scan(rows, &a.Text, &a.NoText, &a.Bytes, &a.NoBytes, &a.Absent, &a.Low, &a.High, &a.Small)
		})
		return a
	}
	want := ask(func(r pgx.Rows, values ...any) error { return r.Scan(values...) })
	got := ask(func(r pgx.Rows, values ...any) error { return postgresRow{r}.Scan(values...) })
	if diff := cmp.Diff(want, got); diff != "" || want.Low != -7 {
		t.Errorf("the row is (-driver +ours):\n%s", diff)
	}
}

// Whatever else there may be in a row is left to the driver, its errors too.
func TestPostgresRowLeavesTheRestToTheDriver(t *testing.T) {
	var small int64
	var maybe sql.NullInt64
	askPostgres(t, "SELECT 5::integer, NULL::bigint", func(rows pgx.Rows) error { return postgresRow{rows}.Scan(&small, &maybe) })
	if small != 5 || maybe.Valid {
		t.Errorf("got %d and %v, want 5 and nothing", small, maybe)
	}
	var text string
	askPostgres(t, "SELECT NULL::text", func(rows pgx.Rows) error {
		if (postgresRow{rows}).Scan(&text) == nil {
			t.Error("no value was read as text")
		}
		return nil
	})
}

func askPostgres(t *testing.T, query string, each func(pgx.Rows) error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), migrated.New(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	rows, err := conn.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			t.Fatal(err)
		}
	}
}
