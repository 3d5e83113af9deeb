package crash

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/server"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/systest"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// What is promised of a hub with a million audit events and ten thousand leases.
const (
	readyAfterStop = 5 * time.Second
	readyAfterKill = 15 * time.Second
)

// I9: a hub is ready soon after it was stopped, and after it was killed, however much it has seen.
func TestAHubIsReadySoonAfterItsEnd(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			c := newCompany(t, engine.database(t), 1)
			h := c.hubs[0]
			c.AddUser("dana")
			account := c.AddAccount("acme", &v1.AccountSettings{Exclusive: new(bool)}, "dana")
			d := c.RawDevice(0, "dana")
			lease, err := d.CheckOut(t, account, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			h.stop()
			c.fill(h, keyshift.ID(lease.GetLease().GetId()))
			h.mustStart()
			systest.Eventually(t, "every event is in the tree", func() bool { return c.auditSize() >= int64(*events) })
			h.stop()
			stopped := h.mustStart()
			h.kill()
			killed := h.mustStart()
			t.Logf("%d audit events and %d leases: ready %v after a stop, %v after a kill", *events, *events/100, stopped, killed)
			if stopped > readyAfterStop || killed > readyAfterKill {
				t.Errorf("%v and %v are promised", readyAfterStop, readyAfterKill)
			}
			if got, err := d.CheckOut(t, account, time.Hour); err != nil || got.GetLease().GetId() == "" {
				t.Errorf("check out: %v, %v", got, err)
			}
		})
	}
}

func (c *company) auditSize() int64 {
	status := own(c.t, c.Owner.Hub.GetStatus, &v1.GetStatusRequest{})
	return status.GetAuditSize()
}

// fill gives the hub's database a past: events, and a lease like the given one for each hundred of them.
func (c *company) fill(h *hubProcess, like keyshift.ID) {
	c.t.Helper()
	s, err := server.Open(c.t.Context(), server.Config{
		DataDir: filepath.Join(h.home, ".local", "share", "keyshift-hub"), KEKFile: filepath.Join(h.home, ".config", "keyshift-hub", "kek.json"),
		Database: h.database, Listen: "127.0.0.1:0", Host: "localhost",
	})
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(c.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	for range *events / 500 {
		if err := s.Hub.Store.Write(ctx, hub.Ordinary, func(tx hub.Tx) error { return past(tx, like) }); err != nil {
			c.t.Error(err)
			break
		}
	}
	stop()
	if err := <-ended; err != nil {
		c.t.Error(err)
	}
	if err := s.Close(); err != nil {
		c.t.Error(err)
	}
}

// past writes 500 events about five leases.
func past(tx hub.Tx, like keyshift.ID) error {
	for range 5 {
		l, err := tx.Lease(like)
		if err != nil {
			return err
		}
		l.ID = tx.NewID()
		if err := tx.AddLease(l); err != nil {
			return err
		}
		for range 100 {
			if err := tx.Append(keyshift.AuditEvent{Action: keyshift.ActLeaseRenewed, ActorKind: keyshift.ActorDevice, ActorID: l.DeviceID, UserID: l.UserID,
				DeviceID: l.DeviceID, AccountID: l.AccountID, LeaseID: l.ID, Details: map[string]string{"ends_at": "2026-11-22T14:00:00Z"}}); err != nil {
				return err
			}
		}
	}
	return nil
}
