package bench

import (
	"database/sql"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Each account of a history is lent once an hour, for 40 minutes; four events tell of each lease.
const eventsOfLease = 4

// storedHashes is the storage of a tree that is about to be written.
type storedHashes []tlog.Hash

func (h storedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		if i >= int64(len(h)) {
			return nil, fmt.Errorf("there is no hash %d", i)
		}
		out = append(out, h[i])
	}
	return out, nil
}

// history gives a stopped hub a past of n audit events, correctly placed in its tree and under a signed checkpoint, and
// the leases they are about, the first at begin. It comes behind what the hub wrote itself.
func (c *company) history(n, accounts int, sign func(checkpoint.Head) (string, error), hubID string) (begin time.Time) {
	c.b.Helper()
	size, hashes := c.ownTree()
	first := len(hashes)
	begin = time.Now().Add(-time.Duration(n/eventsOfLease/accounts+2) * time.Hour)
	event := func(i int) keyshift.AuditEvent {
		lease := i / eventsOfLease
		return keyshift.AuditEvent{
			ID: memberID(eventKind, i), At: c.leaseStart(begin, lease, accounts).Add(time.Duration(i%eventsOfLease) * 10 * time.Minute), Action: keyshift.ActLeaseGranted,
			ActorKind: keyshift.ActorDevice, ActorID: keyshift.ID(memberID(deviceKind, lease%accounts)), UserID: keyshift.ID(memberID(userKind, lease%accounts)),
			DeviceID: keyshift.ID(memberID(deviceKind, lease%accounts)), AccountID: keyshift.ID(memberID(accountKind, lease%accounts)), LeaseID: keyshift.ID(memberID(leaseKind, lease)),
		}
	}
	for i := range n {
		added, err := tlog.StoredHashesForRecordHash(size+int64(i), tlog.RecordHash(event(i).Leaf()), hashes)
		must(c.b, err)
		hashes = append(hashes, added...)
	}
	c.fill(n, "audit_events", "id, at, action, actor_kind, actor_id, user_id, device_id, account_id, lease_id, details, personal, salt, personal_hash, leaf_index",
		func(i int) []any {
			e := event(i)
			return []any{string(e.ID), e.At.UnixMicro(), string(e.Action), string(e.ActorKind), string(e.ActorID), string(e.UserID), string(e.DeviceID), string(e.AccountID),
				string(e.LeaseID), "{}", "", []byte{}, "", size + int64(i)}
		})
	c.fill(len(hashes)-first, "audit_hashes", "position, hash", func(i int) []any { return []any{int64(first + i), slices.Clone(hashes[first+i][:])} })
	c.pastLeases(n/eventsOfLease, accounts, begin)
	root, err := tlog.TreeHash(size+int64(n), hashes)
	must(c.b, err)
	note, err := sign(checkpoint.Head{HubID: hubID, Size: size + int64(n), Root: root})
	must(c.b, err)
	c.fill(1, "checkpoints", "size, note, at", func(int) []any { return []any{size + int64(n), note, time.Now().UnixMicro()} })
	return begin
}

// leaseStart is when a past lease began.
func (c *company) leaseStart(begin time.Time, lease, accounts int) time.Time {
	return begin.Add(time.Duration(lease/accounts) * time.Hour).Truncate(time.Second)
}

func (c *company) pastLeases(n, accounts int, begin time.Time) {
	c.b.Helper()
	none := int64(0)
	c.fill(n, "leases", leaseColumns, func(i int) []any {
		start := c.leaseStart(begin, i, accounts)
		from, to := start.UnixMicro(), start.Add(40*time.Minute).UnixMicro()
		who := i % accounts
		return []any{memberID(leaseKind, i), memberID(accountKind, who), memberID(userKind, who), memberID(deviceKind, who), "post", "checked_in", none,
			int64(900_000_000), int64(3), from, from, to, to, "checked_in", none, int64(4), to, to, to, to, "", none, "none", none, none, none, none, ""}
	})
}

// ownTree reads the tree that the hub made of its own first events.
func (c *company) ownTree() (size int64, hashes storedHashes) {
	c.b.Helper()
	db, err := sql.Open(c.driver, c.database)
	must(c.b, err)
	defer db.Close()
	must(c.b, db.QueryRow("SELECT COALESCE(MAX(size), 0) FROM checkpoints").Scan(&size))
	rows, err := db.Query("SELECT hash FROM audit_hashes ORDER BY position")
	must(c.b, err)
	defer rows.Close()
	for rows.Next() {
		var hash []byte
		must(c.b, rows.Scan(&hash))
		hashes = append(hashes, tlog.Hash(hash))
	}
	must(c.b, rows.Err())
	return size, hashes
}

// waiting counts the events that are not in the tree yet.
func (c *company) waiting() (n int) {
	c.b.Helper()
	db, err := sql.Open(c.driver, c.database)
	must(c.b, err)
	defer db.Close()
	must(c.b, db.QueryRow("SELECT count(*) FROM audit_events WHERE leaf_index IS NULL").Scan(&n))
	return n
}
