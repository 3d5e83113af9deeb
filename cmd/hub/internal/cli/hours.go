package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
)

type hoursCmd struct {
	Show  hoursShowCmd  `cmd:"" help:"Show the work hours that count for a user, or those of a group."`
	Set   hoursSetCmd   `cmd:"" help:"Set the work hours of a user or a group."`
	Clear hoursClearCmd `cmd:"" help:"Take the work hours of a user or a group away."`
	Lift  hoursLiftCmd  `cmd:"" help:"Let a user check out outside of the work hours for a while."`
}

// whose names a user or a group.
type whose struct {
	User  string `placeholder:"NAME" xor:"whose" required:"" help:"This user."`
	Group string `placeholder:"NAME" xor:"whose" required:"" help:"The members of this group who have no hours of their own."`
}

type hoursShowCmd struct{ whose }

// Run shows hours.
func (c *hoursShowCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Work.GetWorkHours, &v1.GetWorkHoursRequest{User: c.User, Group: c.Group})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintln(w, hoursText(answer.GetHours()))
			if answer.GetFromGroup() != "" {
				fmt.Fprintf(w, "They are those of the group %s.\n", clean(answer.GetFromGroup()))
			}
			if until := moment(answer.GetLiftedUntil()); until.After(inv.now()) {
				fmt.Fprintf(w, "They are lifted until %s.\n", inv.stamp(answer.GetLiftedUntil()))
			}
		})
	})
}

type hoursSetCmd struct {
	whose
	Zone     string   `required:"" placeholder:"ZONE" help:"The time zone, like Europe/Berlin."`
	DayOff   []string `placeholder:"DATE" sep:"," help:"A public holiday or personal day off, like 2026-12-24. May be repeated."`
	Holidays string   `placeholder:"FILE" help:"An iCalendar file (.ics) with public holidays; those from today to 18 months ahead count."`
	Hours    []string `arg:"" help:"Days and spans, like 'mon-thu 9:00-12:30,13:30-18:00' 'fri 9:00-14:00'."`
}

// Run sets hours.
func (c *hoursSetCmd) Run(ctx context.Context, inv *invocation) error {
	hours, err := c.message(inv.now())
	if err != nil {
		return err
	}
	return inv.setHours(ctx, &v1.SetWorkHoursRequest{User: c.User, Group: c.Group, Hours: hours}, hoursText(hours))
}

func (c *hoursSetCmd) message(now time.Time) (*v1.WorkHours, error) {
	spans, err := parseSpans(c.Hours)
	if err != nil {
		return nil, err
	}
	daysOff := c.DayOff
	if c.Holidays != "" {
		holidays, err := readHolidays(c.Holidays, now)
		if err != nil {
			return nil, err
		}
		daysOff = append(daysOff, holidays...)
	}
	return &v1.WorkHours{Zone: c.Zone, Spans: spans, DaysOff: daysOff}, nil
}

func (inv *invocation) setHours(ctx context.Context, req *v1.SetWorkHoursRequest, done string) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Work.SetWorkHours, req)
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) { fmt.Fprintln(w, done) })
	})
}

type hoursClearCmd struct{ whose }

// Run takes hours away.
func (c *hoursClearCmd) Run(ctx context.Context, inv *invocation) error {
	text := "The group " + clean(c.Group) + " has no work hours any more."
	if c.User != "" {
		text = clean(c.User) + " has no work hours of their own any more; those of a group may count."
	}
	return inv.setHours(ctx, &v1.SetWorkHoursRequest{User: c.User, Group: c.Group, Hours: &v1.WorkHours{}}, text)
}

type hoursLiftCmd struct {
	User   string `arg:"" help:"The user."`
	Until  string `required:"" placeholder:"TIME" help:"Until when, like 22:30 or '2026-11-22 22:30'; at most 7 days ahead. A moment that has passed takes an earlier word back."`
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit log."`
}

// Run lifts hours.
func (c *hoursLiftCmd) Run(ctx context.Context, inv *invocation) error {
	until, err := parseMoment("--until", c.Until, inv.now(), endOf)
	if err != nil {
		return err
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		stamp := timestamppb.New(until)
		answer, err := hubclient.Call(ctx, hub.Work.LiftWorkHours, &v1.LiftWorkHoursRequest{User: c.User, Until: stamp, Reason: c.Reason})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			if until.Before(inv.now()) {
				fmt.Fprintf(w, "The work hours of %s count again.\n", clean(c.User))
				return
			}
			fmt.Fprintf(w, "%s may check out until %s, whatever the hour.\n", clean(c.User), inv.stamp(stamp))
		})
	})
}
