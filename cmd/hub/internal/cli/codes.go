package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type codesCmd struct {
	Enroll codesEnrollCmd `cmd:"" help:"Make a code that enrolls a device of a user."`
	Login  codesLoginCmd  `cmd:"" help:"Make a code with which a user logs in with this program."`
}

type codesEnrollCmd struct {
	User string `arg:"" help:"The user whose device it will be."`
}

// Run makes an enrollment code.
func (c *codesEnrollCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.makeCode(ctx, c.User, v1.CodeKind_CODE_KIND_ENROLLMENT,
		"%s runs “keyshift-agent enroll” on the device and pastes the code.")
}

type codesLoginCmd struct {
	User string `arg:"" help:"The user who logs in."`
}

// Run makes a login code.
func (c *codesLoginCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.makeCode(ctx, c.User, v1.CodeKind_CODE_KIND_LOGIN, "%s runs “"+Name+" login” and pastes the code.")
}

// makeCode prints a code alone on standard output, so that it can be piped on, and how to use it beside that.
func (inv *invocation) makeCode(ctx context.Context, user string, kind v1.CodeKind, use string) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Users.CreateCode, &v1.CreateCodeRequest{User: user, Kind: kind})
		if err != nil {
			return err
		}
		if err := inv.Message(answer, func(w io.Writer) { fmt.Fprintln(w, answer.GetCode()) }); err != nil {
			return err
		}
		left := moment(answer.GetExpiresAt()).Sub(inv.now()).Round(time.Minute)
		inv.Note("It works once, until %s (%s). "+use, inv.clock(answer.GetExpiresAt()), keyshift.DurationText(left), clean(user))
		inv.Note("Hand it over in person or by a channel that only %s reads: whoever has it first may use it.", clean(user))
		return nil
	})
}
