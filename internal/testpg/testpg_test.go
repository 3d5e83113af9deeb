package testpg

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func query(t *testing.T, dsn, sql string) string {
	t.Helper()
	out, err := exec.Command(client(), "--no-psqlrc", "--tuples-only", "--no-align", "--dbname="+dsn, "--command="+sql).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", sql, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestATemplateIsPreparedOnceAndCopied(t *testing.T) {
	prepared := 0
	p := Template{Prepare: func(dsn string) error {
		prepared++
		return psql(dsn, "CREATE TABLE account (handle text)")
	}}
	if err := p.Drop(); err != nil {
		t.Errorf("drop what was never made: %v", err)
	}
	t.Run("two tests", func(t *testing.T) {
		first, second := p.New(t), p.New(t)
		query(t, first, "INSERT INTO account VALUES ('@acme')")
		if got := query(t, second, "SELECT count(*) FROM account"); got != "0" || prepared != 1 {
			t.Errorf("%s rows of the other test, prepared %d times; want none, and once", got, prepared)
		}
	})
	if err := p.Drop(); err != nil {
		t.Error(err)
	}
	admin, err := cluster()
	if err != nil {
		t.Fatal(err)
	}
	if got := query(t, admin, "SELECT count(*) FROM pg_database WHERE datname = '"+p.name+"'"); got != "0" {
		t.Error("the template outlived its tests")
	}
}

func TestDatabasesAreFreshApartAndDropped(t *testing.T) {
	var first, second string
	t.Run("two tests", func(t *testing.T) {
		first, second = New(t), New(t)
		query(t, first, "CREATE TABLE account (handle text); INSERT INTO account VALUES ('@acme')")
		if got := query(t, first, "SELECT handle FROM account"); got != "@acme" {
			t.Errorf("got %q, want the row that was written", got)
		}
		if got := query(t, second, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"); got != "0" {
			t.Errorf("second database has %s tables, want 0", got)
		}
		if got := query(t, first, "SHOW server_encoding"); got != "UTF8" {
			t.Errorf("encoding is %s", got)
		}
	})
	admin, err := cluster()
	if err != nil {
		t.Fatal(err)
	}
	if got := query(t, admin, "SELECT count(*) FROM pg_database WHERE datname LIKE 'test\\_%' AND position(datname in '"+first+second+"') > 0"); got != "0" {
		t.Errorf("%s databases outlived their test", got)
	}
	if got := query(t, admin, "SHOW listen_addresses"); os.Getenv(Variable) == "" && got != "" {
		t.Errorf("the cluster listens on %q", got)
	}
}

func TestSiblingKeepsTheClusterAndRefusesOtherAddresses(t *testing.T) {
	got, err := sibling("postgres://keyshift@/postgres?host=/tmp/pg", "test_1")
	if want := "postgres://keyshift@/test_1?host=/tmp/pg"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	for _, dsn := range []string{"host=/tmp dbname=x", "mysql://x/y", "://"} {
		if got, err := sibling(dsn, "test_1"); err == nil {
			t.Errorf("%s: got %q, want an error", dsn, got)
		}
	}
}
