package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type revokeCmd struct {
	Lease   string `placeholder:"ID" xor:"target" help:"This lease."`
	Account string `placeholder:"ACCOUNT" xor:"target" help:"All leases of this account, like x/acme."`
	User    string `placeholder:"NAME" xor:"target" help:"All leases of this user."`
	Device  string `placeholder:"DEVICE" xor:"target" help:"All leases on this device, by its id or name."`
	Group   string `placeholder:"NAME" xor:"target" help:"All leases of this group's members."`
	All     bool   `xor:"target" help:"Every lease there is."`
	Reason  string `required:"" placeholder:"TEXT" help:"Why: the people who lose access read it, and it goes into the audit log."`
	Wait    string `placeholder:"DURATION" help:"Follow the removal for so long at most, like 2m. Without it: until all access is removed."`
	NoWait  bool   `help:"Do not follow the removal."`
	Yes     bool   `help:"Do not ask before --all."`
}

// Help says what is followed.
func (*revokeCmd) Help() string {
	return "The leases end at the hub at once. Then this command follows the devices until each has signed that the secret is gone and the browser's session is closed: “Access removed”. Ctrl-C stops following only; the revocation stands."
}

// Run revokes, and follows.
func (c *revokeCmd) Run(ctx context.Context, inv *invocation) error {
	follow, err := c.follower(inv)
	if err != nil {
		return err
	}
	hub, err := inv.hub()
	if err != nil {
		return err
	}
	defer hub.Close()
	request, err := c.request(ctx, hub)
	if err != nil {
		return err
	}
	if c.All {
		if err := inv.confirm(ctx, c.Yes, "Revoke every lease of everybody?"); err != nil {
			return err
		}
	}
	answer, err := hubclient.Call(ctx, hub.Leases.Revoke, request)
	if err != nil {
		return err
	}
	follow.hub, follow.revocation = hub, answer
	return follow.run(ctx)
}

func (c *revokeCmd) follower(inv *invocation) (*follower, error) {
	f := &follower{inv: inv, look: !c.NoWait}
	if c.Wait == "" {
		return f, nil
	}
	if c.NoWait {
		return nil, keyshift.Invalid(api.CodeUsage, "--wait and --no-wait contradict each other.", "Leave one out.")
	}
	var err error
	f.within, err = patience.parse(c.Wait)
	f.look = f.within > 0
	return f, err
}

func (c *revokeCmd) request(ctx context.Context, hub *hubclient.Admin) (*v1.RevokeRequest, error) {
	r := &v1.RevokeRequest{Reason: c.Reason}
	switch {
	case c.Lease != "":
		r.Target = &v1.RevokeRequest_LeaseId{LeaseId: c.Lease}
	case c.Account != "":
		r.Target = &v1.RevokeRequest_Account{Account: c.Account}
	case c.User != "":
		r.Target = &v1.RevokeRequest_User{User: c.User}
	case c.Group != "":
		r.Target = &v1.RevokeRequest_Group{Group: c.Group}
	case c.All:
		r.Target = &v1.RevokeRequest_All{All: true}
	case c.Device != "":
		id, err := findDevice(ctx, hub, c.Device)
		r.Target = &v1.RevokeRequest_DeviceId{DeviceId: id}
		return r, err
	default:
		return nil, keyshift.Invalid(api.CodeUsage, "Nothing is named that should be revoked.", "Add --lease, --account, --user, --device, --group or --all.")
	}
	return r, nil
}

// revoked is the answer for programs: both messages of the API.
type revoked struct {
	Revocation json.RawMessage `json:"revocation"`
	Leases     json.RawMessage `json:"leases,omitempty"`
}

// answer ends a revocation. The leases are nil if it was not followed.
func (f *follower) answer(leases []*v1.Lease, words func(w io.Writer)) error {
	if !f.inv.JSON {
		return f.inv.Words(words)
	}
	revocation, err := cliout.Encode(f.revocation)
	if err != nil {
		return err
	}
	if leases == nil {
		return f.inv.Value(revoked{Revocation: revocation}, nil)
	}
	list, err := cliout.Encode(&v1.ListLeasesResponse{Leases: leases})
	if err != nil {
		return err
	}
	var message struct{ Leases json.RawMessage }
	if err := json.Unmarshal(list, &message); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return f.inv.Value(revoked{revocation, message.Leases}, nil)
}

// with adds what a program needs to go on after an error.
func (f *follower) with(e *keyshift.Error, open int) error {
	return e.With("revocation_id", f.revocation.GetRevocationId()).With("leases_revoked", strconv.FormatInt(f.revocation.GetLeasesRevoked(), 10)).
		With("not_removed", strconv.Itoa(open))
}
