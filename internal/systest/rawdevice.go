package systest

import (
	"crypto/rand"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// RawDevice is an enrolled device without an agent: it asks the hub exactly what a test wants.
type RawDevice struct {
	*hubclient.Device
	ID   string
	Keys seal.Keys
	// Config made Device; a test changes it to ask in other ways.
	Config hubclient.DeviceConfig
}

// RawDevice enrolls a device for a user at a replica.
func (w *World) RawDevice(replica int, user string) *RawDevice {
	w.t.Helper()
	return w.RawDeviceOver(replica, user, w.client)
}

// RawDeviceOver enrolls a device that asks through a client of its own; nil is the real one.
func (w *World) RawDeviceOver(replica int, user string, client func(hubclient.Target) *http.Client) *RawDevice {
	w.t.Helper()
	keys, err := seal.DeriveKeys(seal.NewSeed())
	if err != nil {
		w.t.Fatalf("derive keys: %v", err)
	}
	target, code := Target(w.t, w.EnrollmentCode(replica, user))
	var seq atomic.Uint64
	d := &RawDevice{ID: string(keyshift.NewID(time.Now(), rand.Reader)), Keys: keys}
	d.Config = hubclient.DeviceConfig{Target: target, DeviceID: d.ID, Key: keys.Signing(), Clock: bootclock.System(), Sequence: func() (uint64, error) { return seq.Add(1), nil }}
	if client != nil {
		d.Config.HTTP = client(target)
	}
	enrolling := hubclient.NewDevice(d.Config)
	defer enrolling.Close()
	answer := Do(w.t, enrolling.Enroll, &v1.EnrollRequest{
		RequestId: hubclient.NewRequestID(), Code: code.SecretText(), DeviceId: d.ID, DeviceName: user, Os: "linux", SigningKey: keys.SigningPublic(), SealingKey: keys.SealingPublic(),
	})
	d.Config.Target.HubID = answer.GetHubId()
	d.Device = hubclient.NewDevice(d.Config)
	w.t.Cleanup(d.Device.Close)
	return d
}

// CheckOut asks for an account.
func (d *RawDevice) CheckOut(t testing.TB, account string, duration time.Duration) (*v1.CheckOutResponse, error) {
	answer, _, err := hubclient.Ask(t.Context(), d.Device.CheckOut, &v1.CheckOutRequest{
		RequestId: hubclient.NewRequestID(), AccountId: account, Reason: "post", Duration: durationpb.New(duration),
	})
	return answer, err
}

// Give checks a lease in, wiped and without a session.
func (d *RawDevice) Give(t testing.TB, lease string) {
	t.Helper()
	_, _, err := hubclient.Ask(t.Context(), d.Device.CheckIn, &v1.CheckInRequest{
		RequestId: hubclient.NewRequestID(), LeaseId: lease, Cause: string(keyshift.CauseCheckedIn), Receipt: &v1.Receipt{Step: v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED},
	})
	if err != nil {
		t.Fatalf("check in: %v", err)
	}
}
