package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type auditCmd struct {
	List   auditListCmd   `cmd:"" default:"withargs" help:"List audit events, the newest first."`
	Export auditExportCmd `cmd:"" help:"Write the whole audit log into a file that can be verified anywhere."`
	Verify auditVerifyCmd `cmd:"" help:"Prove that nothing in the audit log was changed, removed or inserted."`
}

type auditListCmd struct {
	Account string `placeholder:"ACCOUNT" help:"Only events about this account."`
	User    string `placeholder:"NAME" help:"Only events about this user."`
	Device  string `placeholder:"DEVICE" help:"Only events about this device, by its id or name."`
	Lease   string `placeholder:"ID" help:"Only events about this lease."`
	Limit   int    `default:"100" placeholder:"N" help:"Show the newest N; 0 shows all."`
}

// Run lists events.
func (c *auditListCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		events, more, err := c.events(ctx, hub)
		if err != nil {
			return err
		}
		var who names
		if !inv.JSON && len(events) > 0 {
			if who, err = readNames(ctx, hub); err != nil {
				return err
			}
		}
		err = inv.Message(&v1.ListEventsResponse{Events: events}, func(w io.Writer) {
			if len(events) == 0 {
				fmt.Fprintln(w, "There are no audit events about that.")
				return
			}
			rows := [][]string{{"WHEN", "EVENT", "BY", "ABOUT", "FACTS"}}
			for _, e := range events {
				rows = append(rows, []string{inv.stamp(e.GetAt()), e.GetAction(), who.actor(e), who.about(e), strings.TrimSpace(sortedFacts(e.GetPersonal()) + " " + sortedFacts(e.GetDetails()))})
			}
			cliout.Table(w, rows)
		})
		if more {
			inv.Note("There are more than these newest %d: --limit 0 shows all.", c.Limit)
		}
		return err
	})
}

func (c *auditListCmd) events(ctx context.Context, hub *hubclient.Admin) ([]*v1.AuditEvent, bool, error) {
	filter := hubclient.EventFilter{Account: c.Account, User: c.User, LeaseID: c.Lease}
	if c.Device != "" {
		var err error
		if filter.DeviceID, err = findDevice(ctx, hub, c.Device); err != nil {
			return nil, false, err
		}
	}
	return collect(hub.EachEvent(ctx, filter), c.Limit)
}

// names are what people call the ids in events.
type names map[string]string

func readNames(ctx context.Context, hub *hubclient.Admin) (names, error) {
	n := names{}
	for u, err := range hub.EachUser(ctx) {
		if err != nil {
			return nil, err
		}
		n[u.GetId()] = u.GetName()
	}
	for a, err := range hub.EachAccount(ctx) {
		if err != nil {
			return nil, err
		}
		n[a.GetId()] = accountName(a)
	}
	for d, err := range hub.EachDevice(ctx) {
		if err != nil {
			return nil, err
		}
		n[d.GetId()] = d.GetName()
	}
	return n, nil
}

func (n names) of(id string) string {
	if name, ok := n[id]; ok {
		return name
	}
	return id
}

// actor is who did it: "user dana", "device laptop", "hub".
func (n names) actor(e *v1.AuditEvent) string {
	if e.GetActorKind() == string(keyshift.ActorHub) {
		return e.GetActorKind()
	}
	return e.GetActorKind() + " " + n.of(e.GetActorId())
}

// about is what it was done to, without the one who did it.
func (n names) about(e *v1.AuditEvent) string {
	text := ""
	for _, id := range []string{e.GetAccountId(), e.GetUserId(), e.GetDeviceId()} {
		if id == "" || id == e.GetActorId() {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += n.of(id)
	}
	if e.GetLeaseId() != "" && text == "" {
		text = "lease " + e.GetLeaseId()
	}
	return text
}
