package bench

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5" // to fill a database faster than the hub would
	_ "modernc.org/sqlite"    // the same

	"github.com/keyshift-hq/keyshift/internal/greeting"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
	"github.com/keyshift-hq/keyshift/internal/systest"
)

// company is a hub with many members, each with a device and an account of their own, made by plain SQL.
type company struct {
	*systest.World
	b        *testing.B
	database string // driver and address
	driver   string
	sealing  []byte
}

// crowdHub is what a crowd has to know of a hub. Source is the first of the addresses that the crowd itself has.
type crowdHub struct {
	Address, HubID, Source string
	HubKey, Pin            []byte
}

func newCompany(b *testing.B, w *systest.World) *company {
	keys, err := seal.DeriveKeys(make([]byte, seal.SeedSize))
	must(b, err)
	c := &company{World: w, b: b, driver: "pgx", database: w.Config.Database, sealing: keys.SealingPublic()}
	if c.database == "" {
		c.driver, c.database = "sqlite", "file:"+filepath.Join(w.Config.DataDir, "hub.db")+"?_pragma=busy_timeout(60000)"
	}
	return c
}

// hub gives where a crowd finds a replica in this process.
func (c *company) hub(replica int) crowdHub {
	s := c.Replica[replica]
	public, _ := s.Hub.SigningKey().Public().(ed25519.PublicKey)
	return crowdHub{Address: strings.TrimPrefix(s.URL(), "https://"), HubID: string(s.Hub.ID()), HubKey: public, Pin: s.Hub.TLSPin}
}

// tokenSource is the owner's, for a client of a hub in another process.
func (c *company) tokenSource() hubclient.TokenSource {
	return func(context.Context) (keyshift.Secret, error) { return c.OwnerToken, nil }
}

// memberID is the id of the n-th member's user, account, device, or of a lease, by kind.
func memberID(kind byte, n int) string { return fmt.Sprintf("0%c000000-0000-7000-8000-%012x", kind, n) }

const (
	userKind, deviceKind, accountKind, leaseKind, eventKind = 'a', 'b', 'c', 'd', 'e'
)

// memberKey is the signing key of the n-th member's device.
func memberKey(n int) ed25519.PrivateKey {
	seed := sha256.Sum256(fmt.Appendf(nil, "member %d", n))
	return ed25519.NewKeyFromSeed(seed[:])
}

// fill adds n rows to a table, in one transaction.
func (c *company) fill(n int, table, columns string, values func(i int) []any) {
	c.b.Helper()
	if c.driver == "pgx" {
		must(c.b, c.copyRows(n, table, columns, values))
		return
	}
	must(c.b, c.insertRows(n, table, columns, values))
}

// copyRows uses PostgreSQL's COPY, which is ten times as fast.
func (c *company) copyRows(n int, table, columns string, values func(i int) []any) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.database)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.CopyFrom(ctx, pgx.Identifier{table}, strings.Split(columns, ", "), pgx.CopyFromSlice(n, func(i int) ([]any, error) { return values(i), nil }))
	return err
}

func (c *company) insertRows(n int, table, columns string, values func(i int) []any) error {
	db, err := sql.Open(c.driver, c.database)
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	places := strings.Repeat("?, ", strings.Count(columns, ","))
	prepared, err := tx.Prepare("INSERT INTO " + table + " (" + columns + ") VALUES (" + places + "?)") //nolint:gosec // names of tables in this file
	for i := 0; err == nil && i < n; i++ {
		_, err = prepared.Exec(values(i)...)
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// members adds users with one device each.
func (c *company) members(n int) {
	c.b.Helper()
	now := time.Now().UnixMicro()
	c.fill(n, "users", "id, name, display_name, roles, active, created_at",
		func(i int) []any {
			return []any{memberID(userKind, i), fmt.Sprintf("member-%d", i), "", "member", int64(1), now}
		})
	c.fill(n, "devices", "id, user_id, name, os, state, enrolled_at, signing_key, sealing_key, seq_high, seq_seen, refusals",
		func(i int) []any {
			public, _ := memberKey(i).Public().(ed25519.PublicKey)
			return []any{memberID(deviceKind, i), memberID(userKind, i), "computer", "linux", "trusted", now, []byte(public), c.sealing, int64(0), int64(0), int64(0)}
		})
}

// accounts adds accounts that several may hold.
func (c *company) accounts(n int) {
	c.b.Helper()
	now := time.Now().UnixMicro()
	c.fill(n, "accounts", "id, network, handle, access_mode, exclusive, enabled, max_duration, offline_grace, lease_storage, allow_show, credential_version, "+
		"has_code_seed, rotation_due, created_at",
		func(i int) []any {
			return []any{memberID(accountKind, i), "x", fmt.Sprintf("handle%d", i), "delegated", int64(0), int64(1), hours(8), int64(900_000_000), "keyring", int64(0),
				int64(0), int64(0), int64(0), now}
		})
}

func hours(n int) int64 { return (time.Duration(n) * time.Hour).Microseconds() }

const leaseColumns = "id, account_id, user_id, device_id, reason, state, exclusive, offline_grace, epoch, started_at, activate_by, ends_at, ended_at, " +
	"end_reason, free_at, removal_step, requested_at, delivered_at, wiped_at, closed_at, wipe_failure, session_unconfirmed, rotation, holds, due_at, " +
	"lends_secret, last_code_step, end_batch"

// leases gives the first n members an active lease each, of the account with their number. round makes the ids new.
func (c *company) leases(n, round int) {
	c.b.Helper()
	now := time.Now()
	start, end, none := now.UnixMicro(), now.Add(8*time.Hour).UnixMicro(), int64(0)
	c.fill(n, "leases", leaseColumns, func(i int) []any {
		return []any{memberID(leaseKind, round<<24+i), memberID(accountKind, i), memberID(userKind, i), memberID(deviceKind, i), "post", "active", none,
			int64(900_000_000), int64(2), start, start, end, none, "", end, none, none, none, none, none, "", none, "none", none, end, none, none, ""}
	})
}

// startHub starts the real program on the data of a world that was stopped.
func startHub(b *testing.B, binary string, w *systest.World) (*program, string) {
	b.Helper()
	args := []string{"serve", "--listen", w.Config.Listen, "--data-dir", w.Config.DataDir, "--kek-file", w.Config.KEKFile}
	if w.Config.Database != "" {
		args = append(args, "--database", w.Config.Database)
	}
	p := &program{exec.Command(binary, args...)}
	out, err := p.cmd.StdoutPipe()
	must(b, err)
	must(b, p.cmd.Start())
	b.Cleanup(p.stop)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if url := greeting.URL(lines.Text() + "\n"); url != "" {
			return p, url
		}
	}
	b.Fatalf("%s did not say where it is", binary)
	return nil, ""
}
