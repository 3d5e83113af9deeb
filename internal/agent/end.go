package agent

import (
	"context"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// end ends a lease for a cause of our own. When it returns, nothing of it can be used any more, also when disk or keyring
// refuse: the wipe goes on until it is done.
func (a *Agent) end(request string, cause keyshift.EndCause) {
	a.endAs(request, func(r record) record {
		r.Cause = cause
		return r
	})
}

// endByHub ends a lease because the hub says so. lease is its last word, or nil.
func (a *Agent) endByHub(request string, lease *v1.Lease) {
	a.endAs(request, func(r record) record {
		r.Cause = ""
		if lease != nil {
			r.Lease = lease
		}
		return r
	})
}

func (a *Agent) endAs(request string, why func(record) record) {
	rec, err := a.journal.advance(request, func(r record) (record, error) {
		if !r.Phase.live() {
			return r, errMoved
		}
		r = why(r)
		r.Phase = ending
		return r, nil
	})
	if err != nil {
		return // it has ended already
	}
	a.log.Info("lease ends", "request_id", request, "lease_id", rec.Lease.GetId(), "cause", rec.Cause)
	a.dropKey(request)
}

// dropKey makes the secret of an ended lease useless at once; what the disk refuses, the wipe goes on with.
func (a *Agent) dropKey(request string) {
	if err := a.vault.DropKey(request); err != nil {
		a.log.Error("remove key", "request_id", request, "error", err)
	}
	poke(a.wipeSoon)
}

// forgetAfter is how long a secret that was handed out may take to leave the process.
const forgetAfter = time.Second

// keepForgetting erases what is left of secrets in memory, soon after one was handed out or wiped.
func (a *Agent) keepForgetting(ctx context.Context) {
	for {
		select {
		case <-a.forgetSoon:
		case <-ctx.Done():
			return
		}
		if sleep(ctx, forgetAfter) {
			seal.Forget()
		}
	}
}

// endAll ends every lease because the hub does not trust the device or its user any more.
func (a *Agent) endAll() {
	for _, rec := range a.journal.live() {
		a.endByHub(rec.RequestID, nil)
	}
}
