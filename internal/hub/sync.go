package hub

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// SyncRequest is what a device tells when it asks for news.
type SyncRequest struct {
	// Checkpoint is the newest that the device keeps, Countersignature its signature over it. Empty before the first.
	Checkpoint       string
	Countersignature []byte
	AgentVersion     string
	// RollbackKnown is the newest accepted rollback that the device knows of.
	RollbackKnown time.Time
	// ReminderCounts are how often the user was reminded lately.
	ReminderCounts []keyshift.ReminderCount
}

// News is everything that is valid for a device now. What is not in Leases is over.
type News struct {
	User     keyshift.User
	Leases   []LeaseView
	Removals []LeaseView
	Judgment Judgment
	// Hours are the user's work hours, Reminders how people are reminded.
	Hours     keyshift.WorkHours
	Reminders keyshift.Reminders
	// RollbackAccepted is when admins last accepted that the audit log goes back; zero if never. A device that did not know
	// of it gives up what it had witnessed, keeping it as evidence.
	RollbackAccepted time.Time
	// CountsTaken: the reminder counts of the request are kept.
	CountsTaken bool
	// For the browser companion: what changed, live leases, codes that the user is asked for, and codes that wait for the device.
	Browser        BrowserNews
	LeaseBrowser   []LeaseBrowser
	Relays         []RelayView
	RelaysAnswered []AnsweredRelay
}

// Sync answers a device with all that is valid, so that it needs no earlier message to have arrived. It writes nothing but
// the reminder counts of a device that has new ones: the contact is kept in memory and stored in batches.
func (h *Hub) Sync(ctx context.Context, call Call, req SyncRequest) (News, error) {
	r, err := h.Store.Read(ctx).ForSync(call.DeviceID, h.Now())
	if err != nil {
		return News{}, err
	}
	caller, err := h.Authorize(r, call)
	if err != nil {
		return News{}, err
	}
	judgment, err := h.witness(ctx, r, caller, req)
	if err != nil {
		return News{}, err
	}
	// The contact is when we heard of it. The time in the signature is the device's, and may lie earlier than when it began to
	// count its offline grace. A recorded request makes the contact look later, never the end earlier.
	h.presence.saw(Presence{
		DeviceID: caller.Device.ID, LastContact: h.Now(), AgentVersion: keyshift.CleanText(req.AgentVersion, 40),
		WitnessedSize: judgment.PresentedSize, WitnessNote: req.Checkpoint, WitnessSignature: req.Countersignature,
	})
	news := News{User: caller.User, Judgment: judgment, RollbackAccepted: h.rollbackAcceptedAt(), CountsTaken: h.takeReminderCounts(ctx, caller, req.ReminderCounts)}
	if news.Leases, err = h.liveLeases(r, caller); err != nil {
		return News{}, fmt.Errorf("read leases: %w", err)
	}
	if news.Removals, err = r.RemovalsToDo(caller.Device.ID, removalsAtOnce); err != nil {
		return News{}, fmt.Errorf("read removals: %w", err)
	}
	hours, err := r.WorkHoursFor(caller.User.ID)
	if err != nil {
		return News{}, err
	}
	news.Hours = hours.WorkHours
	if news.Reminders, err = r.Reminders(); err != nil {
		return News{}, err
	}
	return news, h.browserFor(r, caller, &news)
}

// removalsAtOnce bounds an answer. What a device has confirmed makes room for the next.
const removalsAtOnce = 500

func (h *Hub) liveLeases(r Reader, c Caller) ([]LeaseView, error) {
	all, err := r.LiveLeases(c.Device.ID)
	if err != nil || !c.User.Active || c.Device.State != keyshift.DeviceTrusted {
		return nil, err
	}
	live := all[:0]
	for _, l := range all {
		if l.LiveAt(h.Now()) {
			live = append(live, l)
		}
	}
	return live, nil
}

// witness holds what the device has seen of the audit log against ours.
func (h *Hub) witness(ctx context.Context, r Reader, c Caller, req SyncRequest) (Judgment, error) {
	if !h.countersigned(c.Device, req) {
		req.Checkpoint = ""
	}
	judgment, err := h.Tree.Judge(r, req.Checkpoint)
	if err != nil {
		return Judgment{}, fmt.Errorf("judge checkpoint: %w", err)
	}
	accepted := h.rollbackAcceptedAt().After(req.RollbackKnown)
	if judgment.Rollback && !accepted && !h.rollback.Load() {
		return judgment, h.meetRollback(ctx, c, judgment)
	}
	return judgment, nil
}

// countersigned reports whether the device stands for the checkpoint that it presents.
func (h *Hub) countersigned(d keyshift.Device, req SyncRequest) bool {
	public, _ := h.signing.Public().(ed25519.PublicKey)
	head, err := checkpoint.Open(req.Checkpoint, string(h.row.ID), public)
	if err != nil {
		return false
	}
	_, err = checkpoint.VerifyCountersignature(head, d.SigningKey, req.Countersignature)
	return err == nil
}

// Lendable is an account as the person at a device sees it.
type Lendable struct {
	Account keyshift.Account
	// Holder is who keeps it from being lent to others, nil when nobody does, and HeldUntil for how long at most.
	Holder    *LeaseView
	HeldUntil time.Time
	// Missing is what stands in the way of a check-out now.
	Missing []*keyshift.Error
}

// ListLendable lists the accounts for which the caller's user has a grant, with what every gate says, by id; with a
// handle, only those.
func (h *Hub) ListLendable(ctx context.Context, call Call, handle string, page Page) ([]Lendable, error) {
	r := h.Store.Read(ctx)
	caller, err := h.Authorize(r, call)
	if err != nil {
		return nil, err
	}
	accounts, err := r.GrantedAccounts(caller.User.ID, handle, keyshift.ID(page.After), page.limit())
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	list := make([]Lendable, 0, len(accounts))
	for _, account := range accounts {
		item, err := h.lendable(r, caller, account)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, nil
}

func (h *Hub) lendable(r Reader, c Caller, account keyshift.Account) (Lendable, error) {
	item := Lendable{Account: account}
	q := question{r: r, now: h.Now(), user: c.User, device: c.Device, account: account, treeFault: h.Tree.Fault(), clockFault: h.clockFault()}
	var err error
	if item.Missing, err = q.missing(); err != nil {
		return item, fmt.Errorf("ask gates: %w", err)
	}
	holder, err := r.Holder(account.ID, q.now)
	switch {
	case err == nil:
		item.Holder, item.HeldUntil = &holder, holder.HeldUntil(q.now)
	case !errors.Is(err, keyshift.ErrNotFound):
		return item, fmt.Errorf("read holder: %w", err)
	}
	return item, nil
}

// Watch gives a channel that is filled when the calling device should sync, and a function that ends the watch. The
// channel is closed when newer streams of the device took its place.
func (h *Hub) Watch(ctx context.Context, call Call) (news <-chan struct{}, end func(), err error) {
	stream := make(note, 1)
	device, err := h.Attach(ctx, call, stream)
	if err != nil {
		return nil, nil, err
	}
	return stream, func() { h.broker.Drop(device, stream) }, nil
}

// Attach lets a stream hear when the calling device should sync, until it is dropped from [Hub.Broker] under the id that
// it gives.
func (h *Hub) Attach(ctx context.Context, call Call, s Stream) (keyshift.ID, error) {
	caller, err := h.Authorize(h.Store.Read(ctx), call)
	if err != nil {
		return "", err
	}
	h.broker.Add(caller.Device.ID, s)
	return caller.Device.ID, nil
}
