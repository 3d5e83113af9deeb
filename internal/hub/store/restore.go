package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// longestLine bounds a line of a backup, so that a file made to do harm does not fill the memory.
const longestLine = 16 << 20

// Restore reads a backup into this database, which must be empty, in one transaction: everything or nothing. It
// refuses a file that is damaged, cut off, or of another schema version.
func (s *Store) Restore(ctx context.Context, r io.Reader) (Manifest, error) {
	var m Manifest
	err := s.write(ctx, &command{kind: hub.Closing, once: true, fn: func(t *tx) (err error) {
		m, err = restore(ctx, t, r)
		return err
	}})
	if err != nil {
		return Manifest{}, fmt.Errorf("restore: %w", err)
	}
	return m, nil
}

func restore(ctx context.Context, t *tx, r io.Reader) (Manifest, error) {
	in, err := openBackup(r)
	if err != nil {
		return Manifest{}, err
	}
	if err := in.checkHead(); err != nil {
		return Manifest{}, err
	}
	for _, table := range tables {
		if err := t.checkEmpty(table); err != nil {
			return Manifest{}, err
		}
	}
	return in.load(ctx, t)
}

// backupReader reads the lines of a backup.
type backupReader struct {
	lines *bufio.Scanner
	head  Manifest
	sums  map[string]TableSum
}

func openBackup(r io.Reader) (*backupReader, error) {
	packed, err := gzip.NewReader(r)
	if err != nil {
		return nil, damaged(err)
	}
	in := &backupReader{lines: bufio.NewScanner(packed), sums: map[string]TableSum{}}
	in.lines.Buffer(make([]byte, 1<<16), longestLine)
	if err := in.next(&in.head); err != nil {
		return nil, err
	}
	return in, nil
}

func damaged(err error) error {
	return keyshift.Refuse(keyshift.CodeIntegrityFailed, "The backup is damaged or cut off.", "Nothing was restored. Take another backup.").Because(err)
}

// line gives the next line, and io.ErrUnexpectedEOF when there is none.
func (in *backupReader) line() ([]byte, error) {
	if in.lines.Scan() {
		return in.lines.Bytes(), nil
	}
	if err := in.lines.Err(); err != nil {
		return nil, damaged(err)
	}
	return nil, damaged(io.ErrUnexpectedEOF)
}

func (in *backupReader) next(into any) error {
	line, err := in.line()
	if err != nil {
		return err
	}
	return decode(line, into)
}

func decode(line []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return damaged(err)
	}
	return nil
}

func (in *backupReader) checkHead() error {
	switch m := in.head; {
	case m.Format == 0:
		return damaged(errors.New("it does not begin with a manifest"))
	case m.Format > backupFormat:
		return keyshift.Refuse(keyshift.CodeSchemaUnsupported, fmt.Sprintf("The backup has format %d, this program knows up to %d.", m.Format, backupFormat), "Use a newer keyshift-hub.")
	case m.Schema > NewestSchema:
		return errSchema("The backup", m.Schema, "knows up to", "Use a newer keyshift-hub.")
	case m.Schema < NewestSchema:
		return errSchema("The backup", m.Schema, "restores", "Restore it with the keyshift-hub that made it, then run keyshift-hub migrate.")
	}
	return nil
}

// load reads tables until the last manifest, and compares the sums.
func (in *backupReader) load(ctx context.Context, t *tx) (Manifest, error) {
	line, err := in.line()
	for err == nil && bytes.HasPrefix(line, []byte(`{"table":`)) {
		var head tableHead
		if err = decode(line, &head); err == nil {
			line, err = in.loadTable(ctx, t, head)
		}
	}
	if err != nil {
		return Manifest{}, err
	}
	var last Manifest
	if err := decode(line, &last); err != nil {
		return Manifest{}, err
	}
	return last, in.compare(last)
}

func (in *backupReader) compare(last Manifest) error {
	if want := len(tablesAt(in.head.Schema)); len(in.sums) != want || len(last.Tables) != want {
		return damaged(fmt.Errorf("it has %d tables instead of %d", len(in.sums), want))
	}
	for table, sum := range in.sums {
		if last.Tables[table] != sum {
			return damaged(fmt.Errorf("table %s is not what was backed up", table))
		}
	}
	if in.lines.Scan() || in.lines.Err() != nil {
		return damaged(errors.Join(errors.New("it does not end where it should"), in.lines.Err()))
	}
	return nil
}

