package soak

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/keyshift-hq/keyshift/internal/agent"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// pace is how long a user thinks between two things, on average.
func (c *company) pace() time.Duration { return time.Duration(len(c.desks)) * 60 * time.Millisecond }

// work is a user's day: it goes on until ctx ends, on whatever agent runs on the computer.
func (c *company) work(ctx context.Context, d *desk) {
	for hubclient.Wait(ctx, rand.N(2*c.pace())) {
		a, on := d.at()
		if on.Err() == nil {
			c.act(on, d, a)
		}
	}
}

// act does one thing that a user might do now.
func (c *company) act(ctx context.Context, d *desk, a *agent.Agent) {
	live := d.live()
	if len(live) == 0 || len(live) < 3 && rand.N(4) == 0 {
		c.checkOut(ctx, d, a)
		return
	}
	lease := live[rand.N(len(live))].GetLease().GetId()
	switch rand.N(12) {
	case 0, 1:
		c.book.ask("renewed " + lease)
		if _, err := a.Renew(ctx, lease, time.Hour); c.expected("renew", err) == nil {
			c.book.done("renewed " + lease)
		}
	case 2:
		secret, err := a.Reveal(ctx, lease)
		if c.expected("show", err) == nil && !strings.HasPrefix(string(secret.Password()), canary) {
			c.book.problem("%s was shown a wrong password", d.user)
		}
	case 3:
		_, _, err := a.Code(ctx, lease)
		_ = c.expected("code", err)
	default:
		_, err := a.CheckIn(ctx, lease)
		_ = c.expected("check in", err)
	}
}

// checkOut checks an account out, and sometimes asks again as if the answer had been lost.
func (c *company) checkOut(ctx context.Context, d *desk, a *agent.Agent) {
	choice := c.accountsOf(d.user)
	question := &v1.LocalServiceCheckOutRequest{
		Account: choice[rand.N(len(choice))].id, Reason: "post", Duration: durationpb.New(time.Minute + rand.N(5*time.Minute)), RequestId: hubclient.NewRequestID(),
	}
	c.book.ask("grants of " + d.id)
	held, err := a.CheckOut(ctx, question)
	if c.expected("check out", err) != nil {
		return
	}
	lease := held.GetLease().GetId()
	c.book.done("granted " + lease)
	if rand.N(4) > 0 {
		return
	}
	if again, err := a.CheckOut(ctx, question); c.expected("check out again", err) == nil && again.GetLease().GetId() != lease {
		c.book.problem("%s asked twice for one check-out and got two leases", d.user)
	}
}

// refusals are what users may be told while things break around them.
var refusals = []keyshift.Code{
	keyshift.CodeAccountInUse, keyshift.CodeHubUnreachable, keyshift.CodeOffline, keyshift.CodeClockSuspect, keyshift.CodeKeyringLocked,
	keyshift.CodeUserInactive, keyshift.CodeDeviceNotTrusted, keyshift.CodeLeaseOver, keyshift.CodeRateLimited, keyshift.CodeUnavailable,
	keyshift.CodeNotFound, keyshift.CodeDurationInvalid, keyshift.CodeCodeReleased,
}

// strange counts what users were told, by code.
type strange struct {
	toldMu sync.Mutex
	told   map[keyshift.Code]int
}

// expected counts an answer, and notes one that nobody may get.
func (c *company) expected(what string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err // the computer was switched off meanwhile
	}
	code := keyshift.CodeOf(err)
	c.toldMu.Lock()
	defer c.toldMu.Unlock()
	if c.told == nil {
		c.told = map[keyshift.Code]int{}
	}
	if c.told[code]++; err != nil && !slices.Contains(refusals, code) {
		c.book.problem("%s: %s: %v", what, code, err)
	}
	return err
}
