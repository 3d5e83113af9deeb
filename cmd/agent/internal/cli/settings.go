package cli

import (
	"context"
	"fmt"
	"io"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

type settingsCmd struct {
	Show settingsShowCmd `cmd:"" default:"1" help:"Show what you have chosen for this computer."`
	Set  settingsSetCmd  `cmd:"" help:"Choose; what is not named stays."`
}

type settingsShowCmd struct{}

func (cmd *settingsShowCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	res, err := client.Settings(ctx)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) { saySettings(w, res.GetSettings()) })
}

type settingsSetCmd struct {
	CheckInWhenIdle   string `placeholder:"DURATION" help:"Give everything back when nobody touched the computer for so long, like 15m, or never."`
	CheckInWhenLocked *bool  `negatable:"" help:"Give everything back when the screen is locked."`
}

func (cmd *settingsSetCmd) Run(ctx context.Context, inv *invocation) error {
	if cmd.CheckInWhenIdle == "" && cmd.CheckInWhenLocked == nil {
		return keyshift.Invalid(api.CodeUsage, "Nothing was chosen.", "Name --check-in-when-idle, --check-in-when-locked or --no-check-in-when-locked. `"+Name+" settings` shows what holds now.")
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	wanted, err := cmd.wanted(ctx, client)
	if err != nil {
		return err
	}
	res, err := client.SetSettings(ctx, wanted)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) { saySettings(w, res.GetSettings()) })
}

// wanted is what was chosen before, with what is named now.
func (cmd *settingsSetCmd) wanted(ctx context.Context, client *localclient.Client) (*v1.LocalSettings, error) {
	now, err := client.Settings(ctx)
	if err != nil {
		return nil, err
	}
	wanted := now.GetSettings()
	if cmd.CheckInWhenLocked != nil {
		wanted.CheckInWhenLocked = *cmd.CheckInWhenLocked
	}
	switch cmd.CheckInWhenIdle {
	case "":
	case "never":
		wanted.CheckInWhenIdle = nil
	default:
		after, err := parseLength(cmd.CheckInWhenIdle)
		if err != nil {
			return nil, err
		}
		wanted.CheckInWhenIdle = durationpb.New(after)
	}
	return wanted, nil
}

func saySettings(w io.Writer, s *v1.LocalSettings) {
	idle, locked := "never", "no"
	if d := s.GetCheckInWhenIdle().AsDuration(); d > 0 {
		idle = "after " + timeLeft(d)
	}
	if s.GetCheckInWhenLocked() {
		locked = "yes"
	}
	_, _ = fmt.Fprintf(w, "Check everything in when nobody touches the computer: %s.\nCheck everything in when the screen is locked: %s.\n", idle, locked)
}
