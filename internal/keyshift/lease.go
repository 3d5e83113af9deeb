package keyshift

import "time"

// LeaseState is where a lease stands.
type LeaseState string

// The states of a lease. Pending and active are live; the others are ends and final.
const (
	// LeasePending: committed, but the device has not confirmed that it stored the credential.
	LeasePending LeaseState = "pending"
	LeaseActive  LeaseState = "active"
	// LeaseCheckedIn: given back by the device.
	LeaseCheckedIn LeaseState = "checked_in"
	// LeaseExpired: ended by time, also when it was never activated or its device was offline too long.
	LeaseExpired LeaseState = "expired"
	// LeaseRevoked: ended by an admin.
	LeaseRevoked LeaseState = "revoked"
)

// Live reports whether the state is not an end.
func (s LeaseState) Live() bool { return s == LeasePending || s == LeaseActive }

// Fixed times of every lease.
const (
	// ActivateWithin is how long a device has to confirm a pending lease.
	ActivateWithin = 60 * time.Second
	// ReissueMargin is how long after the latest possible end an exclusive account stays taken when nobody confirmed
	// the wipe. It covers clock differences and contacts that were not yet recorded.
	ReissueMargin = 120 * time.Second
	// StaleAfter is how long after the last contact with the hub a device stops filling and showing.
	StaleAfter = 5 * time.Minute
	// SyncEvery is how often a device that holds something asks for news without being told: a lost push heals within this
	// time. One that holds nothing asks less often.
	SyncEvery = 30 * time.Second
)

// Lease is the time-bound right of one user on one device to use one account.
type Lease struct {
	ID           ID
	AccountID    ID
	UserID       ID
	DeviceID     ID
	Reason       string
	State        LeaseState
	Exclusive    bool
	OfflineGrace time.Duration
	// Epoch grows with every change, so that an older copy is recognized.
	Epoch      int64
	StartedAt  time.Time
	ActivateBy time.Time
	EndsAt     time.Time
	// EndedAt is zero while the lease is live.
	EndedAt   time.Time
	EndReason string
	// FreeAt is when an exclusive account may be lent again at the latest.
	FreeAt  time.Time
	Removal Removal
}

// NewLease gives a pending lease that starts now.
func NewLease(id ID, a Account, u User, d Device, reason string, duration time.Duration, now time.Time) Lease {
	ends := now.Add(duration)
	return Lease{
		ID: id, AccountID: a.ID, UserID: u.ID, DeviceID: d.ID, Reason: reason, State: LeasePending, Exclusive: a.Exclusive,
		OfflineGrace: a.OfflineGrace, Epoch: 1, StartedAt: now, ActivateBy: now.Add(ActivateWithin), EndsAt: ends, FreeAt: ends.Add(ReissueMargin),
	}
}

// LiveAt reports whether the lease is live at a moment, also when nobody has yet written down that it expired.
func (l Lease) LiveAt(now time.Time) bool {
	return l.State == LeaseActive && now.Before(l.EndsAt) || l.State == LeasePending && now.Before(l.ActivateBy)
}

// OverAt is when a lease that has not ended yet is over if it ends now: its time may have been over before.
func (l Lease) OverAt(now time.Time) time.Time {
	by := l.EndsAt
	if l.State == LeasePending {
		by = l.ActivateBy
	}
	if by.Before(now) {
		return by
	}
	return now
}

// HeldUntil is when an account that this lease keeps from others at now is free at the latest. Who holds it may give it
// back before.
func (l Lease) HeldUntil(now time.Time) time.Time {
	switch {
	case l.LiveAt(now):
		return l.EndsAt
	case l.State.Live():
		return l.OverAt(now).Add(ReissueMargin)
	}
	return l.FreeAt
}

// HoldsAt reports whether the lease keeps an exclusive account from others at a moment: until its device wiped the secret,
// or the account is free at the latest.
func (l Lease) HoldsAt(now time.Time) bool {
	return l.Removal.Step < RemovalSecretWiped && now.Before(l.HeldUntil(now))
}

// RenewedEnd gives the end after a renewal by duration, counted from now. A renewal never shortens a lease and never
// carries it past [MaxLeaseLength] from its start.
func (l Lease) RenewedEnd(duration time.Duration, now time.Time) (time.Time, error) {
	if !l.LiveAt(now) || l.State != LeaseActive {
		return time.Time{}, ErrLeaseOver
	}
	end, last := now.Add(duration), l.StartedAt.Add(MaxLeaseLength)
	if end.After(last) {
		end = last
	}
	if !end.After(l.EndsAt) {
		return time.Time{}, Invalid(CodeDurationInvalid, "That would not prolong the lease: it lasts until "+ClockText(l.EndsAt, now)+" already.",
			"Ask for a longer duration, or check in and out again.").With("ends_at", l.EndsAt.UTC().Format(time.RFC3339))
	}
	return end, nil
}

// ErrLeaseOver refuses what needs a live lease.
var ErrLeaseOver = &Error{Code: CodeLeaseOver, Text: "The lease is over.", Hint: "Check the account out again."}

// EndsBy is the moment at which an unmodified agent has stopped by itself at the latest: the end of the lease, or the
// offline grace (at least [KeptGrace]) after its last contact, whichever is first. A zero lastContact counts as contact at
// the start.
func (l Lease) EndsBy(lastContact time.Time) time.Time {
	if lastContact.Before(l.StartedAt) {
		lastContact = l.StartedAt
	}
	if offline := lastContact.Add(max(l.OfflineGrace, KeptGrace)); offline.Before(l.EndsAt) {
		return offline
	}
	return l.EndsAt
}

// EndCause is why an agent ended its own lease.
type EndCause string

// The causes. Each ends the lease as [EndCause.State] says.
const (
	CauseCheckedIn      EndCause = "checked in"
	CauseExpired        EndCause = "expired"
	CauseOffline        EndCause = "offline too long"
	CauseAgentRestarted EndCause = "agent restarted"
	CauseNotStored      EndCause = "not stored"
	CauseTampered       EndCause = "stored copy was changed"
	// Nobody was at the computer, and its user wants to give everything back then.
	CauseIdle   EndCause = "nobody touched the computer"
	CauseLocked EndCause = "the screen was locked"
)

// State is the state in which a lease ended by the cause stays; "" for an unknown cause.
func (c EndCause) State() LeaseState {
	switch c {
	case CauseCheckedIn, CauseAgentRestarted, CauseNotStored, CauseTampered, CauseIdle, CauseLocked:
		return LeaseCheckedIn
	case CauseExpired, CauseOffline:
		return LeaseExpired
	}
	return ""
}
