package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// Enroll makes this computer known to the hub that the code names. While it is enrolled, the hub's address and key
// cannot be changed: an enrolled computer refuses every code. When it fails, nothing is left, and the code is not used
// up by what this computer itself lacks. An empty device name means the computer's name.
func (a *Agent) Enroll(ctx context.Context, code, deviceName string) (*v1.LocalServiceEnrollResponse, error) {
	done, err := a.takeEnrollment(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := a.mayEnroll(); err != nil {
		return nil, err
	}
	invitation, err := readCode(code)
	if err != nil {
		return nil, err
	}
	name, err := deviceTitle(deviceName)
	if err != nil {
		return nil, err
	}
	if err := probe(ctx, a.cfg.Ring); err != nil {
		return nil, ringError(err)
	}
	return a.enroll(ctx, invitation, name)
}

// mayEnroll refuses a computer that has a hub.
func (a *Agent) mayEnroll() error {
	switch {
	case a.link.Load() != nil:
		return errAlreadyEnrolled
	case a.damaged.Load():
		return errDamaged
	}
	return nil
}

func readCode(code string) (keyshift.Invitation, error) {
	invitation, err := keyshift.ParseInvitation(code)
	if err == nil && invitation.Kind != keyshift.EnrollmentCode {
		err = errWrongKind
	}
	return invitation, err
}

var errWrongKind = keyshift.Invalid(keyshift.CodeCodeInvalid, "This is not an enrollment code, but one for logging in to the hub.",
	"Use it with keyshift-hub login, or ask your admin for an enrollment code.")

func (a *Agent) takeEnrollment(ctx context.Context) (done func(), err error) {
	select {
	case a.enrolling <- struct{}{}:
		return func() { <-a.enrolling }, nil
	case <-ctx.Done():
		return nil, givenUp(ctx.Err())
	}
}

func deviceTitle(name string) (string, error) {
	if name == "" {
		name, _ = os.Hostname() // a computer without a name gets one below
		name = keyshift.CleanText(name, 60)
	}
	if name == "" {
		name = "computer"
	}
	return keyshift.ValidateTitle("device name", name)
}

// probe stores, reads and deletes something, to know that the keyring works before anything depends on it.
func probe(ctx context.Context, ring Ring) error {
	const key = "probe"
	value := seal.NewSeed()
	if err := ring.Set(ctx, key, value); err != nil {
		return errors.Join(err, ring.Delete(ctx, key))
	}
	got, err := ring.Get(ctx, key)
	if err == nil && !bytes.Equal(got, value) {
		err = osring.ErrNotStored
	}
	return errors.Join(err, ring.Delete(ctx, key))
}

func (a *Agent) enroll(ctx context.Context, invitation keyshift.Invitation, name string) (*v1.LocalServiceEnrollResponse, error) {
	seed := seal.NewSeed()
	defer seal.Wipe(seed)
	keys, err := seal.DeriveKeys(seed)
	if err != nil {
		return nil, err
	}
	d := device{HubURL: invitation.HubURL, HubKey: invitation.HubKey, TLSPin: invitation.TLSPin, DeviceID: a.newID(), DeviceName: name}
	if err := a.forgetHub(); err != nil { // what a removed state file left
		return nil, storageError(err)
	}
	hub := a.newHub(d, keys)
	defer hub.Close()
	answer, err := a.askToEnroll(ctx, hub, d, keys, invitation.SecretText())
	if err != nil {
		return nil, err
	}
	d.HubID, d.HubName, d.User = answer.GetHubId(), answer.GetHubName(), answer.GetUser()
	if answer.GetDeviceId() != d.DeviceID || !d.valid() {
		return nil, errStrangeAnswer
	}
	// The code is used up: from here on the computer is enrolled or taken back, whether or not somebody still waits.
	ctx = context.WithoutCancel(ctx)
	if err := a.keepDevice(ctx, d, seed); err != nil {
		a.takeBack(ctx, d, keys)
		return nil, err
	}
	a.link.Store(newLink(d, openWitness(a.files, d), a.openLine))
	a.log.Info("enrolled", "hub_id", d.HubID, "device_id", d.DeviceID)
	poke(a.relinked)
	a.bell.ring()
	return &v1.LocalServiceEnrollResponse{HubName: d.HubName, User: d.User, DeviceId: d.DeviceID}, nil
}

func (a *Agent) askToEnroll(ctx context.Context, hub *hubclient.Device, d device, keys seal.Keys, code string) (answer *v1.EnrollResponse, err error) {
	request := a.newID()
	err = hubclient.Retry(ctx, attempts, a.patience(), func() error {
		var contact hubclient.Contact
		answer, contact, err = hubclient.Ask(ctx, hub.Enroll, &v1.EnrollRequest{
			RequestId: request, Code: code, DeviceId: d.DeviceID, DeviceName: d.DeviceName, Os: runtime.GOOS, AgentVersion: a.cfg.Version,
			SigningKey: keys.SigningPublic(), SealingKey: keys.SealingPublic(),
		})
		if err == nil {
			a.times.meet(contact) // a new device holds nothing, so that is all there is to say of leases
		}
		return err
	})
	return answer, err
}

// keepDevice stores the seed, reads it back, and writes the device file last: only that makes the computer enrolled.
func (a *Agent) keepDevice(ctx context.Context, d device, seed []byte) error {
	if err := a.cfg.Ring.Set(ctx, d.ringKey(), seed); err != nil {
		return ringError(err)
	}
	got, err := a.cfg.Ring.Get(ctx, d.ringKey())
	defer seal.Wipe(got)
	if err == nil && !bytes.Equal(got, seed) {
		err = osring.ErrNotStored
	}
	if err != nil {
		return ringError(err)
	}
	if err := a.times.keep(); err != nil {
		return storageError(err)
	}
	return writeDevice(a.files, d)
}

// takeBack undoes an enrollment that could not be kept.
func (a *Agent) takeBack(ctx context.Context, d device, keys seal.Keys) {
	hub := a.newHub(d, keys)
	defer hub.Close()
	_, _, err := hubclient.Ask(ctx, hub.Unenroll, &v1.UnenrollRequest{RequestId: a.newID()})
	err = errors.Join(err, a.cfg.Ring.Delete(ctx, d.ringKey()), a.files.Remove(deviceFile), a.forgetHub(), a.sent.forget())
	if err != nil {
		a.log.Error("undo enrollment", "error", err)
	}
}

// forgetHub removes what belongs to one hub besides the device file.
func (a *Agent) forgetHub() error {
	err := errors.Join(a.times.forget(), a.sequence.forget(), a.callers.forget(), a.reminders.forget(), a.outbox.forget(), a.packs.Forget(), a.files.Remove(witnessFile))
	a.companion.take(&v1.SyncResponse{})
	a.relays.forget()
	a.problems.clear()
	a.online.Store(false)
	if err != nil {
		return fmt.Errorf("forget hub: %w", err)
	}
	return nil
}
