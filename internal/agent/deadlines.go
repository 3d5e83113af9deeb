package agent

import (
	"context"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// pollEvery is how often deadlines are looked at while something is live. Timers alone would not do: they stand still
// while the computer sleeps.
const pollEvery = time.Second

// watchDeadlines ends leases in time. While none is live, it sleeps.
func (a *Agent) watchDeadlines(ctx context.Context) {
	timer := time.NewTimer(pollEvery)
	defer timer.Stop()
	trust := a.times.trust()
	for ctx.Err() == nil {
		if len(a.journal.live()) == 0 {
			select {
			case <-a.liveSoon:
			case <-ctx.Done():
			}
			continue
		}
		trust = a.lookAtDeadlines(trust)
		timer.Reset(pollEvery)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

// lookAtDeadlines ends what is over, and tells of a change in trust.
func (a *Agent) lookAtDeadlines(before v1.Trust) v1.Trust {
	a.endWhatIsOver()
	now := a.times.trust()
	if now != before {
		a.bell.ring()
	}
	return now
}

// endWhatIsOver judges every live lease, and the check-outs that nobody goes on with.
func (a *Agent) endWhatIsOver() {
	for _, rec := range a.journal.live() {
		if rec.Phase == active {
			if cause := a.times.judge(rec.term()); cause != "" {
				a.end(rec.RequestID, cause)
			}
		} else if a.journal.idle(rec.RequestID) && !a.inTime(rec) {
			a.end(rec.RequestID, keyshift.CauseNotStored)
		}
	}
}

// trustNow is what Status says.
func (a *Agent) trustNow() v1.Trust {
	if a.link.Load() == nil {
		return v1.Trust_TRUST_UNSPECIFIED
	}
	return a.times.trust()
}
