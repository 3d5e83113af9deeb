package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type remindersCmd struct {
	Show remindersShowCmd `cmd:"" default:"1" help:"Show how everybody is reminded."`
	Set  remindersSetCmd  `cmd:"" help:"Change how everybody is reminded; what is not named stays."`
}

type remindersShowCmd struct{}

// Run shows the settings.
func (c *remindersShowCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Work.GetReminders, &v1.GetRemindersRequest{})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintln(w, remindersText(answer.GetReminders()))
			sayCounts(w, answer.GetCounts())
		})
	})
}

// sayCounts tells how often there were reminders, for the whole company: of nobody in particular.
func sayCounts(w io.Writer, counts []*v1.ReminderCount) {
	if len(counts) == 0 {
		return
	}
	fmt.Fprintln(w)
	rows := [][]string{{"DAY", "KIND", "SHOWN", "ANSWERED"}}
	for _, c := range counts {
		rows = append(rows, []string{c.GetDay(), c.GetKind(), strconv.FormatInt(c.GetShown(), 10), strconv.FormatInt(c.GetAnswered(), 10)})
	}
	cliout.Table(w, rows)
}

type remindersSetCmd struct {
	PerHour       *int32 `placeholder:"N" help:"How many reminders a user sees in any hour at most, 1 to 20."`
	Every         string `placeholder:"DURATION" help:"How long after one word on personal use the next comes while a lease is live, like 45m."`
	MayPauseToday *bool  `negatable:"" help:"Whether users may pause reminders for the rest of a day."`
}

// Run changes the settings.
func (c *remindersSetCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		now, err := hubclient.Call(ctx, hub.Work.GetReminders, &v1.GetRemindersRequest{})
		if err != nil {
			return err
		}
		wanted := now.GetReminders()
		if err := c.apply(wanted); err != nil {
			return err
		}
		answer, err := hubclient.Call(ctx, hub.Work.SetReminders, &v1.SetRemindersRequest{Reminders: wanted})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) { fmt.Fprintln(w, remindersText(answer.GetReminders())) })
	})
}

func (c *remindersSetCmd) apply(r *v1.Reminders) error {
	if c.PerHour != nil {
		r.PerHour = *c.PerHour
	}
	if c.MayPauseToday != nil {
		r.MayPauseToday = *c.MayPauseToday
	}
	if c.Every != "" {
		every, err := reminding.parse(c.Every)
		if err != nil {
			return err
		}
		r.Every = durationpb.New(every)
	}
	return nil
}

func remindersText(r *v1.Reminders) string {
	pause := "may not be paused for the rest of a day"
	if r.GetMayPauseToday() {
		pause = "may be paused for the rest of a day"
	}
	return fmt.Sprintf("At most %s an hour; a word on personal use every %s while a lease is live. They %s.",
		plural(int64(r.GetPerHour()), "reminder"), keyshift.DurationText(r.GetEvery().AsDuration()), pause)
}
