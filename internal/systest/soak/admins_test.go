package soak

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// administer is an admin's day: something every few seconds, until ctx ends.
func (c *company) administer(ctx context.Context) {
	for hubclient.Wait(ctx, rand.N(3*time.Second)) {
		var err error
		d, a := c.desks[rand.N(len(c.desks))], c.accounts[rand.N(len(c.accounts))]
		switch rand.N(8) {
		case 0:
			err = c.setPassword(ctx, a)
		case 1:
			err = c.rotate(ctx, a)
		case 2:
			err = c.deactivate(ctx, d)
		case 3:
			err = c.revoke(ctx, &v1.RevokeRequest{Target: &v1.RevokeRequest_Account{Account: a.name}})
		case 4:
			err = c.revoke(ctx, &v1.RevokeRequest{Target: &v1.RevokeRequest_User{User: d.user}})
		default:
			err = c.revokeOne(ctx, d)
		}
		if err != nil && ctx.Err() == nil {
			c.book.problem("admin: %v", err)
		}
	}
}

// rotate declares a rotation. It frees an exclusive account although somebody may still have the old password, which is
// as it should be; so that one holder at a time stays something to check, only accounts for many are rotated.
func (c *company) rotate(ctx context.Context, a account) error {
	if a.exclusive {
		return nil
	}
	name := string(keyshift.ActRotated) + " " + a.id
	c.book.ask(name)
	return persist(ctx, c.hub.Owner.Accounts.MarkRotated, &v1.MarkRotatedRequest{RequestId: hubclient.NewRequestID(), Account: a.name},
		func(*v1.MarkRotatedResponse) { c.book.done(name) })
}

func (c *company) revoke(ctx context.Context, question *v1.RevokeRequest) error {
	question.RequestId, question.Reason = hubclient.NewRequestID(), "routine"
	return persist(ctx, c.hub.Owner.Leases.Revoke, question, func(answer *v1.RevokeResponse) {
		c.book.revoked(answer.GetRevocationId(), answer.GetLeasesRevoked())
	})
}

// revokeOne revokes a lease of a computer and measures when nothing of it can be used there any more.
func (c *company) revokeOne(ctx context.Context, d *desk) error {
	live := d.live()
	if len(live) == 0 {
		return nil
	}
	lease := live[0].GetLease().GetId()
	asked := time.Now()
	err := c.revoke(ctx, &v1.RevokeRequest{Target: &v1.RevokeRequest_LeaseId{LeaseId: lease}})
	if err == nil {
		go c.speed.follow(ctx, d, lease, asked, c.calmSince)
	}
	return err
}

// calmSince reports whether nothing happened to the hub since a moment.
func (c *company) calmSince(since time.Time) bool {
	return c.shaken.Load() < since.UnixNano()
}

// deactivate sends a user away, and has them back a little later.
func (c *company) deactivate(ctx context.Context, d *desk) error {
	away := string(keyshift.ActUserDeactivated) + " " + c.users[d.user]
	c.book.ask(away)
	err := persist(ctx, c.hub.Owner.Users.DeactivateUser, &v1.DeactivateUserRequest{RequestId: hubclient.NewRequestID(), User: d.user, Reason: "leave"},
		func(*v1.DeactivateUserResponse) { c.book.done(away) })
	if err != nil || !hubclient.Wait(ctx, time.Second) {
		return err
	}
	return c.activate(ctx, d)
}

func (c *company) activate(ctx context.Context, d *desk) error {
	back := string(keyshift.ActUserActivated) + " " + c.users[d.user]
	c.book.ask(back)
	err := persist(ctx, c.hub.Owner.Users.ActivateUser, &v1.ActivateUserRequest{RequestId: hubclient.NewRequestID(), User: d.user},
		func(*v1.ActivateUserResponse) { c.book.done(back) })
	if err != nil {
		return err
	}
	return persist(ctx, c.hub.Owner.Devices.SetDeviceState, &v1.SetDeviceStateRequest{
		RequestId: hubclient.NewRequestID(), DeviceId: d.id, State: v1.DeviceState_DEVICE_STATE_TRUSTED, Reason: "back",
	}, nil)
}

// speeds are how long revocations took until the secret was gone from a computer that was connected.
type speeds struct {
	mu    sync.Mutex
	times []time.Duration
}

const (
	// settled is for how long nothing may have happened before a computer counts as connected: until then an agent may be
	// waiting to try again.
	settled = 20 * time.Second
	// followFor is when to stop waiting for a revocation to arrive.
	followFor = time.Minute
)

// follow waits until a lease is gone from a computer. Times count only if nothing was broken meanwhile.
func (s *speeds) follow(ctx context.Context, d *desk, lease string, asked time.Time, hubCalm func(time.Time) bool) {
	for d.holds(lease) && time.Since(asked) < followFor {
		if !hubclient.Wait(ctx, 5*time.Millisecond) {
			return
		}
	}
	took := time.Since(asked)
	if !d.calmSince(asked.Add(-settled)) || !hubCalm(asked.Add(-settled)) {
		return
	}
	s.add(took)
}

func (s *speeds) add(took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times = append(s.times, took)
}

// percentile gives the time within which so many of a hundred were done, and of how many; zero if of none.
func (s *speeds) percentile(percent int) (time.Duration, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.times)
	if n == 0 {
		return 0, 0
	}
	sorted := slices.SortedFunc(slices.Values(s.times), cmp.Compare[time.Duration])
	return sorted[min(n*percent/100, n-1)], n
}
