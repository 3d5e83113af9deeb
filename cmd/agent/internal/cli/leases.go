package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
)

type leasesCmd struct {
	Watch bool `short:"w" help:"Go on showing them, until Ctrl-C. With --json: one line for each change."`
}

func (cmd *leasesCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	if cmd.Watch {
		return inv.watch(ctx, client)
	}
	res, err := client.Leases(ctx)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) { inv.sayLeases(w, res.GetLeases(), 0) })
}

// sayLeases lists leases whose time left was told so long ago.
func (inv *invocation) sayLeases(w io.Writer, leases []*v1.HeldLease, ago time.Duration) {
	if len(leases) == 0 {
		_, _ = fmt.Fprintln(w, "You hold no account. See what you can check out: "+Name+" accounts")
		return
	}
	rows := [][]string{{"ACCOUNT", "TIME LEFT", "UNTIL", "STATE", "REASON"}}
	for _, h := range leases {
		rows = append(rows, inv.leaseRow(h, ago))
	}
	cliout.Table(w, rows)
}

func (inv *invocation) leaseRow(h *v1.HeldLease, ago time.Duration) []string {
	l := h.GetLease()
	row := []string{accountName(l), "-", "-", leaseState(h), clean(l.GetReason())}
	if isLive(h) {
		row[1], row[2] = timeLeft(h.GetTimeLeft().AsDuration()-ago), inv.Clock(l.GetEndsAt().AsTime())
	}
	if h.GetOfflineEnd() != nil && isLive(h) {
		row[2] = inv.Clock(h.GetOfflineEnd().AsTime()) + " if the hub stays away"
	}
	return row
}

var leaseStates = map[v1.LeaseState]string{
	v1.LeaseState_LEASE_STATE_PENDING:    "being set up",
	v1.LeaseState_LEASE_STATE_ACTIVE:     "active",
	v1.LeaseState_LEASE_STATE_CHECKED_IN: "given back",
	v1.LeaseState_LEASE_STATE_EXPIRED:    "expired",
	v1.LeaseState_LEASE_STATE_REVOKED:    "revoked",
}

// leaseState says where a lease stands, and what is still to be done after its end.
func leaseState(h *v1.HeldLease) string {
	state := leaseStates[h.GetLease().GetState()]
	switch h.GetEnding() {
	case "wiping":
		return state + ", being wiped"
	case "wipe_failed":
		return state + ", not wiped: " + clean(h.GetWipeFailure())
	case "reporting":
		return state + ", wiped"
	}
	return state
}
