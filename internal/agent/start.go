package agent

import (
	"context"
	"fmt"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// takeStock looks at what the last run left: nothing that has to end stays, and every key file and keyring item
// belongs to a record.
func (a *Agent) takeStock(broken []string) error {
	for _, request := range broken {
		if err := a.adoptLeftover(request); err != nil {
			return err
		}
	}
	leftovers, err := a.vault.Leftovers()
	if err != nil {
		return fmt.Errorf("look for leftovers: %w", err)
	}
	for _, request := range leftovers {
		if _, ok := a.journal.get(request); ok {
			continue
		}
		if err := a.adoptLeftover(request); err != nil {
			return err
		}
	}
	for _, rec := range a.journal.all() {
		if cause, over := a.overAtStart(rec); over {
			a.end(rec.RequestID, cause)
		}
	}
	return nil
}

// adoptLeftover makes a record of files that have none, so that they are wiped like any other. Its key goes at once.
func (a *Agent) adoptLeftover(request string) error {
	a.log.Warn("wipe leftover", "request_id", request)
	if err := a.vault.DropKey(request); err != nil {
		return fmt.Errorf("remove leftover key: %w", err)
	}
	if err := a.journal.replace(record{RequestID: request, Phase: ending, Cause: keyshift.CauseNotStored}); err != nil {
		a.log.Error("write leftover record", "request_id", request, "error", err)
	}
	return nil
}

// overAtStart says which leases a start ends: those whose secret was only in memory or lost its key, and those whose
// time is over.
func (a *Agent) overAtStart(rec record) (keyshift.EndCause, bool) {
	switch {
	case rec.Phase == requested:
		return keyshift.CauseNotStored, !a.inTime(rec)
	case !rec.Phase.live():
		return "", false
	case a.link.Load() == nil:
		return keyshift.CauseNotStored, true
	case inMemory(rec.Lease) && !delegated(rec.Lease):
		return keyshift.CauseAgentRestarted, true
	case !delegated(rec.Lease) && !a.vault.HasKey(rec.RequestID):
		return keyshift.CauseTampered, true
	}
	cause := a.times.judge(rec.term())
	return cause, cause != ""
}

// inTime reports whether a check-out that is under way can still become active.
func (a *Agent) inTime(rec record) bool { return a.times.age(rec.At) < keyshift.ActivateWithin }

// finishCheckOuts takes up the check-outs that the last run was in the middle of, once.
func (a *Agent) finishCheckOuts(ctx context.Context) {
	for _, rec := range a.journal.live() {
		if rec.Phase == active || !a.journal.idle(rec.RequestID) {
			continue
		}
		if _, err := a.resume(ctx, rec.RequestID); err != nil {
			a.log.Info("finish check-out", "request_id", rec.RequestID, "error", err)
		}
	}
}

func (a *Agent) resume(ctx context.Context, request string) (*v1.HeldLease, error) {
	done, err := a.journal.take(ctx, request)
	if err != nil {
		return nil, err
	}
	defer done()
	rec, ok := a.journal.get(request)
	if !ok || rec.Phase != requested {
		return nil, errMoved
	}
	return a.obtain(ctx, rec, settled)
}
