package agent

import (
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Leases lists what this device holds, and what has ended and is not yet removed and told, the newest first.
func (a *Agent) Leases() []*v1.HeldLease {
	var list []*v1.HeldLease
	for _, rec := range a.journal.all() {
		if rec.Lease != nil && !rec.Foreign {
			list = append(list, a.view(rec))
		}
	}
	slices.SortStableFunc(list, func(x, y *v1.HeldLease) int {
		return y.GetLease().GetStartedAt().AsTime().Compare(x.GetLease().GetStartedAt().AsTime())
	})
	return list
}

// view is a lease as it stands now.
func (a *Agent) view(rec record) *v1.HeldLease {
	h := &v1.HeldLease{Lease: rec.shownLease(), WipeFailure: rec.WipeFailure}
	switch {
	case rec.Phase == wiped:
		h.Ending = "reporting"
	case rec.WipeFailure != "":
		h.Ending = "wipe_failed"
	case !rec.Phase.live():
		h.Ending = "wiping"
	default:
		a.addTimes(h, rec.term())
	}
	return h
}

func (a *Agent) addTimes(h *v1.HeldLease, t term) {
	now, err := a.cfg.Clock.Read()
	if err != nil {
		return
	}
	h.TimeLeft = durationpb.New(t.timeLeft(now))
	if !a.online.Load() {
		h.OfflineEnd = timestamppb.New(t.offlineEnd(a.times.state().Witnessed, now))
	}
}

// find gives the held lease that somebody named: by its id, or by its account where that is clear. Live leases come first.
func (a *Agent) find(name string) (record, error) {
	name = strings.TrimSpace(name)
	var live, over []record
	for _, rec := range a.journal.all() {
		switch {
		case rec.Lease == nil || rec.Foreign:
		case rec.Lease.GetId() == name:
			return rec, nil
		case !named(name, rec.Lease.GetNetwork(), rec.Lease.GetHandle()):
		case rec.Phase.live():
			live = append(live, rec)
		default:
			over = append(over, rec)
		}
	}
	if len(live) == 0 {
		live = over
	}
	switch len(live) {
	case 0:
		e := keyshift.NotFound("lease", name)
		e.Hint = "Run keyshift-agent leases: it lists what you hold."
		return record{}, e
	case 1:
		return live[0], nil
	}
	return record{}, ambiguous(name, leaseNames(live))
}

func leaseNames(list []record) []string {
	var names []string
	for _, rec := range list {
		names = append(names, accountName(rec.Lease.GetNetwork(), rec.Lease.GetHandle()))
	}
	slices.Sort(names)
	if unique := slices.Compact(slices.Clone(names)); len(unique) == len(names) {
		return names
	}
	names = names[:0] // the same account twice: only the lease id tells them apart
	for _, rec := range list {
		names = append(names, rec.Lease.GetId())
	}
	return names
}

// untilWhen adds to a missing answer until when somebody who holds something can go on without the hub.
func (a *Agent) untilWhen(err error) error {
	e := shown(err)
	now, failed := a.cfg.Clock.Read()
	if e.Code != keyshift.CodeHubUnreachable || failed != nil {
		return e
	}
	var until time.Time
	for _, rec := range a.journal.live() {
		if end := rec.term().offlineEnd(a.times.state().Witnessed, now); rec.Phase == active && (until.IsZero() || end.Before(until)) {
			until = end
		}
	}
	if until.IsZero() {
		return e
	}
	e = e.With("until", until.UTC().Format(time.RFC3339))
	e.Text += " You can work until " + keyshift.ClockText(until.Local(), now.Wall.Local()) + "."
	return e
}
