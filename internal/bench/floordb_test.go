package bench

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // the floor writes beside the product

	"github.com/keyshift-hq/keyshift/internal/hub/store"
	"github.com/keyshift-hq/keyshift/internal/testpg"
)

// The rows of a grant and of a revocation, as the product writes them.
const (
	floorWindow = `UPDATE devices SET seq_high = $2, seq_seen = $3 WHERE id = $1 AND seq_high < $2`
	floorLease  = `INSERT INTO leases (id, account_id, user_id, device_id, reason, state, exclusive, offline_grace, epoch, started_at,
		activate_by, ends_at, ended_at, end_reason, free_at, removal_step, requested_at, delivered_at, wiped_at, closed_at,
		wipe_failure, session_unconfirmed, rotation, holds, due_at, lends_secret, last_code_step, end_batch)
		VALUES ($1, $2, $3, $4, 'post', 'pending', 0, 900000000, 1, $5, $6, $7, 0, '', $8, 0, 0, 0, 0, 0, '', 0, '', 0, $6, 1, 0, '')`
	floorEvent = `INSERT INTO audit_events (id, at, action, actor_kind, actor_id, user_id, device_id, account_id, lease_id, details, personal, salt, personal_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '{"reason":"post","user":"dana"}', $11, $12)`
	floorEffect = `INSERT INTO effects (actor_id, request_id, procedure_name, body_hash, result, at) VALUES ($1, $2, $3, $4, $5, $6)`
	floorRevoke = `UPDATE leases SET state = 'revoked', epoch = epoch + 1, end_reason = 'over', end_batch = $2, removal_step = 1, requested_at = $3,
		ended_at = $3, free_at = $4, due_at = 0 WHERE id = $1 AND due_at > 0`
	floorOutbox  = `INSERT INTO outbox (id, topic, ref, at) VALUES ($1, 'batch', $2, $3)`
	floorDetails = `{"account":"x/acme","credential_version":"1","duration":"1h","mode":"shared_secret"}`
)

// floorStatement is one statement with its values.
type floorStatement struct {
	text   string
	values []any
}

// statements are those of a command.
func (c *floorCommand) statements(f *floor, now int64) []floorStatement {
	if c.revocation {
		return c.revoking(f, now)
	}
	ends := now + time.Hour.Microseconds()
	d := c.device.id
	return []floorStatement{
		{floorWindow, []any{d, c.seq, c.seq}},
		{floorLease, []any{c.lease, f.account, f.user, d, now, now + 60e6, ends, ends + 120e6}},
		{floorEvent, []any{newID(), now, "lease.granted", "device", d, f.user, d, f.account, c.lease, floorDetails, random(16), fmt.Sprintf("%x", c.hash)}},
		{floorEffect, []any{d, c.request, "/keyshift.v1.AgentService/CheckOut", c.hash[:], []byte(`"` + c.lease + `"`), now}},
	}
}

func (c *floorCommand) revoking(f *floor, now int64) []floorStatement {
	batch := newID()
	return []floorStatement{
		{floorRevoke, []any{c.lease, batch, now, now + 900e6}},
		{floorEvent, []any{newID(), now, "lease.revoked", "user", f.user, f.user, "", f.account, c.lease, `{"revocation":"` + batch + `"}`, []byte{}, ""}},
		{floorEvent, []any{newID(), now, "revocation.ordered", "user", f.user, f.user, "", "", c.lease, `{"batch":"` + batch + `"}`, random(16), fmt.Sprintf("%x", c.hash)}},
		{floorOutbox, []any{newID(), batch, now}},
		{floorEffect, []any{f.user, c.request, "/keyshift.v1.LeaseService/Revoke", c.hash[:], []byte(`{"Batch":"` + batch + `"}`), now}},
	}
}

// emptySchema makes the product's tables, and closes the product's store again.
func emptySchema(b *testing.B, database string) {
	b.Helper()
	s, err := store.Open(b.Context(), store.Options{Database: database, Migrate: true})
	fatal(b, err)
	fatal(b, s.Close())
}

// floorSQLite has one connection, whose statements are prepared once. It holds rows to their foreign keys, as the product
// does and PostgreSQL does anyway.
type floorSQLite struct {
	db       *sql.DB
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

func newFloorSQLite(b *testing.B) floorDB {
	b.Helper()
	path := filepath.Join(b.TempDir(), "floor.db")
	emptySchema(b, path)
	db, err := sql.Open("sqlite", "file://"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=wal_autocheckpoint(4000)&_pragma=cache_size(-32768)&_pragma=temp_store(MEMORY)")
	fatal(b, err)
	b.Cleanup(func() { fatal(b, db.Close()) })
	conn, err := db.Conn(b.Context())
	fatal(b, err)
	s := &floorSQLite{db, conn, map[string]*sql.Stmt{}}
	for _, text := range []string{floorWindow, floorLease, floorEvent, floorEffect, floorRevoke, floorOutbox, floorPlace, floorHash, floorCheckpoint, floorTold} {
		s.prepared[text], err = conn.PrepareContext(b.Context(), text)
		fatal(b, err)
	}
	return s
}

func (s *floorSQLite) prepare(statement string) error {
	_, err := s.conn.ExecContext(context.Background(), statement)
	return err
}

func (s *floorSQLite) write(ctx context.Context, statements []floorStatement) error {
	if _, err := s.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, st := range statements {
		if _, err := s.prepared[st.text].ExecContext(ctx, st.values...); err != nil {
			return err
		}
	}
	_, err := s.conn.ExecContext(ctx, "COMMIT")
	return err
}

// floorPostgres sends a whole transaction at once, with the row by which the outcome of a commit can be asked for after the
// connection was lost.
type floorPostgres struct {
	conn  *pgx.Conn
	batch int64
}

const floorMark = `UPDATE write_marks SET batch = $1, at = $2 WHERE writer = 1`

func newFloorPostgres(b *testing.B) floorDB {
	b.Helper()
	database := testpg.New(b)
	emptySchema(b, database)
	conn, err := pgx.Connect(b.Context(), database)
	fatal(b, err)
	b.Cleanup(func() { fatal(b, conn.Close(context.Background())) })
	p := &floorPostgres{conn: conn}
	fatal(b, p.prepare("INSERT INTO write_marks VALUES (1, 0, 0)"))
	return p
}

func (p *floorPostgres) prepare(statement string) error {
	_, err := p.conn.Exec(context.Background(), statement)
	return err
}

func (p *floorPostgres) write(ctx context.Context, statements []floorStatement) error {
	p.batch++
	batch := &pgx.Batch{}
	batch.Queue("BEGIN")
	for _, st := range statements {
		batch.Queue(st.text, st.values...)
	}
	batch.Queue(floorMark, p.batch, time.Now().UnixMicro())
	batch.Queue("COMMIT")
	return p.conn.SendBatch(ctx, batch).Close()
}

// blobText writes bytes into the text of a statement.
func blobText(db floorDB, b []byte) string {
	if _, postgres := db.(*floorPostgres); postgres {
		return fmt.Sprintf(`'\x%x'`, b)
	}
	return fmt.Sprintf("x'%x'", b)
}
