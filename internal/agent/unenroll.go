package agent

import (
	"context"
	"errors"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Unenroll checks everything in, wipes it, lets the browsers that are there clean up, tells the hub that this device is no more, and deletes the device key.
// Without force it changes nothing while the hub cannot be told, and stops where the keyring refuses a wipe. With force
// it forgets the hub all the same; hubTold says whether the hub knows. Only a keyring that keeps the device key stops it
// then: try again when that is mended.
func (a *Agent) Unenroll(ctx context.Context, force bool) (hubTold bool, err error) {
	done, err := a.takeEnrollment(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	l, err := a.tied()
	if err != nil && force && a.damaged.Load() {
		return false, a.forgetDamaged(ctx)
	}
	if err != nil {
		return false, err
	}
	if err := a.SyncNow(ctx); err != nil && !force && !disowned(err) {
		return false, err
	}
	if err := a.checkInAll(ctx); err != nil && !force {
		return false, err
	}
	a.awaitBrowsers(ctx)
	hubTold, err = a.sayGoodbye(ctx)
	if err != nil && !force {
		return false, err
	}
	return hubTold, a.unlink(context.WithoutCancel(ctx), l)
}

// cleanLimit is how long browsers may take to clean up before the hub is forgotten.
const cleanLimit = 10 * time.Second

// awaitBrowsers waits for the browsers that are there to clean up after what was checked in, and tells the hub: later there is
// nobody to hear it. What a browser that is not there owes stays written down.
func (a *Agent) awaitBrowsers(ctx context.Context) {
	changes, cancel := a.Subscribe()
	defer cancel()
	late := time.NewTimer(cleanLimit)
	defer late.Stop()
	for a.sessions.cleaning() {
		select {
		case <-changes:
			continue
		case <-late.C:
		case <-ctx.Done():
		}
		break
	}
	if err := a.tellClosed(ctx); err != nil {
		a.log.Info("the hub does not hear of a closed session", "error", err)
	}
}

// forgetDamaged makes a computer whose device file cannot be read one that was never enrolled. The hub does not hear of it.
func (a *Agent) forgetDamaged(ctx context.Context) error {
	if err := a.checkInAll(ctx); err != nil {
		return err
	}
	if err := errors.Join(a.files.Remove(deviceFile), a.forgetHub(), a.sent.forget()); err != nil {
		return storageError(err)
	}
	a.damaged.Store(false)
	a.bell.ring()
	return nil
}

// disowned reports whether the hub knows this device no more: then there is nobody to tell.
func disowned(err error) bool { return keyshift.CodeOf(err) == keyshift.CodeDeviceNotTrusted }

// checkInAll ends and wipes everything, and gives the first wipe that did not succeed.
func (a *Agent) checkInAll(ctx context.Context) error {
	for _, rec := range a.journal.live() {
		a.end(rec.RequestID, keyshift.CauseCheckedIn)
	}
	var failed error
	for _, rec := range a.journal.all() {
		a.wiper.hurry(rec.RequestID)
		rec, done := a.settle(ctx, rec.RequestID)
		if !done && rec.WipeFailure != "" && failed == nil {
			failed = errWipeFailed(rec)
		}
	}
	return failed
}

func (a *Agent) sayGoodbye(ctx context.Context) (told bool, err error) {
	_, s, err := a.talk(ctx)
	if err != nil {
		return false, err
	}
	if len(a.outbox.read().Waiting) > 0 {
		_ = a.sendOut(ctx) // what does not go now is gone with the hub
	}
	err = hubclient.Retry(ctx, attempts, a.patience(), func() error {
		_, _, err := hubclient.Ask(ctx, s.hub.Unenroll, &v1.UnenrollRequest{RequestId: a.newID()})
		return err
	})
	err = a.heard(err)
	if disowned(err) {
		return true, nil
	}
	return err == nil, err
}

// unlink forgets the hub. The device file goes last, so that a refusal of the keyring can be answered by trying again.
func (a *Agent) unlink(ctx context.Context, l *link) error {
	a.syncing <- struct{}{} // a sync under way would write the names of a hub that is forgotten
	defer func() { <-a.syncing }()
	d := l.self()
	if err := a.cfg.Ring.Delete(ctx, d.ringKey()); err != nil {
		return ringError(err)
	}
	if err := a.files.Remove(deviceFile); err != nil {
		return storageError(err)
	}
	l.end()
	a.link.Store(nil)
	a.log.Info("unenrolled", "device_id", d.DeviceID)
	a.tellNobody()
	a.bell.ring()
	if err := errors.Join(a.forgetHub(), a.sent.forget()); err != nil {
		return storageError(err)
	}
	return nil
}

// tellNobody lets go of what could not be told: from now on it is only wiped.
func (a *Agent) tellNobody() {
	for _, rec := range a.journal.all() {
		a.wiper.hurry(rec.RequestID)
	}
	poke(a.wipeSoon)
}
