package crash

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/systest"
)

// device is a device of its own user that writes what it asks into a history.
type device struct {
	*systest.RawDevice
	n    int
	user string
	way  *balancer
	// forgets is set while a lost answer makes the person give up; whoever does it clears it.
	forgets *atomic.Bool
	history *history
	// lease is the one that it knows to hold.
	lease string
}

// newDevice enrolls the device of a new user who may have the account.
func (c *company) newDevice(n int, user string, h *history, forgets *atomic.Bool) *device {
	c.t.Helper()
	way := c.balancer(&net.TCPAddr{IP: net.IPv4(127, 0, byte(1+n/200), byte(1+n%200))})
	return &device{RawDevice: c.RawDeviceOver(0, user, way.client), n: n, user: user, way: way, forgets: forgets, history: h}
}

// lead has the device ask a replica first from now on.
func (d *device) lead(replica int) {
	d.way.first.Store(int32(replica)) //nolint:gosec // three
	d.Close()
}

// tell asks until the hub answers, always for the same request, and notes the answer; gives none when the person gave up
// after an answer was lost.
func tell[Q, A any](t testing.TB, d *device, in asked, method func(context.Context, *Q) (*A, error), question *Q, note func(*A, *told)) (told, bool) {
	o := d.history.begin(d.n, in)
	deadline := time.Now().Add(patience)
	for {
		answer, _, err := hubclient.Ask(t.Context(), method, question)
		if !unsettled(err) {
			out := refusal(t, in, err)
			if err == nil && note != nil {
				note(answer, &out)
			}
			o.answered(out)
			return out, true
		}
		if in.mayBeForgotten() && keyshift.CodeOf(err) == keyshift.CodeHubUnreachable && d.forgets.CompareAndSwap(true, false) {
			o.lost()
			return told{}, false
		}
		if time.Now().After(deadline) || !hubclient.Wait(t.Context(), pause) {
			t.Errorf("%s of %s: %v", in.Act, in.User, err)
			o.lost()
			return told{}, false
		}
		d.way.first.Add(1)
	}
}

// mayBeForgotten reports whether the specification knows what follows when nobody hears the outcome.
func (in asked) mayBeForgotten() bool { return in.Act == checkOut || in.Act == giveBack && in.Wiped }

// refusal reads what a refused one is told.
func refusal(t testing.TB, in asked, err error) (out told) {
	var refused *keyshift.Error
	switch {
	case err == nil:
		return out
	case !errors.As(err, &refused):
		t.Errorf("%s of %s: %v, which is no refusal", in.Act, in.User, err)
		return told{Unknown: true}
	}
	out.Code, out.Holder = refused.Code, refused.Facts["holder"]
	if until, err := time.Parse(time.RFC3339, refused.Facts["until"]); err == nil {
		out.Until = until.Unix()
	}
	return out
}

func (d *device) ask(a act) asked { return asked{Act: a, User: d.user, Lease: d.lease} }

// checkOut asks for the account. It reports whether the device has it now.
func (d *device) checkOut(t testing.TB, account string) (out told, known bool) {
	question := &v1.CheckOutRequest{RequestId: hubclient.NewRequestID(), AccountId: account, Reason: "post", Duration: durationpb.New(lent)}
	out, known = tell(t, d, asked{Act: checkOut, User: d.user}, d.Device.CheckOut, question, func(a *v1.CheckOutResponse, out *told) {
		l := a.GetLease()
		out.Lease, out.Start, out.ActivateBy, out.Ends = l.GetId(), l.GetStartedAt().AsTime().UnixMicro(), l.GetActivateBy().AsTime().UnixMicro(), l.GetEndsAt().AsTime().UnixMicro()
	})
	if out.Lease != "" {
		d.lease = out.Lease
	}
	return out, known
}

func (d *device) activate(t testing.TB) told {
	out, _ := tell(t, d, d.ask(activate), d.Device.Activate, &v1.ActivateRequest{RequestId: hubclient.NewRequestID(), LeaseId: d.lease}, nil)
	return out
}

func (d *device) renew(t testing.TB, by time.Duration) {
	in := d.ask(renew)
	in.By = by
	question := &v1.RenewRequest{RequestId: hubclient.NewRequestID(), LeaseId: d.lease, Duration: durationpb.New(by)}
	tell(t, d, in, d.Device.Renew, question, func(a *v1.RenewResponse, out *told) {
		out.Lease, out.Ends = a.GetLease().GetId(), a.GetLease().GetEndsAt().AsTime().UnixMicro()
	})
}

// checkIn gives the account back; wiped or, as a device that is not done yet does, not.
func (d *device) checkIn(t testing.TB, wiped bool) {
	in := d.ask(giveBack)
	in.Wiped = wiped
	tell(t, d, in, d.Device.CheckIn, &v1.CheckInRequest{
		RequestId: hubclient.NewRequestID(), LeaseId: d.lease, Cause: string(keyshift.CauseCheckedIn), Receipt: d.receipt(wiped),
	}, nil)
}

// report tells how far the wipe is.
func (d *device) report(t testing.TB, wiped bool) {
	in := d.ask(giveBack)
	in.Wiped = wiped
	tell(t, d, in, d.Device.Report, &v1.ReportRequest{RequestId: hubclient.NewRequestID(), Receipts: []*v1.Receipt{d.receipt(wiped)}}, nil)
}

func (d *device) receipt(wiped bool) *v1.Receipt {
	step := v1.RemovalStep_REMOVAL_STEP_DELIVERED
	if wiped {
		step = v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED
	}
	return &v1.Receipt{LeaseId: d.lease, Step: step}
}

// look asks which leases the device has.
func (d *device) look(t testing.TB) {
	tell(t, d, asked{Act: look, User: d.user}, d.Device.Sync, &v1.SyncRequest{}, func(a *v1.SyncResponse, out *told) {
		for _, l := range a.GetLeases() {
			out.Leases = append(out.Leases, l.GetId())
		}
	})
}
