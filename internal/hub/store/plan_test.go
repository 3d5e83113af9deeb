package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// mayScan are the statements that read a table or an index from one end to the other, and why they may. All others
// have to look up what they need, so that none gets slower as the hub gets older.
var mayScan = map[string]string{
	"Ahead":                    "the rows that are asked for, each of which looks up",
	"AheadOfLease":             "the rows that are asked for, each of which looks up",
	"AheadOfSync":              "stops at the newest checkpoint",
	"EndLease":                 "the rows that are given, each of which looks up",
	"SaveWindow":               "the rows that are given, each of which looks up",
	"CountActiveOwners":        "users, as many as the company has people",
	"CountRollbackAcceptances": "a handful of rows",
	"Counts":                   "indexes that hold only live leases and open removals",
	"DropKEKChecksExcept":      "a handful of rows",
	"GrantedAccounts":          "grants, as many as the company has given",
	"Holder":                   "the rows of a subquery, whose branches look up",
	"KEKChecks":                "a handful of rows",
	"LatestCheckpoint":         "stops at the first",
	"OutboxBefore":             "the outbox is emptied all the time",
	"PlaceEvent":               "the rows that are given, each of which looks up",
	"PruneTokens":              "the rows of two subqueries with limits",
	"SaveHub":                  "one row",
	"SaveLease":                "the rows that are given, each of which looks up",
	"Unsequenced":              "an index that holds only events without a place",
	"NextDue":                  "stops at the first of an index that holds only live leases",
	"Hub":                      "one row",
	"ClearRollback":            "a handful of rows",
	"SitePacks":                "a handful of networks and sites",
	"InsiderWords":             "a bounded list that is wanted whole",
	"PersonalGuards":           "groups, as many as the company has",
	"AllowedGuards":            "grants, as many as the company has given",
	"WorkBrowsers":             "accounts, as many as the company lends; an admin's list",
	"EndLeases":                "the branch for all reads an index that holds only live leases",
}

// queries reads every statement of package db.
func queries(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("db/*.sql.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	form := regexp.MustCompile("(?s)= `-- name: (\\w+) :\\w+\n(.*?)`")
	all := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range form.FindAllStringSubmatch(string(text), -1) {
			all[m[1]] = m[2]
		}
	}
	return all
}

func TestQueriesDoNotWalkThroughHistoryOnSQLite(t *testing.T) {
	s := newScene(t, databases[0].dsn(t))
	all := queries(t)
	if len(all) < 100 {
		t.Fatalf("only %d queries found", len(all))
	}
	for name, query := range all {
		for _, step := range column(t, s.engine.(*sqliteEngine).pool, 3, "EXPLAIN QUERY PLAN "+query, make([]any, parameters(query))...) {
			if strings.HasPrefix(step, "SCAN ") && step != "SCAN CONSTANT ROW" && mayScan[name] == "" {
				t.Errorf("%s: %s", name, step)
			}
		}
	}
}

// parameters is the highest parameter of a query.
func parameters(query string) (n int) {
	for _, m := range regexp.MustCompile(`\$(\d+)`).FindAllStringSubmatch(query, -1) {
		var i int
		_, _ = fmt.Sscan(m[1], &i)
		n = max(n, i)
	}
	return n
}

// column gives a text column of all rows.
func column(t *testing.T, pool *sql.DB, i int, query string, arguments ...any) (all []string) {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), query, arguments...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, targets := scanTargets(len(names))
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(values[i]))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestQueriesDoNotWalkThroughHistoryOnPostgreSQL(t *testing.T) {
	s := newScene(t, migrated.New(t))
	conn, err := s.engine.(*postgresEngine).pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	run := func(statement string) {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	run("SET enable_seqscan = off")
	run("SET plan_cache_mode = force_generic_plan")
	number := 0
	for name, query := range queries(t) {
		number++
		run(fmt.Sprintf("PREPARE q%d AS %s", number, query))
		nulls := strings.TrimSuffix(strings.Repeat("NULL,", parameters(query)), ",")
		if nulls != "" {
			nulls = "(" + nulls + ")"
		}
		plan := strings.Join(explain(t, conn, fmt.Sprintf("EXPLAIN EXECUTE q%d%s", number, nulls)), "\n")
		for _, node := range strings.Split(plan, "->") {
			if whole.MatchString(node) && !strings.Contains(node, "Index Cond") && mayScan[name] == "" {
				t.Errorf("%s: %s", name, node)
			}
		}
	}
}

// However many rows a statement is for, it looks up each of them.
func TestJoinedStatementsLookUpOnPostgreSQL(t *testing.T) {
	s := newScene(t, migrated.New(t))
	conn, err := s.engine.(*postgresEngine).pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	all := queries(t)
	for name, types := range map[string][]string{
		"Ahead": {"bigint", "text", "text", "text", "bigint"}, "AheadOfUser": {"bigint", "text", "text", "bytea"},
		"SaveWindow": {"text", "bigint", "bigint", "bigint", "bigint"}, "PlaceEvent": {"bigint", "text"}, "EndLease": {"text", "text", "text", "bigint", "bigint"},
		"AheadOfLease": {"bigint", "text"}, "SaveLease": saveLeaseTypes,
	} {
		joined := overArrays(all[name], types)
		if joined == "" {
			t.Errorf("%s: it cannot be joined", name)
			continue
		}
		if _, err := conn.ExecContext(t.Context(), "PREPARE "+name+" AS "+joined); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		nulls := strings.TrimSuffix(strings.Repeat("NULL,", len(types)), ",")
		plan := strings.Join(explain(t, conn, "EXPLAIN EXECUTE "+name+"("+nulls+")"), "\n")
		for _, node := range strings.Split(plan, "->") {
			if whole.MatchString(node) && !strings.Contains(node, "Index Cond") {
				t.Errorf("%s: %s", name, node)
			}
		}
	}
}

var saveLeaseTypes = strings.Fields("text bigint text bigint bigint bigint bigint bigint text bigint bigint bigint bigint bigint bigint text bigint text bigint bigint")

// whole is a node of a plan that reads a table or index; without a condition on the index it reads all of it.
var whole = regexp.MustCompile(`(Seq Scan|Index Scan|Index Only Scan|Bitmap Index Scan) `)

func explain(t *testing.T, conn *sql.Conn, statement string) (steps []string) {
	t.Helper()
	rows, err := conn.QueryContext(context.Background(), statement)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	for rows.Next() {
		var step string
		if err := rows.Scan(&step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	return steps
}