// loadTable inserts the rows of a table, and gives the first line after them.
func (in *backupReader) loadTable(ctx context.Context, t *tx, head tableHead) ([]byte, error) {
	kinds, err := t.columns(head)
	if err != nil {
		return nil, err
	}
	insert, err := t.link.conn.PrepareContext(t.ctx, insertInto(head))
	if err != nil {
		return nil, t.judge(err)
	}
	defer func() { _ = insert.Close() }()
	sum := newSum()
	for {
		line, err := in.line()
		if err != nil || !bytes.HasPrefix(line, []byte("[")) {
			in.sums[head.Table] = sum.done()
			return line, err
		}
		if err := errors.Join(ctx.Err(), t.insertRow(insert, kinds, line)); err != nil {
			return nil, fmt.Errorf("%s: %w", head.Table, err)
		}
		sum.add(line)
	}
}

func insertInto(head tableHead) string {
	marks := make([]string, len(head.Columns))
	for i := range marks {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	return "INSERT INTO " + head.Table + " (" + strings.Join(head.Columns, ", ") + ") VALUES (" + strings.Join(marks, ", ") + ")"
}

func (t *tx) insertRow(insert *sql.Stmt, kinds []string, line []byte) error {
	var values []any
	if err := decode(line, &values); err != nil {
		return err
	}
	if len(values) != len(kinds) {
		return damaged(errors.New("a row has too few or too many values"))
	}
	for i, kind := range kinds {
		var err error
		if values[i], err = valueOf(kind, values[i]); err != nil {
			return damaged(err)
		}
	}
	if _, err := insert.ExecContext(t.ctx, values...); err != nil {
		return t.notTaken(err)
	}
	t.writes++
	return nil
}

// notTaken: what the database refuses as wrong is the file's fault.
func (t *tx) notTaken(err error) error {
	if judged := t.judgeOnly(err); faultOf(judged) != faultConflict && faultOf(judged) != faultOther {
		return t.judge(err)
	}
	return damaged(err)
}

// valueOf turns what JSON holds into what a column of a kind takes.
func valueOf(kind string, value any) (any, error) {
	switch v := value.(type) {
	case nil:
		if kind == "bytes" { // no bytes: SQLite's driver gives nothing for them, and no column of bytes may be NULL
			return blob(nil), nil
		}
		return nil, nil
	case json.Number:
		if kind == "int" {
			return v.Int64()
		}
	case string:
		switch kind {
		case "text":
			return v, nil
		case "bytes":
			b, err := base64.StdEncoding.DecodeString(v)
			return blob(b), err
		}
	}
	return nil, fmt.Errorf("a value is no %s", kind)
}

// columns compares the table and columns that a file names with those that exist, so that no other text gets into a
// statement, and gives the kinds of the columns.
func (t *tx) columns(head tableHead) ([]string, error) {
	if !known(head.Table) {
		return nil, damaged(errors.New("it has an unknown table"))
	}
	rows, err := t.link.conn.QueryContext(t.ctx, "SELECT * FROM "+head.Table+" WHERE 1 = 0") // #nosec G202 -- a known table
	if err != nil {
		return nil, t.judge(err)
	}
	types, err := rows.ColumnTypes()
	if err := errors.Join(err, rows.Close()); err != nil {
		return nil, t.judge(err)
	}
	var names, kinds []string
	for _, column := range types {
		names = append(names, column.Name())
		kinds = append(kinds, kindOf(column.DatabaseTypeName()))
	}
	if !slices.Equal(names, head.Columns) {
		return nil, damaged(fmt.Errorf("table %s has other columns", head.Table))
	}
	return kinds, nil
}

// kindOf reads a type as either engine names it.
func kindOf(databaseType string) string {
	switch databaseType {
	case "BYTEA":
		return "bytes"
	case "BIGINT", "INT8":
		return "int"
	}
	return "text"
}

func (t *tx) checkEmpty(table string) error {
	var n int64
	if err := t.link.conn.QueryRowContext(t.ctx, "SELECT count(*) FROM (SELECT 1 FROM "+table+" LIMIT 1) AS found").Scan(&n); err != nil {
		return t.judge(err)
	}
	if n > 0 {
		return fmt.Errorf("check database: it is not empty (table %s); restore into a new one", table)
	}
	return nil
}
