package keyshift

import "time"

// RemovalStep is how far the removal of an ended lease from its device has come, as far as the device signed it. Steps
// only grow.
type RemovalStep int

// The steps.
const (
	// RemovalNone: the lease is live.
	RemovalNone RemovalStep = iota
	// RemovalRequested: the end is committed at the hub.
	RemovalRequested
	// RemovalDelivered: the device knows.
	RemovalDelivered
	// RemovalSecretWiped: the key file is gone and the keyring item verified absent.
	RemovalSecretWiped
	// RemovalSessionClosed: the browser confirmed its end, or no session was opened. Only this is "Access removed".
	RemovalSessionClosed
)

// Rotation says whether the password at the network has to be changed after a lease.
type Rotation string

// The states of a rotation.
const (
	RotationNone Rotation = "none"
	RotationDue  Rotation = "due"
	RotationDone Rotation = "done"
)

// UnconfirmedAfter is how long after the latest possible end a removal may stay unconfirmed before rotation is due.
const UnconfirmedAfter = 10 * time.Minute

// Removal tells what happened to the copy on the device after the end of a lease. The zero value belongs to a live
// lease.
type Removal struct {
	Step        RemovalStep
	RequestedAt time.Time
	DeliveredAt time.Time
	WipedAt     time.Time
	ClosedAt    time.Time
	// WipeFailure is the device's word on why it could not remove the secret; "" if it did not say so.
	WipeFailure string
	// SessionUnconfirmed: the secret was shown or a session opened, and nobody confirmed its end.
	SessionUnconfirmed bool
	// BrowserPending: the device says that its browser has yet to clean up, at its next start if it was closed. Only the end of the
	// session takes that back. It implies SessionUnconfirmed.
	BrowserPending bool
	Rotation       Rotation
}

// Done reports whether access is removed.
func (r Removal) Done() bool { return r.Step == RemovalSessionClosed }

// Receipt is what a device says of one removal.
type Receipt struct {
	LeaseID            ID
	Step               RemovalStep
	WipeFailure        string
	SessionUnconfirmed bool
	BrowserPending     bool
	// SignOut is how signing out at the network went, one of [SignOuts]; empty if nothing was said.
	SignOut string
}

// Apply adds a receipt. Receipts may come late, twice and out of order: steps never go back, and a wipe that succeeded
// clears an earlier failure. It reports whether anything changed.
func (r Removal) Apply(rc Receipt, now time.Time) (Removal, bool) {
	before := r
	if rc.WipeFailure != "" && r.Step < RemovalSecretWiped {
		r.WipeFailure = CleanText(rc.WipeFailure, 200)
	}
	if r.Step < RemovalSessionClosed {
		r.BrowserPending = r.BrowserPending || rc.BrowserPending
		r.SessionUnconfirmed = r.SessionUnconfirmed || rc.SessionUnconfirmed || rc.BrowserPending
	}
	if rc.Step > r.Step && rc.Step <= RemovalSessionClosed {
		r.Step = rc.Step
	}
	r.stamp(now)
	return r, r != before
}

// IsNewsAfter reports whether something happened since before that the audit log has to hold. Other words for the same
// failure are not news.
func (r Removal) IsNewsAfter(before Removal) bool {
	return r.Step != before.Step || r.SessionUnconfirmed != before.SessionUnconfirmed || r.BrowserPending != before.BrowserPending || (r.WipeFailure == "") != (before.WipeFailure == "")
}

func (r *Removal) stamp(now time.Time) {
	mark := func(step RemovalStep, at *time.Time) {
		if r.Step >= step && at.IsZero() {
			*at = now
		}
	}
	mark(RemovalRequested, &r.RequestedAt)
	mark(RemovalDelivered, &r.DeliveredAt)
	mark(RemovalSecretWiped, &r.WipedAt)
	mark(RemovalSessionClosed, &r.ClosedAt)
	if r.Step >= RemovalSecretWiped {
		r.WipeFailure = ""
	}
	if r.Step == RemovalSessionClosed {
		r.SessionUnconfirmed, r.BrowserPending = false, false
	}
}

// RemovalText says in one sentence how the removal stands. It is always computed from the facts, so that nobody can type
// "removed" where it is not.
func (l Lease) RemovalText(lastContact, now time.Time) string {
	r := l.Removal
	by := l.EndsBy(lastContact)
	switch {
	case r.Step == RemovalNone:
		return ""
	case r.Done():
		return "Access removed"
	case r.WipeFailure != "":
		return "Not removed: " + r.WipeFailure + rotateAdvice(r)
	case r.Step == RemovalSecretWiped && r.BrowserPending:
		return "Secret wiped; the browser cleans up when it is started next" + rotateAdvice(r)
	case r.Step == RemovalSecretWiped:
		return "Secret wiped; the end of the browser session is not confirmed" + rotateAdvice(r)
	case r.Step == RemovalDelivered:
		return "The device knows; the wipe is not confirmed yet" + rotateAdvice(r)
	case now.After(by):
		return "Not confirmed, ended at " + ClockText(by, now) + " at the latest" + rotateAdvice(r)
	}
	return "Ends by " + ClockText(by, now) + " at the latest: " + contactText(lastContact, now) + ", offline limit " + DurationText(l.OfflineGrace)
}

func contactText(lastContact, now time.Time) string {
	if lastContact.IsZero() {
		return "no contact yet"
	}
	return "last contact " + ClockText(lastContact, now)
}

func rotateAdvice(r Removal) string {
	if r.Rotation == RotationDue {
		return " – change the password at the network"
	}
	return ""
}

// String is the step's name in the audit log and in messages for programs.
func (s RemovalStep) String() string {
	names := [...]string{"none", "requested", "delivered", "secret_wiped", "session_closed"}
	if s < 0 || int(s) >= len(names) {
		return "unknown"
	}
	return names[s]
}
