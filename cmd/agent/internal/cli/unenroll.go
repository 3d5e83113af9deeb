package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

type unenrollCmd struct {
	Force bool `help:"Forget the hub even if it cannot be told."`
	Yes   bool `help:"Do not ask."`
}

func (cmd *unenrollCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	status, err := client.Status(ctx)
	if err != nil {
		return err
	}
	if status.GetEnrolled() {
		if err := inv.confirm(ctx, cmd.Yes, unenrollQuestion(status)); err != nil {
			return err
		}
	}
	res, err := client.Unenroll(ctx, cmd.Force)
	if err != nil {
		return cmd.wayOn(err)
	}
	owing := owingBrowsers(ctx, client)
	return inv.Message(res, func(w io.Writer) {
		_, _ = fmt.Fprintln(w, "This computer is not enrolled any more. "+leftText(owing))
		for _, p := range owing {
			_, _ = fmt.Fprintf(w, "%s was not there to remove what is left of %s: start it once. Until then it stays connected with the agent.\n",
				capital(browserName(p)), clean(strings.Join(p.GetOwes(), ", ")))
		}
		if !res.GetHubTold() {
			_, _ = fmt.Fprintf(w, "The hub could not be told: ask your admin to block the device %s there.\n", clean(status.GetDeviceName()))
		}
	})
}

// owingBrowsers are those that have yet to clean up. That they cannot be listed is no reason to say that it did not work.
func owingBrowsers(ctx context.Context, client *localclient.Client) (owing []*v1.BrowserProfile) {
	res, err := client.BrowserProfiles(ctx)
	if err != nil {
		return nil
	}
	for _, p := range res.GetProfiles() {
		if len(p.GetOwes()) > 0 {
			owing = append(owing, p)
		}
	}
	return owing
}

func leftText(owing []*v1.BrowserProfile) string {
	if len(owing) > 0 {
		return "Nothing that was lent is left on it, but for a browser."
	}
	return "Nothing that was lent is left on it."
}

// capital begins a text with one.
func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func unenrollQuestion(status *v1.LocalServiceGetStatusResponse) string {
	question := "Forget " + clean(status.GetHubName())
	var held []*v1.HeldLease
	for _, h := range status.GetLeases() {
		if isLive(h) {
			held = append(held, h)
		}
	}
	if len(held) > 0 {
		question += " and give back " + listNames(held)
	}
	return question + "?"
}

// wayOn says what to do when the hub does not answer, and where there is nothing to do.
func (cmd *unenrollCmd) wayOn(err error) error {
	if keyshift.CodeOf(err) == keyshift.CodeNotEnrolled {
		return keyshift.Refuse(keyshift.CodeNotEnrolled, "This computer is not enrolled, so there is no hub to forget.", "To enroll it, get a code from your admin and run `"+Name+" enroll`.")
	}
	if api.ExitOf(err) != api.ExitUnreachable || cmd.Force || keyshift.CodeOf(err) == keyshift.CodeAgentNotRunning {
		return err
	}
	e := *api.FromConnect(err)
	e.Hint = "Try again when the hub can be reached, or forget it without telling it: `" + Name + " unenroll --force`."
	return &e
}
