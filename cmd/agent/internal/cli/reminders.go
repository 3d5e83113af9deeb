package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type remindersCmd struct {
	List   remindersListCmd   `cmd:"" default:"1" help:"List what you were reminded of, and what waits."`
	Done   remindersDoneCmd   `cmd:"" help:"Forget a reminder that you have read."`
	Pause  remindersPauseCmd  `cmd:"" help:"Hold reminders back for a while. Warnings before the end of a lease still come."`
	Resume remindersResumeCmd `cmd:"" help:"End the pause."`
}

type remindersListCmd struct{}

func (cmd *remindersListCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	res, err := client.Reminders(ctx)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) {
		texts := inv.texts()
		if len(res.GetShown())+len(res.GetWaiting()) == 0 {
			_, _ = fmt.Fprintln(w, "There are no reminders.")
		}
		for _, r := range res.GetShown() {
			inv.sayReminder(w, texts, r)
		}
		for _, r := range res.GetWaiting() {
			inv.sayReminder(w, texts, r)
			_, _ = fmt.Fprintf(w, "     It waits %s.\n", waits[r.GetHeld()])
		}
		if until := res.GetPausedUntil(); until != nil {
			_, _ = fmt.Fprintf(w, "Reminders are paused until %s.\n", inv.Clock(until.AsTime()))
		}
	})
}

// waits says what a reminder waits for.
var waits = map[string]string{
	"user": "until you are there", "work_hours": "until your work hours", "pause": "until the pause is over", "room": "so that there are not too many at once",
}

func (inv *invocation) sayReminder(w io.Writer, texts i18n.Catalog, r *v1.LocalReminder) {
	accounts := clean(strings.Join(r.GetAccounts(), ", "))
	_, _ = fmt.Fprintf(w, "%3s  %s  %s\n", r.GetId(), inv.Clock(r.GetDue().AsTime()), texts.Text(r.GetText(), accounts))
	if r.GetAlso() != "" {
		_, _ = fmt.Fprintln(w, "     "+texts.Text(r.GetAlso(), accounts))
	}
}

type remindersDoneCmd struct {
	ID string `arg:"" help:"The number of the reminder."`
}

func (cmd *remindersDoneCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	known, err := client.Reminders(ctx)
	if err != nil {
		return err
	}
	if !knowsReminder(known, cmd.ID) {
		return keyshift.Refuse(keyshift.CodeNotFound, "There is no reminder “"+keyshift.CleanText(cmd.ID, 40)+"”.", "Run `"+Name+" reminders`: it lists them with their numbers.")
	}
	res, err := client.DismissReminder(ctx, cmd.ID)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) { _, _ = fmt.Fprintln(w, "Done. You are not shown it again.") })
}

func knowsReminder(list *v1.LocalServiceListRemindersResponse, id string) bool {
	is := func(r *v1.LocalReminder) bool { return r.GetId() == id }
	return slices.ContainsFunc(list.GetShown(), is) || slices.ContainsFunc(list.GetWaiting(), is)
}

type remindersPauseCmd struct {
	For   string `arg:"" optional:"" default:"1h" help:"For how long, up to 4h."`
	Today bool   `help:"Until tomorrow, if your company allows that."`
}

func (cmd *remindersPauseCmd) Run(ctx context.Context, inv *invocation) error {
	length, err := parseLength(cmd.For)
	if err != nil {
		return err
	}
	if cmd.Today {
		length = 0
	}
	return inv.pause(ctx, length, cmd.Today)
}

type remindersResumeCmd struct{}

func (cmd *remindersResumeCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.pause(ctx, 0, false)
}

func (inv *invocation) pause(ctx context.Context, length time.Duration, today bool) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	res, err := client.PauseReminders(ctx, length, today)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) {
		switch {
		case today:
			_, _ = fmt.Fprintln(w, "Reminders are paused until tomorrow. Warnings before the end of a lease still come.")
		case length > 0:
			_, _ = fmt.Fprintf(w, "Reminders are paused for %s. Warnings before the end of a lease still come.\n", timeLeft(length))
		default:
			_, _ = fmt.Fprintln(w, "Reminders come again.")
		}
	})
}
