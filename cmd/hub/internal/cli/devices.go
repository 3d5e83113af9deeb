package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type devicesCmd struct {
	List  devicesListCmd  `cmd:"" default:"1" help:"List all devices."`
	Trust devicesTrustCmd `cmd:"" help:"Trust a device again."`
	Block devicesBlockCmd `cmd:"" help:"Block a device, and revoke its leases."`
	Lost  devicesLostCmd  `cmd:"" help:"Declare a device lost: revoke its leases and make rotation due."`
}

type devicesListCmd struct{}

// Run lists devices.
func (c *devicesListCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		devices, _, err := collect(hub.EachDevice(ctx), 0)
		if err != nil {
			return err
		}
		return inv.Message(&v1.ListDevicesResponse{Devices: devices}, func(w io.Writer) {
			if len(devices) == 0 {
				fmt.Fprintf(w, "No device is enrolled yet. Make a code for one: %s codes enroll USER\n", Name)
				return
			}
			rows := [][]string{{"NAME", "USER", "STATE", "LAST CONTACT", "SYSTEM", "AGENT", "DEVICE"}}
			for _, d := range devices {
				rows = append(rows, []string{d.GetName(), d.GetUser(), deviceText(d), inv.clock(d.GetLastContact()), d.GetOs(), d.GetAgentVersion(), d.GetId()})
			}
			cliout.Table(w, rows)
		})
	})
}

func deviceText(d *v1.Device) string {
	if d.GetFlagged() {
		return word(d.GetState()) + ", bad signatures"
	}
	return word(d.GetState())
}

// deviceArg names a device.
type deviceArg struct {
	Device string `arg:"" help:"The device's id, or its name if no other has it."`
	Reason string `placeholder:"TEXT" help:"Why, for the audit log."`
}

type (
	devicesTrustCmd struct{ deviceArg }
	devicesBlockCmd struct{ deviceArg }
	devicesLostCmd  struct{ deviceArg }
)

// Run trusts a device.
func (c *devicesTrustCmd) Run(ctx context.Context, inv *invocation) error {
	return c.set(ctx, inv, v1.DeviceState_DEVICE_STATE_TRUSTED)
}

// Run blocks a device.
func (c *devicesBlockCmd) Run(ctx context.Context, inv *invocation) error {
	return c.set(ctx, inv, v1.DeviceState_DEVICE_STATE_BLOCKED)
}

// Run declares a device lost.
func (c *devicesLostCmd) Run(ctx context.Context, inv *invocation) error {
	return c.set(ctx, inv, v1.DeviceState_DEVICE_STATE_LOST)
}

func (a deviceArg) set(ctx context.Context, inv *invocation, state v1.DeviceState) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		id, err := findDevice(ctx, hub, a.Device)
		if err != nil {
			return err
		}
		answer, err := hubclient.Call(ctx, hub.Devices.SetDeviceState, &v1.SetDeviceStateRequest{DeviceId: id, State: state, Reason: a.Reason})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			d := answer.GetDevice()
			fmt.Fprintf(w, "The device %s of %s is %s", clean(d.GetName()), clean(d.GetUser()), word(d.GetState()))
			if state != v1.DeviceState_DEVICE_STATE_TRUSTED {
				fmt.Fprintf(w, "; %s", revokedText(answer.GetLeasesRevoked()))
			}
			fmt.Fprintln(w, ".")
			if state == v1.DeviceState_DEVICE_STATE_LOST && answer.GetLeasesRevoked() > 0 {
				fmt.Fprintf(w, "Change the passwords of the accounts it held at their networks: %s accounts list shows where rotation is due.\n", Name)
			}
			followHint(w, answer.GetLeasesRevoked())
		})
	})
}

// findDevice gives the id of a device that is named.
func findDevice(ctx context.Context, hub *hubclient.Admin, name string) (string, error) {
	if keyshift.ID(name).Valid() {
		return name, nil
	}
	var found []*v1.Device
	for d, err := range hub.EachDevice(ctx) {
		if err != nil {
			return "", err
		}
		if d.GetName() == name && d.GetState() != v1.DeviceState_DEVICE_STATE_UNENROLLED {
			found = append(found, d)
		}
	}
	switch len(found) {
	case 0:
		return "", keyshift.NotFound("device", name)
	case 1:
		return found[0].GetId(), nil
	}
	return "", keyshift.Invalid(api.CodeUsage, plural(int64(len(found)), "device")+" have the name “"+clean(name)+"”.", "Give the id: “"+Name+" devices list” shows it.")
}
