package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type statusCmd struct{}

// Run shows how the hub fares.
func (c *statusCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		p, err := inv.login()
		if err != nil {
			return err
		}
		status, err := hubclient.Call(ctx, hub.Hub.GetStatus, &v1.GetStatusRequest{})
		if err != nil {
			return err
		}
		return inv.Message(status, func(w io.Writer) {
			cliout.Facts(w, [][2]string{
				{"Hub", status.GetHubName() + " at " + p.HubURL},
				{"Id", status.GetHubId()},
				{"Version", status.GetVersion()},
				{"State", stateText(status.GetState()) + clockText(status.GetClockOff().AsDuration())},
				{"Database", databaseText(status)},
				{"Credentials", "sealed under key version " + strconv.FormatInt(int64(status.GetKekVersion()), 10)},
				{"Live leases", strconv.FormatInt(status.GetLiveLeases(), 10)},
				{"Not confirmed", plural(status.GetUnconfirmedRemovals(), "ended lease") + " whose removal is not confirmed"},
				{"Devices", strconv.FormatInt(status.GetConnectedDevices(), 10) + " connected"},
				{"Audit log", plural(status.GetAuditSize(), "event")},
				{"Checkpoint", p.checkpointText(status.GetCheckpoint())},
			})
		})
	})
}

func databaseText(status *v1.GetStatusResponse) string {
	text := status.GetEngine() + ", schema version " + strconv.FormatInt(status.GetSchemaVersion(), 10)
	if status.GetStandbyAsync() {
		text += "; its standby follows asynchronously, so a fail-over may lose what was acknowledged: set synchronous_standby_names"
	}
	return text
}

func stateText(state string) string {
	switch state {
	case "serving":
		return "serving"
	case "rollback_detected":
		return "nothing is lent: devices have seen a newer audit log. Two users run " + Name + " accept-rollback"
	case "clock_suspect":
		return "nothing is lent: the hub's clock is wrong. Revoke still works; set the clocks of all hubs and of the database"
	case "storage_full":
		return "nothing is lent: the disk is full. Revoke still works; make room"
	}
	return state
}

// clockText says nothing of less than two seconds: questions take time, too.
func clockText(off time.Duration) string {
	if off.Abs() < 2*time.Second {
		return ""
	}
	direction := "ahead"
	if off < 0 {
		direction = "behind"
	}
	return ". Its clock is " + keyshift.DurationText(off.Abs()) + " " + direction
}

// checkpointText checks the hub's newest checkpoint with the key that came with the login code.
func (p profile) checkpointText(note string) string {
	if note == "" {
		return "none yet"
	}
	head, err := checkpoint.Open(note, p.HubID, p.HubKey)
	if err != nil {
		return "NOT signed by the hub that you logged in at: do not trust it, and tell who runs the hub"
	}
	return fmt.Sprintf("%s, root %s, signed by this hub", plural(head.Size, "event"), head.Root)
}

type acceptRollbackCmd struct{}

// Run accepts a rollback.
func (c *acceptRollbackCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Hub.AcceptRollback, &v1.AcceptRollbackRequest{})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			if n := answer.GetMissing(); n > 0 {
				fmt.Fprintf(w, "Recorded. Still needed before the hub lends again: %s.\n", moreUsers(n))
				return
			}
			fmt.Fprintln(w, "Recorded. The hub lends again.")
		})
	})
}

func moreUsers(n int32) string {
	if n == 1 {
		return "1 more user"
	}
	return strconv.Itoa(int(n)) + " more users"
}

type versionCmd struct{}

// Run shows the version of this program. It asks nobody.
func (c *versionCmd) Run(_ context.Context, inv *invocation) error {
	v := cliout.BuildOf(inv.Program.Version)
	return inv.Value(v, func(w io.Writer) {
		fmt.Fprintf(w, "%s %s (%s) %s/%s, %s\n", Name, v.Version, v.Commit, v.OS, v.Arch, v.Go)
	})
}
