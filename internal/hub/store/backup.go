package store

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// backupFormat is the version of the form of backups: lines of JSON under gzip. The first is a [Manifest] without
// sums; each table is a line with its name and columns and then a line for each row, an array with bytes in Base64;
// the last line is the manifest with the sums. What is in a backup is sealed or hashed as it is in the database.
const backupFormat = 1

// Manifest tells what a backup holds.
type Manifest struct {
	Format int         `json:"format"`
	Schema int64       `json:"schema"`
	HubID  keyshift.ID `json:"hub_id"`
	// Engine names what the backup was made from; it can be restored into the other as well.
	Engine string    `json:"engine"`
	At     time.Time `json:"at"`
	// Tables is empty at the head of the file.
	Tables map[string]TableSum `json:"tables,omitempty"`
}

// TableSum is the number of a table's rows and the SHA-256 of their lines.
type TableSum struct {
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

// Rows counts all rows.
func (m Manifest) Rows() int64 {
	var n int64
	for _, sum := range m.Tables {
		n += sum.Rows
	}
	return n
}

// tables are what a backup holds, each after those it refers to. write_marks means nothing to another database.
var tables = []string{
	"hub", "kek_checks", "users", "api_tokens", "codes", "user_groups", "group_members", "accounts", "credentials", "risk_acceptances",
	"grants", "devices", "device_presence", "leases", "effects", "outbox", "audit_events", "audit_hashes", "checkpoints", "rollback_acceptances",
	"work_hours", "hours_lifted", "reminders", "reminder_counts", "self_reports", "acknowledgements",
	"site_packs", "browser_policy", "insider_words", "personal_guards", "allowed_guards", "account_refs", "custodians", "code_relays",
	"work_browsers",
}

// tablesOf counts, for each schema version, the tables of the list that it has: new ones go to its end.
var tablesOf = [NewestSchema]int{20, 23, 26, 34, 35, 35}

func tablesAt(schema int64) []string { return tables[:tablesOf[schema-1]] }

// tableHead is the line before a table's rows.
type tableHead struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
}

// Backup writes everything as it is at one moment. Writes go on meanwhile.
func (s *Store) Backup(ctx context.Context, w io.Writer) (Manifest, error) {
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		return Manifest{}, fmt.Errorf("back up: %w", s.judgeRead(ctx, err))
	}
	l := &link{conn: conn}
	if _, err := conn.ExecContext(ctx, s.engine.snapshot()); err != nil {
		l.drop()
		return Manifest{}, fmt.Errorf("back up: %w", s.judgeRead(ctx, err))
	}
	m, err := s.backup(ctx, conn, w)
	if !l.rollback(context.WithoutCancel(ctx)) {
		l.drop()
	}
	if err = errors.Join(err, ignoreDone(conn.Close())); err != nil {
		return Manifest{}, fmt.Errorf("back up: %w", err)
	}
	return m, nil
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}

func (s *Store) backup(ctx context.Context, conn *sql.Conn, w io.Writer) (Manifest, error) {
	packed := gzip.NewWriter(w)
	out := bufio.NewWriterSize(packed, 1<<16)
	m := Manifest{Format: backupFormat, Schema: NewestSchema, Engine: s.engine.name(), At: s.clock.next()}
	if err := conn.QueryRowContext(ctx, "SELECT id FROM hub").Scan(&m.HubID); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return m, s.judgeRead(ctx, err)
	}
	if err := writeLine(out, m); err != nil {
		return m, err
	}
	m.Tables = make(map[string]TableSum, len(tables))
	for _, table := range tables {
		sum, err := s.backupTable(ctx, conn, out, table)
		if err != nil {
			return m, fmt.Errorf("%s: %w", table, err)
		}
		m.Tables[table] = sum
	}
	return m, errors.Join(writeLine(out, m), out.Flush(), packed.Close())
}

func (s *Store) backupTable(ctx context.Context, conn *sql.Conn, out io.Writer, table string) (TableSum, error) {
	rows, err := conn.QueryContext(ctx, "SELECT * FROM "+table) // #nosec G202 -- a name of the list above
	if err != nil {
		return TableSum{}, s.judgeRead(ctx, err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return TableSum{}, err
	}
	if err := writeLine(out, tableHead{table, columns}); err != nil {
		return TableSum{}, err
	}
	sum := newSum()
	values, targets := scanTargets(len(columns))
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return TableSum{}, err
		}
		line, err := rowLine(values)
		if err != nil {
			return TableSum{}, err
		}
		sum.add(line)
		if _, err := out.Write(append(line, '\n')); err != nil {
			return TableSum{}, err
		}
	}
	if err := rows.Err(); err != nil {
		return TableSum{}, s.judgeRead(ctx, err)
	}
	return sum.done(), nil
}

// scanTargets gives values and the pointers to them that a row is scanned into.
func scanTargets(n int) (values, targets []any) {
	values, targets = make([]any, n), make([]any, n)
	for i := range values {
		targets[i] = &values[i]
	}
	return values, targets
}

// rowLine writes a row. SQLite's driver gives no bytes as nil bytes, which JSON would take for NULL.
func rowLine(values []any) ([]byte, error) {
	for i, value := range values {
		if b, ok := value.([]byte); ok {
			values[i] = blob(b)
		}
	}
	return json.Marshal(values)
}

func writeLine(w io.Writer, value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// tableSum adds up a table.
type tableSum struct {
	hash.Hash
	rows int64
}

func newSum() *tableSum { return &tableSum{Hash: sha256.New()} }

func (t *tableSum) add(line []byte) {
	_, _ = t.Write(line) // never fails
	_, _ = t.Write([]byte{'\n'})
	t.rows++
}

func (t *tableSum) done() TableSum { return TableSum{t.rows, hex.EncodeToString(t.Sum(nil))} }

// known reports whether a table belongs into backups.
func known(table string) bool { return slices.Contains(tables, table) }
