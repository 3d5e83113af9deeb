package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

type enrollCmd struct {
	Yes        bool   `help:"Do not ask whether the hub is the right one."`
	DeviceName string `placeholder:"NAME" help:"How this computer is called at the hub; its own name if not given."`
}

// Help is shown below the usage.
func (enrollCmd) Help() string {
	return "The enrollment code, which your admin gives you, is asked for, or read from standard input if that is no terminal. " +
		"It says which hub it is for and how to recognize that hub; compare what is shown with what your admin told you."
}

func (cmd *enrollCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	if err := notEnrolled(ctx, client); err != nil {
		return err
	}
	code, hub, err := inv.readCode(ctx)
	if err != nil {
		return err
	}
	if err := cmd.agree(ctx, inv, hub); err != nil {
		return err
	}
	res, err := client.Enroll(ctx, code, cmd.DeviceName)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "This computer is enrolled at %s as a device of %s.\nSee what you can check out: %s accounts\n",
			clean(res.GetHubName()), clean(res.GetUser()), Name)
	})
}

// notEnrolled asks before a person is made to paste a code for nothing.
func notEnrolled(ctx context.Context, client *localclient.Client) error {
	status, err := client.Status(ctx)
	if err != nil || !status.GetEnrolled() {
		return err
	}
	return keyshift.Refuse(keyshift.CodeAlreadyEnrolled, "This computer is enrolled at "+clean(status.GetHubName())+" already.",
		"To go to another hub, run `"+Name+" unenroll` first.")
}

// maxCode is more than the longest code, with line breaks.
const maxCode = 4096

// readCode takes the code from the person or from standard input, and reads what it says of the hub.
func (inv *invocation) readCode(ctx context.Context) (string, keyshift.Invitation, error) {
	code, err := inv.askCode(ctx)
	if err != nil {
		return "", keyshift.Invitation{}, err
	}
	hub, err := keyshift.ParseInvitation(code)
	if err != nil {
		return "", hub, err
	}
	if hub.Kind != keyshift.EnrollmentCode {
		return "", hub, keyshift.Invalid(keyshift.CodeCodeInvalid, "This code is not for enrolling a computer.",
			"Ask your admin for an enrollment code. Codes for the web console and for keyshift-hub are used there.")
	}
	return code, hub, nil
}

func (inv *invocation) askCode(ctx context.Context) (string, error) {
	if inv.Console != nil {
		return inv.Console.AskSecret(ctx, "Enrollment code (it does not show): ")
	}
	b, err := io.ReadAll(io.LimitReader(inv.Stdin, maxCode))
	if err != nil {
		return "", fmt.Errorf("read enrollment code: %w", err)
	}
	return string(b), nil
}

// agree shows which hub the code is for, and asks a person whether that is right.
func (cmd *enrollCmd) agree(ctx context.Context, inv *invocation, hub keyshift.Invitation) error {
	inv.Note("Hub: %s\nIts key: %s", hub.HubURL, keyshift.KeyText(hub.HubKey))
	if inv.Console == nil {
		return nil // a script has chosen its code
	}
	return inv.confirm(ctx, cmd.Yes, "Is this your company's hub?")
}
