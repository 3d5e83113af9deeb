package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// follower watches what becomes of a revocation.
type follower struct {
	inv        *invocation
	hub        *hubclient.Admin
	revocation *v1.RevokeResponse
	// look says whether to follow at all, within for how long; 0 is until the end.
	look   bool
	within time.Duration

	shown  map[string]string
	silent bool
	// wiped counts the looks since every secret is wiped.
	wiped int
}

// looksForSession is how many more looks a browser gets to confirm its end, once the secrets are wiped.
const looksForSession = 15

// Pauses between two looks: followEvery, and a bit more per lease, so that a large revocation does not load the hub.
const (
	followEvery    = time.Second
	followPerLease = 2 * time.Millisecond
)

// eachBelow is how many leases are told of one by one; of more, only the sums are.
const eachBelow = 20

// run tells how many leases were revoked and follows them until every device has done what it can.
func (f *follower) run(ctx context.Context) error {
	n := f.revocation.GetLeasesRevoked()
	if n == 0 {
		return f.answer([]*v1.Lease{}, func(w io.Writer) { fmt.Fprintln(w, "Nothing was live there: no lease revoked.") })
	}
	defer f.inv.Note("Whoever still has a grant may check out again. To prevent that: %s accounts disable, grants remove, or users deactivate.", Name)
	if !f.look {
		return f.answer(nil, func(w io.Writer) {
			fmt.Fprintf(w, "%s revoked.\n", plural(n, "lease"))
			followHint(w, n)
		})
	}
	if err := f.say("%s revoked.", plural(n, "lease")); err != nil {
		return err
	}
	leases, err := f.follow(ctx)
	if err != nil {
		return err
	}
	return f.answer(leases, func(w io.Writer) { sayOutcome(w, leases) })
}

// sayOutcome is the last word. A session that was opened by hand is never confirmed closed by a device, so waiting for
// that would be waiting for ever.
func sayOutcome(w io.Writer, leases []*v1.Lease) {
	unconfirmed := 0
	for _, l := range leases {
		if !removed(l) {
			unconfirmed++
		}
	}
	switch {
	case unconfirmed > 0:
		fmt.Fprintf(w, "The secret is wiped everywhere. Somebody may still be signed in with %s: change the password at the network, then “%s accounts rotated ACCOUNT”.\n",
			plural(int64(unconfirmed), "lease"), Name)
	case len(leases) == 1:
		fmt.Fprintln(w, "Access removed.")
	default:
		fmt.Fprintf(w, "Access removed from all %d.\n", len(leases))
	}
}

// say tells people something at once.
func (f *follower) say(format string, args ...any) error {
	if f.inv.JSON {
		return nil
	}
	return f.inv.Words(func(w io.Writer) { fmt.Fprintf(w, format+"\n", args...) })
}

func (f *follower) follow(ctx context.Context) ([]*v1.Lease, error) {
	limited := ctx
	if f.within > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, f.within)
		defer cancel()
	}
	open := int(f.revocation.GetLeasesRevoked())
	for {
		leases, err := f.leases(limited)
		if err == nil {
			if open, err = f.tell(leases); err != nil || open == 0 || f.allSaid(leases) {
				return leases, err
			}
		}
		if err != nil && limited.Err() == nil && !f.passing(err) {
			return nil, err
		}
		if !hubclient.Wait(limited, f.pause(len(leases))) {
			return nil, f.stopped(ctx, open)
		}
	}
}

func (f *follower) leases(ctx context.Context) ([]*v1.Lease, error) {
	leases, _, err := collect(f.hub.EachLease(ctx, hubclient.LeaseFilter{Revocation: f.revocation.GetRevocationId()}), 0)
	if err == nil && len(leases) == 0 {
		err = keyshift.Refuse(keyshift.CodeInternal, "The hub revoked leases and does not list them.", "See “"+Name+" leases list”, and compare the versions of hub and command line.")
	}
	return leases, err
}

// passing reports whether an error may pass. A hub that is away for a moment does not undo the revocation.
func (f *follower) passing(err error) bool {
	if code := keyshift.CodeOf(err); code != keyshift.CodeHubUnreachable && code != keyshift.CodeUnavailable {
		return false
	}
	if !f.silent {
		f.inv.Note("The hub does not answer. The revocation stands; still asking how far it is.")
	}
	f.silent = true
	return true
}

func (f *follower) pause(leases int) time.Duration {
	if f.inv.FollowEvery > 0 {
		return f.inv.FollowEvery
	}
	return followEvery + time.Duration(leases)*followPerLease
}

// allSaid reports whether every secret has been wiped for a while and only sessions are not confirmed closed. Then nobody
// is going to say more.
func (f *follower) allSaid(leases []*v1.Lease) bool {
	for _, l := range leases {
		if !removed(l) && l.GetRemoval().GetStep() != v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED {
			f.wiped = 0
			return false
		}
	}
	f.wiped++
	return f.wiped > looksForSession
}

// tell says what is new and counts the leases whose access is not removed.
func (f *follower) tell(leases []*v1.Lease) (open int, err error) {
	f.silent = false
	for _, l := range leases {
		if !removed(l) {
			open++
		}
	}
	if len(leases) > eachBelow {
		if open == 0 {
			return 0, nil // the last line says so
		}
		return open, f.news("sum", fmt.Sprintf("Access removed from %d of %d.", len(leases)-open, len(leases)))
	}
	for _, l := range leases {
		line := accountName(l) + "  " + holder(l) + " on " + clean(l.GetDevice()) + ": " + f.inv.accessText(l)
		err = errors.Join(err, f.news(l.GetId(), line))
	}
	return open, err
}

// news says a line that differs from the one before about the same thing.
func (f *follower) news(about, line string) error {
	if f.shown == nil {
		f.shown = map[string]string{}
	}
	if f.shown[about] == line {
		return nil
	}
	f.shown[about] = line
	return f.say("%s", line)
}

// stopped explains why it is not followed any further: the person or the time said so.
func (f *follower) stopped(ctx context.Context, open int) error {
	stands := "The revocation stands: the leases are over at the hub, and each device stops by itself at the latest as its line says."
	if ctx.Err() != nil {
		return f.with(keyshift.Refuse(api.CodeInterrupted, "Stopped following. "+stands, "See how far it is: “"+Name+" leases list”.").Because(ctx.Err()), open)
	}
	left := "Not removed yet: " + plural(int64(open), "lease") + ". "
	if n := f.revocation.GetLeasesRevoked(); n > 1 {
		left = strings.TrimSuffix(left, ". ") + fmt.Sprintf(" of %d. ", n)
	}
	return f.with(keyshift.Refuse(keyshift.CodeOffline, left+stands,
		"See how far it is: “"+Name+" leases list”. If it has to be certain now, change the password at the network, then “"+Name+" accounts rotated ACCOUNT”."), open)
}
