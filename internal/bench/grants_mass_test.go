package bench

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // leases are put into the product's database beside it

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/systest"
)

// many is how many leases a mass revocation ends.
const many = 10_000

// manyLeases adds live leases of one account and device. Both engines understand it.
const manyLeases = `INSERT INTO leases (id, account_id, user_id, device_id, reason, state, exclusive, offline_grace, epoch, started_at,
	activate_by, ends_at, ended_at, end_reason, free_at, removal_step, requested_at, delivered_at, wiped_at, closed_at,
	wipe_failure, session_unconfirmed, rotation, holds, due_at, lends_secret, last_code_step, end_batch)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %[1]d)
SELECT '%[2]s' || CAST(100000000000 + i AS TEXT), a.id, d.user_id, d.id, 'post', 'active', 0, 900000000, 2, %[3]d, %[3]d, %[4]d, 0, '', %[4]d,
	0, 0, 0, 0, 0, '', 0, '', 0, %[4]d, 1, 0, ''
FROM n, accounts a, devices d`

// The bare revocation of all live leases with an event for each.
var bareRevocation = []string{
	`UPDATE leases SET state = 'revoked', epoch = epoch + 1, end_reason = 'over', end_batch = '%[1]s', removal_step = 1, requested_at = %[2]d,
		ended_at = %[2]d, free_at = %[2]d + offline_grace, rotation = 'none', due_at = 0 WHERE due_at > 0`,
	`INSERT INTO audit_events (id, at, action, actor_kind, actor_id, user_id, device_id, account_id, lease_id, details, personal, salt, personal_hash)
		SELECT '%[1]s-' || id, %[2]d, 'lease.revoked', 'user', user_id, user_id, device_id, account_id, id, '{"revocation":"%[1]s"}', '', '', ''
		FROM leases WHERE end_batch = '%[1]s'`,
}

func BenchmarkMassRevocation(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			w := e.world(b)
			productLoadOf(b, w, 1)
			floorDB := e.floor(b)
			newFloor(b, floorDB, 1)
			product := besideProduct(b, w)
			Run(b, Case{
				Group: "Mass revocation", Name: fmt.Sprintf("%s, %d leases", e.name, many), Goals: []Goal{{Figure: "committed", AtMost: 2, Of: Floor}},
				Note: "The floor is one UPDATE and one INSERT ... SELECT on the same tables.",
				Subjects: []Subject{
					{Product, func() ([]Figure, error) {
						return massRevocation(func(text string) error { _, err := product.ExecContext(b.Context(), text); return err }, func() error {
							return endAll(b.Context(), w.Owner)
						})
					}},
					{Floor, func() ([]Figure, error) {
						return massRevocation(floorDB.prepare, func() error { return bareRevoke(floorDB) })
					}},
				},
			})
		})
	}
}

// massRevocation adds leases and measures how long it takes to end them.
func massRevocation(prepare func(string) error, revoke func() error) ([]Figure, error) {
	now := time.Now()
	if err := prepare(fmt.Sprintf(manyLeases, many, newID()[:24], now.UnixMicro(), now.Add(time.Hour).UnixMicro())); err != nil {
		return nil, err
	}
	start := time.Now()
	err := revoke()
	return []Figure{{"committed", "ms", float64(time.Since(start).Microseconds()) / 1000}}, err
}

func endAll(ctx context.Context, owner *hubclient.Admin) error {
	answer, err := hubclient.Call(ctx, owner.Leases.Revoke, &v1.RevokeRequest{Target: &v1.RevokeRequest_All{All: true}, Reason: "over"})
	if err == nil && answer.GetLeasesRevoked() != many {
		err = fmt.Errorf("%d leases were revoked, want %d", answer.GetLeasesRevoked(), many)
	}
	return err
}

func bareRevoke(db floorDB) error {
	batch, now := newID(), time.Now().UnixMicro()
	if err := db.prepare("BEGIN"); err != nil {
		return err
	}
	for _, text := range bareRevocation {
		if err := db.prepare(fmt.Sprintf(text, batch, now)); err != nil {
			return err
		}
	}
	return db.prepare("COMMIT")
}

// besideProduct opens the product's database a second time.
func besideProduct(b *testing.B, w *systest.World) *sql.DB {
	b.Helper()
	driver, dsn := "pgx", w.Config.Database
	if dsn == "" {
		driver, dsn = "sqlite", "file://"+filepath.Join(w.Config.DataDir, "hub.db")+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, dsn)
	fatal(b, err)
	b.Cleanup(func() { fatal(b, db.Close()) })
	return db
}
