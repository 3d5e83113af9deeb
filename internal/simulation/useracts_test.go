package simulation

import (
	"context"
	"regexp"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// listen keeps a stream of pushes, and takes what came over it. A push may get lost.
func (d *desk) listen(r *run) {
	w := d.w
	if !w.hub.up || d.cut {
		return
	}
	if r.stream == nil {
		r.stream = &stream{}
		w.hub.hub.Broker().Add(keyshift.ID(d.id), r.stream)
		if r.sync.After(time.Now().Add(time.Second)) {
			r.sync = time.Now().Add(time.Second) // the first message of a stream says "sync"
		}
		return
	}
	if r.stream.woken {
		r.stream.woken = false
		if f := w.fateOf(&letter{from: d, method: "push"}); !f.lost {
			r.sync = time.Now()
		}
	}
}

// stream is a connection over which the hub says that there is news.
type stream struct{ woken bool }

// Wake implements [hub.Stream].
func (s *stream) Wake() { s.woken = true }

// Replaced implements [hub.Stream].
func (s *stream) Replaced() {}

// as lets the user of a desk do something with the agent. What comes back from an agent that died meanwhile is lost.
func (d *desk) as(do func(ctx context.Context, r *run) (string, error)) error {
	r := d.ready()
	if r == nil {
		return errDead
	}
	ctx, cancel := d.w.patience(r.ctx)
	defer cancel()
	at := len(d.w.history)
	d.w.say("")
	what, err := do(ctx, r)
	if r.fuse.dead {
		err = errDead
	}
	d.w.history[at] += d.name + " " + what + ": " + outcome(err)
	d.bury()
	d.w.look()
	return err
}

// outcome is an error in the history of a world.
func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	if code := keyshift.CodeOf(err); code != keyshift.CodeInternal {
		return string(code)
	}
	return temporary.ReplaceAllString(err.Error(), "a temporary file")
}

// temporary is a name that is drawn from the system, not from the seed.
var temporary = regexp.MustCompile(`\.atomicfile-\w+`)

// checkOut asks for an account, or once more for what was asked for before.
func (d *desk) checkOut(q *question) (*v1.Lease, error) {
	var lease *v1.Lease
	err := d.as(func(ctx context.Context, r *run) (string, error) {
		d.requests[q.id] = q
		got, err := r.agent.CheckOut(ctx, &v1.LocalServiceCheckOutRequest{
			Account: d.w.accountID(q.account), Reason: "post the news", Duration: durationpb.New(q.duration), RequestId: q.id,
		})
		lease = got.GetLease()
		return "checks out " + q.account + " for " + keyshift.DurationText(q.duration), err
	})
	if err == nil {
		d.w.lent(d, q, lease)
	}
	return lease, err
}

// lent checks an answer to a check-out.
func (w *world) lent(d *desk, q *question, lease *v1.Lease) {
	if q.lease != lease.GetId() {
		w.violated("I6: the request that got %s was answered with %s", w.nameOf(q.lease), w.nameOf(lease.GetId()))
	}
	if e := w.ledger.leases[keyshift.ID(lease.GetId())]; e == nil || !e.wasActive {
		w.violated("I4: %s was told of a lease that the hub never made active", d.name)
	}
	if w.ledger.answered[string(keyshift.ActLeaseActivated)+" "+lease.GetId()] == 0 {
		w.answer(keyshift.ActLeaseActivated, lease.GetId())
	}
}

// reveal asks for the secret of a lease.
func (d *desk) reveal(lease string) error {
	err := d.as(func(ctx context.Context, r *run) (string, error) {
		d.w.ask(keyshift.ActSecretShown, lease)
		_, err := r.agent.Reveal(ctx, lease)
		return "is shown the secret of " + d.w.nameOf(lease), err
	})
	if err == nil {
		d.used(keyshift.ActSecretShown, lease)
	}
	return err
}

// code asks for a one-time code.
func (d *desk) code(lease string) error {
	err := d.as(func(ctx context.Context, r *run) (string, error) {
		d.w.ask(keyshift.ActCodeReleased, lease)
		_, _, err := r.agent.Code(ctx, lease)
		return "gets a code for " + d.w.nameOf(lease), err
	})
	if err == nil {
		d.used(keyshift.ActCodeReleased, lease)
	}
	return err
}

// maxSkew is more than a clock may be wrong by while something is shown, and less than the world turns clocks by. The hub, which
// does not look so closely, still hears whoever is not wrong by heard.
const (
	maxSkew = 2*time.Minute + 2*maxHubStep
	heard   = 5*time.Minute - maxHubStep
)

// used checks that a use was right when it happened.
func (d *desk) used(action keyshift.AuditAction, lease string) {
	w, now := d.w, time.Now()
	d.handedOut[lease] = true
	w.answer(action, lease)
	e := w.ledger.leases[keyshift.ID(lease)]
	if e == nil || !e.wasActive {
		w.violated("I8: something of a lease was used that the hub never made active")
		return
	}
	w.claims(e)
	switch {
	case now.Sub(d.contact) >= keyshift.StaleAfter || d.contact.Before(d.bootedAt):
		w.violated("I2: %s was used %v after the last contact", e.name, now.Sub(d.contact))
	case !now.Before(e.offlineBy(d)):
		w.violated("I2: %s was used later than its offline grace allows", e.name)
	case d.wall.Abs() > maxSkew:
		w.violated("I2: %s was used while the clock was wrong by %v", e.name, d.wall)
	case !e.endsBefore(w).After(now):
		w.violated("I2: %s was used at its end or later", e.name)
	}
}

// endsBefore is the latest true time at which a lease can still have been used: its end by a clock that may have been
// set meanwhile.
func (e *entry) endsBefore(w *world) time.Time {
	latest := e.EndsAt
	for _, end := range e.ends {
		if end.After(latest) {
			latest = end
		}
	}
	return latest.Add(maxHubStep - w.hub.clock)
}

// offlineBy is when a lease has to end without another contact, by true time. That it was granted was one, for itself.
func (e *entry) offlineBy(d *desk) time.Time {
	last := d.contact
	if e.grantedAt.After(last) {
		last = e.grantedAt
	}
	return last.Add(max(e.OfflineGrace, 10*time.Second))
}

// renew prolongs a lease.
func (d *desk) renew(lease string, by time.Duration) error {
	err := d.as(func(ctx context.Context, r *run) (string, error) {
		d.w.ask(keyshift.ActLeaseRenewed, lease)
		held, err := r.agent.Renew(ctx, lease, by)
		if e := d.w.ledger.leases[keyshift.ID(lease)]; err == nil && e != nil { // an answer on its way may be older
			e.seen = max(e.seen, held.GetLease().GetEpoch())
		}
		return "renews " + d.w.nameOf(lease) + " by " + keyshift.DurationText(by), err
	})
	if err == nil {
		d.w.answer(keyshift.ActLeaseRenewed, lease)
	}
	return err
}

// checkIn gives a lease back.
func (d *desk) checkIn(lease string) error {
	return d.as(func(ctx context.Context, r *run) (string, error) {
		d.w.ask("check in", lease)
		_, err := r.agent.CheckIn(ctx, lease)
		return "checks in " + d.w.nameOf(lease), err
	})
}

func (d *desk) syncNow() error {
	return d.as(func(ctx context.Context, r *run) (string, error) { return "syncs", r.agent.SyncNow(ctx) })
}

// newQuestion is a check-out that was not asked for before.
func (w *world) newQuestion(account string, duration time.Duration) *question {
	return &question{id: string(keyshift.NewID(time.Now(), w.random)), account: account, duration: duration}
}
