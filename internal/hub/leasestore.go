package hub

import (
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// LeaseView is a lease with what people want to see beside it.
type LeaseView struct {
	keyshift.Lease
	Account     keyshift.Account
	UserName    string // as commands take it
	UserShown   string // as people know the user
	DeviceName  string
	LastContact time.Time
}

// LeaseFilter chooses leases for a list, newest first, before the given id.
type LeaseFilter struct {
	Before keyshift.ID
	Limit  int
	// Open leaves out leases whose removal is done.
	Open       bool
	Revocation keyshift.ID
}

// LeaseReader reads leases.
type LeaseReader interface {
	Lease(id keyshift.ID) (keyshift.Lease, error)
	LeaseView(id keyshift.ID) (LeaseView, error)
	// LeaseDevice gives the device of a lease.
	LeaseDevice(id keyshift.ID) (keyshift.ID, error)
	Leases(LeaseFilter) ([]LeaseView, error)
	// LiveLeases gives a device's leases in a live state, RemovalsOpen its ended ones whose removal is not done.
	LiveLeases(device keyshift.ID) ([]LeaseView, error)
	RemovalsOpen(device keyshift.ID) ([]LeaseView, error)
	// RemovalsToDo gives those of them that the device has not said to be wiped, the oldest first. The others may stay open
	// for ever, because nobody confirms the end of their sessions.
	RemovalsToDo(device keyshift.ID, limit int) ([]LeaseView, error)
	// Holder gives the lease that keeps an account from being lent to another at now: a live one, or, on an exclusive
	// account, an ended one that is neither wiped nor past its FreeAt. ErrNotFound when it is free.
	Holder(account keyshift.ID, now time.Time) (LeaseView, error)
	// HeldAt gives the leases that held an account at a moment. It is one look into one index.
	HeldAt(account keyshift.ID, at time.Time) ([]LeaseView, error)
	// RevokedDevices gives the devices that a revocation (or another set-based end) touched.
	RevokedDevices(batch keyshift.ID) ([]keyshift.ID, error)
	// NextDue gives the earliest moment at which a live lease ends by time; zero when none is live.
	NextDue() (time.Time, error)
}

// Target names the leases that a revocation ends.
type Target struct {
	Kind TargetKind
	// ID is the lease, account, user, device or group; for TargetUncovered the account. Empty for TargetAll.
	ID keyshift.ID
}

// TargetKind is a kind of target.
type TargetKind string

// The kinds of targets.
const (
	TargetLease   TargetKind = "lease"
	TargetAccount TargetKind = "account"
	TargetUser    TargetKind = "user"
	TargetDevice  TargetKind = "device"
	TargetGroup   TargetKind = "group"
	TargetAll     TargetKind = "all"
	// TargetUncovered: live leases (of one account, or with an empty id of all) whose user has no grant on the account any more.
	TargetUncovered TargetKind = "uncovered"
)

// Ending describes a set-based end: every live lease of the target goes to revoked in one statement, an audit event
// for each is written by another, and one outbox row wakes the devices.
type Ending struct {
	Batch     keyshift.ID // also the revocation's id
	Target    Target
	Reason    string
	ActorKind keyshift.ActorKind
	ActorID   keyshift.ID
	// RotationDue also marks the accounts' and leases' rotation as due (device lost, break-glass).
	RotationDue bool
}

// LeaseWriter changes leases.
type LeaseWriter interface {
	// AddLease answers account_in_use (without holder) if another lease holds the exclusive account; the caller asked before, so the
	// store retries the command, which then sees the holder.
	AddLease(keyshift.Lease) error
	// SaveLease stores a lease whose epoch is one more than the stored one; otherwise the write is retried.
	SaveLease(keyshift.Lease) error
	// SaveRemoval stores only the removal and whether the account is free now; the epoch stays.
	SaveRemoval(l keyshift.Lease) error
	// UseCodeStep takes a one-time-code step for a lease, once; false when it was taken before.
	UseCodeStep(lease keyshift.ID, step int64) (bool, error)
	// EndLeases revokes set-based and gives the number of leases.
	EndLeases(Ending) (int64, error)
	// ExpireDue ends, set-based, the live leases whose time is over (active past EndsAt, pending past ActivateBy),
	// with an audit event each, and gives how many. Batch names them for RevokedDevices.
	ExpireDue(batch keyshift.ID) (int64, error)
	// MarkUnconfirmed marks rotation due on lent secrets whose removal stayed unconfirmed for [keyshift.UnconfirmedAfter] past
	// the latest end, and on their accounts; it gives how many.
	MarkUnconfirmed() (int64, error)
}
