package bench

import (
	"bufio"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to fill a database faster than the hub would
	_ "modernc.org/sqlite"             // the same

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

// crowdHub is what a crowd has to know of a hub.
type crowdHub struct {
	Address, HubID, Source string
	HubKey                 []byte
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
	return crowdHub{Address: strings.TrimPrefix(s.URL(), "https://"), HubID: string(s.Hub.ID()), HubKey: public}
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

// fill runs one statement with many sets of values in one transaction.
func (c *company) fill(n int, statement string, values func(i int) []any) {
	c.b.Helper()
	must(c.b, c.tryFill(n, statement, values))
}

func (c *company) tryFill(n int, statement string, values func(i int) []any) error {
	db, err := sql.Open(c.driver, c.database)
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	prepared, err := tx.Prepare(statement)
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
	c.fill(n, `INSERT INTO users (id, name, display_name, roles, active, created_at) VALUES ($1, $2, '', 'member', 1, $3)`,
		func(i int) []any { return []any{memberID(userKind, i), fmt.Sprintf("member-%d", i), now} })
	c.fill(n, `INSERT INTO devices (id, user_id, name, os, state, enrolled_at, signing_key, sealing_key, seq_high, seq_seen, refusals)
		VALUES ($1, $2, 'computer', 'linux', 'trusted', $3, $4, $5, 0, 0, 0)`,
		func(i int) []any {
			public, _ := memberKey(i).Public().(ed25519.PublicKey)
			return []any{memberID(deviceKind, i), memberID(userKind, i), now, []byte(public), c.sealing}
		})
}

// leases gives the first n members an active lease each, of accounts of their own.
func (c *company) leases(n int) {
	c.b.Helper()
	now := time.Now()
	c.fill(n, `INSERT INTO accounts (id, network, handle, access_mode, exclusive, enabled, max_duration, offline_grace, lease_storage, allow_show,
		credential_version, has_code_seed, rotation_due, created_at) VALUES ($1, 'x', $2, 'shared_secret', 1, 1, 28800000000, 900000000, 'keyring', 0, 0, 0, 0, $3)`,
		func(i int) []any { return []any{memberID(accountKind, i), fmt.Sprintf("handle%d", i), now.UnixMicro()} })
	ends := now.Add(8 * time.Hour).UnixMicro()
	c.fill(n, `INSERT INTO leases (id, account_id, user_id, device_id, reason, state, exclusive, offline_grace, epoch, started_at, activate_by, ends_at,
		ended_at, end_reason, free_at, removal_step, requested_at, delivered_at, wiped_at, closed_at, wipe_failure, session_unconfirmed, rotation, holds,
		due_at, lends_secret, last_code_step, end_batch)
		VALUES ($1, $2, $3, $4, 'post', 'active', 1, 900000000, 2, $5, $5, $6, 0, '', $6, 0, 0, 0, 0, 0, '', 0, 'none', 1, $6, 1, 0, '')`,
		func(i int) []any {
			return []any{memberID(leaseKind, i), memberID(accountKind, i), memberID(userKind, i), memberID(deviceKind, i), now.UnixMicro(), ends}
		})
}

var hubAt = regexp.MustCompile(` is at (\S+)`)

// startHub starts the real program on the data of a world that was stopped.
func startHub(b *testing.B, binary string, w *systest.World) (*program, string) {
	b.Helper()
	args := []string{"serve", "--listen", "127.0.0.1:0", "--data-dir", w.Config.DataDir, "--kek-file", w.Config.KEKFile}
	if w.Config.Database != "" {
		args = append(args, "--database", w.Config.Database)
	}
	p := &program{exec.Command(binary, args...)}
	out, err := p.cmd.StdoutPipe()
	must(b, err)
	must(b, p.cmd.Start())
	b.Cleanup(p.stop)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := hubAt.FindStringSubmatch(lines.Text()); m != nil {
			return p, m[1]
		}
	}
	b.Fatalf("%s did not say where it is", binary)
	return nil, ""
}
