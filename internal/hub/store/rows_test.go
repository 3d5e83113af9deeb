package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// past gives an empty database n leases and n audit events: ten accounts, each lent once an hour for 40 minutes until
// now, a tree hash and a checkpoint for each.
func past(t *testing.T, pool *sql.DB, n int, now time.Time) {
	t.Helper()
	const hour, lasts = int64(time.Hour / time.Microsecond), int64(40 * time.Minute / time.Microsecond)
	for _, step := range []string{
		`INSERT INTO users SELECT 'u' || i, 'user' || i, '', 'member', 1, 0 FROM generate_series(0, 9) i`,
		`INSERT INTO devices SELECT 'd' || i, 'u' || i, '', 'linux', 'trusted', 0, '', '', 0, 0, 0 FROM generate_series(0, 9) i`,
		`INSERT INTO accounts SELECT 'a' || i, 'x', 'h' || i, 'delegated', 0, 1, 0, 0, 'keyring', 0, 0, 0, 0, 0 FROM generate_series(0, 9) i`,
		fmt.Sprintf(`INSERT INTO leases SELECT 'l' || i, 'a' || i%%10, 'u' || i%%10, 'd' || i%%10, '', 'checked_in', 0, 0, 1, %[1]d - i/10*%[2]d, 0, 0,
			%[1]d - i/10*%[2]d + %[3]d, 'checked_in', 0, 4, 0, 0, 0, 0, '', 0, 'none', 0, 0, 0, 0, '' FROM generate_series(0, %[4]d) i`, now.UnixMicro(), hour, lasts, n-1),
		fmt.Sprintf(`INSERT INTO audit_events SELECT 'e' || i, 0, 'lease.granted', 'device', 'd' || i%%10, 'u' || i%%10, 'd' || i%%10, 'a' || i%%10, 'l' || i, '{}', '', '', '', i
			FROM generate_series(0, %d) i`, n-1),
		fmt.Sprintf(`INSERT INTO audit_hashes SELECT i, '' FROM generate_series(0, %d) i`, n-1),
		fmt.Sprintf(`INSERT INTO checkpoints SELECT i, '', 0 FROM generate_series(1, %d) i`, n),
		`ANALYZE`,
	} {
		if _, err := pool.ExecContext(t.Context(), step); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
	}
}

// node is a step of PostgreSQL's report on how it did a query.
type node struct {
	Type     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Filtered float64 `json:"Rows Removed by Filter"`
	Recheck  float64 `json:"Rows Removed by Index Recheck"`
	Plans    []node  `json:"Plans"`
}

// read counts the rows that were taken from tables, those that were thrown away too.
func (n node) read() (rows float64) {
	if n.Relation != "" {
		rows = (n.Rows + n.Filtered + n.Recheck) * n.Loops
	}
	for _, below := range n.Plans {
		rows += below.read()
	}
	return rows
}

func rowsRead(t *testing.T, pool *sql.DB, query string, arguments ...any) float64 {
	t.Helper()
	var text []byte
	if err := pool.QueryRowContext(t.Context(), "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "+query, arguments...).Scan(&text); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var report []struct{ Plan node }
	if err := json.Unmarshal(text, &report); err != nil || len(report) != 1 {
		t.Fatalf("%s: %v", text, err)
	}
	return report[0].Plan.read()
}

// What a sync and "who held it then" read does not depend on how old the hub is.
func TestAPastThatIsTenTimesAsLongIsNotRead(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	at := now.Add(-48*time.Hour + 5*time.Minute).UnixMicro()
	hashes := make([]any, chunk)
	for i := range hashes {
		hashes[i] = i * 7
	}
	questions := []struct {
		name      string
		arguments []any
	}{
		{"HeldAt", []any{"a3", at, at - int64(24*time.Hour/time.Microsecond)}},
		{"DeviceAndUser", []any{"d3"}}, {"LiveLeases", []any{"d3"}}, {"RemovalsOpen", []any{"d3"}},
		{"LatestCheckpoint", nil}, {"TreeHashes", hashes}, {"Hub", nil},
	}
	reads := map[string][]float64{}
	for _, n := range []int{2_000, 20_000} {
		s := newScene(t, migrated.New(t))
		pool := s.engine.(*postgresEngine).pool
		past(t, pool, n, now)
		all := queries(t)
		for _, q := range questions {
			if all[q.name] == "" {
				t.Fatalf("there is no query %s", q.name)
			}
			reads[q.name] = append(reads[q.name], rowsRead(t, pool, all[q.name], q.arguments...))
		}
	}
	for name, rows := range reads {
		if rows[1] > rows[0] || rows[1] > 100 {
			t.Errorf("%s read %v rows with 2,000 and with 20,000 leases and events, want the same", name, rows)
		}
	}
	if reads["HeldAt"][1] < 1 || reads["TreeHashes"][1] != chunk {
		t.Errorf("read %v: the questions find nothing", reads)
	}
}
