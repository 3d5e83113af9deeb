package cli

import (
	"context"
	"fmt"
	"io"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
)

type leasesCmd struct {
	List leasesListCmd `cmd:"" default:"withargs" help:"List leases that are live or whose access is not yet removed."`
	Held leasesHeldCmd `cmd:"" help:"Tell who held an account at a moment."`
}

type leasesListCmd struct {
	All   bool `help:"Also leases that are over and whose access is removed."`
	Limit int  `default:"100" placeholder:"N" help:"Show the newest N; 0 shows all."`
}

// Run lists leases.
func (c *leasesListCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		leases, more, err := collect(hub.EachLease(ctx, hubclient.LeaseFilter{All: c.All}), c.Limit)
		if err != nil {
			return err
		}
		err = inv.Message(&v1.ListLeasesResponse{Leases: leases}, func(w io.Writer) {
			if len(leases) == 0 {
				fmt.Fprintf(w, "%s\n", c.none())
				return
			}
			rows := [][]string{{"ACCOUNT", "USER", "DEVICE", "STATE", "UNTIL", "LEASE", "ACCESS"}}
			for _, l := range leases {
				rows = append(rows, []string{accountName(l), holder(l), l.GetDevice(), word(l.GetState()), inv.endText(l), l.GetId(), inv.accessText(l)})
			}
			cliout.Table(w, rows)
		})
		if more {
			inv.Note("There are more than these newest %d: --limit 0 shows all.", c.Limit)
		}
		return err
	})
}

func (c *leasesListCmd) none() string {
	if c.All {
		return "Nobody has checked anything out yet. People do that with keyshift-agent checkout ACCOUNT."
	}
	return "Nobody holds an account, and all access is removed. Earlier leases: " + Name + " leases list --all"
}

// endText is when a lease ends or ended.
func (inv *invocation) endText(l *v1.Lease) string {
	if l.GetEndedAt() != nil {
		return inv.clock(l.GetEndedAt())
	}
	return inv.clock(l.GetEndsAt())
}

// accessText is the hub's sentence on the removal; a live lease has access.
func (inv *invocation) accessText(l *v1.Lease) string {
	if !ended(l) {
		return "in use"
	}
	return inv.AtHere(clean(l.GetRemoval().GetText()), moment(l.GetRemoval().GetEndsBy()))
}

func ended(l *v1.Lease) bool {
	return l.GetRemoval().GetStep() != v1.RemovalStep_REMOVAL_STEP_UNSPECIFIED
}

// removed reports whether access is removed, as only the last step says.
func removed(l *v1.Lease) bool {
	return l.GetRemoval().GetStep() == v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED
}

type leasesHeldCmd struct {
	Account string `arg:"" help:"The account, like x/acme."`
	At      string `placeholder:"TIME" help:"The moment, like 14:30 (today), 2026-11-22 14:30, or RFC 3339. Without it: now."`
}

// Run tells who held an account.
func (c *leasesHeldCmd) Run(ctx context.Context, inv *invocation) error {
	at, err := inv.moment(c.At)
	if err != nil {
		return err
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Leases.WhoHeld, &v1.WhoHeldRequest{Account: c.Account, At: at})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			if len(answer.GetLeases()) == 0 {
				fmt.Fprintf(w, "Nobody %s. Earlier leases: %s leases list --all\n", inv.heldText(c.Account, at), Name)
				return
			}
			rows := [][]string{{"USER", "DEVICE", "FROM", "UNTIL", "STATE NOW", "REASON", "LEASE"}}
			for _, l := range answer.GetLeases() {
				rows = append(rows, []string{holder(l), l.GetDevice(), inv.clock(l.GetStartedAt()), inv.endText(l), word(l.GetState()), l.GetReason(), l.GetId()})
			}
			cliout.Table(w, rows)
		})
	})
}

// moment reads an optional time; nil is now.
func (inv *invocation) moment(text string) (*timestamppb.Timestamp, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // now is the absence of a time
	}
	at, err := parseMoment("--at", text, inv.now(), startOf)
	return timestamppb.New(at), err
}

func (inv *invocation) heldText(account string, at *timestamppb.Timestamp) string {
	if at == nil {
		return "holds " + clean(account) + " now"
	}
	return "held " + clean(account) + " at " + inv.stamp(at)
}
