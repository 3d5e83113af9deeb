package hub

import (
	"context"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// WriteKind tells the store how a write relates to others that run at the same moment on other replicas.
type WriteKind int

const (
	// Ordinary writes run side by side; unique indexes and compare-and-swap keep them apart.
	Ordinary WriteKind = iota
	// Releasing writes give something back (check-in, receipts). They run like ordinary ones, and may use the space that
	// is reserved for the case that storage is full.
	Releasing
	// Closing writes take rights away (revoke, deactivate, remove a grant, change an account). They wait until the
	// ordinary writes under way anywhere are committed and see all of them, so no lease slips past. They may use the
	// reserved space too.
	Closing
)

// Store is the hub's memory. One of its transactions is durable before Write returns.
type Store interface {
	// Write runs fn in a durable transaction, together with whatever else waits (group commit). fn may run more than
	// once, so it must set what it hands out anew each time. An error that wraps [*keyshift.Error] is a decision: fn
	// has to return it before its first change or through [Tx.Keep]; nothing else of fn is kept. Any other error undoes fn
	// alone. Failures of the store itself come back as storage_full, storage_readonly, audit_unavailable or integrity_failed.
	//
	// ahead, at most one, says what fn will ask for, so that it can be read for many writes at once. It changes nothing
	// else.
	Write(ctx context.Context, kind WriteKind, fn func(Tx) error, ahead ...Ahead) error
	// Read gives a view on committed data, bound to ctx.
	Read(ctx context.Context) Reader
}

// Ahead names what an effect will read. Of a device (DeviceID) that is who it is and whether the request is new, and what the
// gates want to know of an account; of a user (TokenHash) the same, and whose a lease is. AccountID and LeaseID may be empty.
type Ahead struct {
	DeviceID  keyshift.ID
	TokenHash []byte
	AccountID keyshift.ID
	LeaseID   keyshift.ID
	RequestID string
}

// Reader reads. Look-ups of one thing answer [keyshift.ErrNotFound] when it is not there. Lists are ordered by id and
// start after a given id; "" starts at the first (or, where newest first is said, at the newest).
type Reader interface {
	UserReader
	AccountReader
	DeviceReader
	LeaseReader
	AuditReader
	HubReader
	WorkReader
	ReportReader
	BrowserReader
}

// Tx is one command inside a durable transaction.
type Tx interface {
	Reader
	// Now is the transaction's one moment, to the microsecond.
	Now() time.Time
	// NewID makes an id at Now.
	NewID() keyshift.ID
	// Keep marks a refusal as to be committed: what fn wrote before stays (an audit event about the refusal, a
	// counter), and Write returns the refusal all the same.
	Keep(refusal error) error

	UserWriter
	AccountWriter
	DeviceWriter
	LeaseWriter
	AuditWriter
	HubWriter
	WorkWriter
	ReportWriter
	BrowserWriter
}

// Token is an API token of a user, known by the SHA-256 of its value.
type Token struct {
	ID        keyshift.ID
	Hash      []byte
	UserID    keyshift.ID
	Label     string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// CodeRow is a code as the hub keeps it: only the SHA-256 of its secret.
type CodeRow struct {
	ID        keyshift.ID
	Hash      []byte
	Kind      keyshift.CodeKind
	UserID    keyshift.ID // empty for the first-owner code
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero while unused
}

// UserReader reads users, groups, tokens and codes.
type UserReader interface {
	User(id keyshift.ID) (keyshift.User, error)
	UserByName(name string) (keyshift.User, error)
	Users(after keyshift.ID, limit int) ([]keyshift.User, error)
	// CountActiveOwners counts active users with the role owner.
	CountActiveOwners() (int, error)
	// TokenUser gives the owner of a token that has neither ended nor expired, active or not.
	TokenUser(hash []byte, now time.Time) (Token, keyshift.User, error)
	Code(hash []byte) (CodeRow, error)
	Group(id keyshift.ID) (keyshift.Group, error)
	GroupByName(name string) (keyshift.Group, error)
	Groups(after keyshift.ID, limit int) ([]keyshift.Group, error)
	// GroupMembers gives the names of the members, ordered.
	GroupMembers(group keyshift.ID) ([]string, error)
}

// UserWriter changes users, groups, tokens and codes. Adding what exists answers already_exists.
type UserWriter interface {
	AddUser(keyshift.User) error
	// SaveUser stores everything but id and name.
	SaveUser(keyshift.User) error
	AddToken(Token) error
	// EndToken ends one token, EndTokens all of a user.
	EndToken(hash []byte) error
	EndTokens(user keyshift.ID) error
	AddCode(CodeRow) error
	// UseCode marks a code used, once; it reports false when somebody was faster.
	UseCode(id keyshift.ID) (bool, error)
	// VoidCodes ends all unused codes of a user.
	VoidCodes(user keyshift.ID) error
	AddGroup(keyshift.Group) error
	// AddMember and RemoveMember report whether they changed anything.
	AddMember(group, user keyshift.ID) (bool, error)
	RemoveMember(group, user keyshift.ID) (bool, error)
}

// Hours are the work hours that count for a user.
type Hours struct {
	keyshift.WorkHours
	// Subject is the user or the group whose hours they are; empty if no hours are set.
	Subject keyshift.ID
	// LiftedUntil is until when check-outs outside of them are let through.
	LiftedUntil time.Time
}

// WorkReader reads when people work and how they are reminded. What is not set is the zero value.
type WorkReader interface {
	// WorkHours gives those that were set for a user or a group.
	WorkHours(subject keyshift.ID) (keyshift.WorkHours, error)
	// WorkHoursFor gives those that count for a user: the user's own, or those of the user's oldest group that has some.
	WorkHoursFor(user keyshift.ID) (Hours, error)
	Reminders() (keyshift.Reminders, error)
}

// WorkWriter changes them.
type WorkWriter interface {
	// SaveWorkHours sets the hours of a user or a group; without spans it removes them.
	SaveWorkHours(subject keyshift.ID, w keyshift.WorkHours) error
	LiftWorkHours(user keyshift.ID, until time.Time) error
	SaveReminders(keyshift.Reminders) error
}

// SealedCredential is an account's credential as the hub keeps it.
type SealedCredential struct {
	AccountID keyshift.ID
	Version   int64
	// Sealed is the encoded credential, Seed the marshaled one-time-code seed (empty if there is none).
	Sealed, Seed []byte
	KEKVersion   uint32
}

// AccountReader reads accounts, credentials, risk acceptances and grants.
type AccountReader interface {
	Account(id keyshift.ID) (keyshift.Account, error)
	AccountByName(network keyshift.Network, handle string) (keyshift.Account, error)
	Accounts(after keyshift.ID, limit int) ([]keyshift.Account, error)
	// GrantedAccounts gives the accounts on which a user has a grant, directly or through a group, by id; with a handle,
	// whatever the case of its letters a to z, only those.
	GrantedAccounts(user keyshift.ID, handle string, after keyshift.ID, limit int) ([]keyshift.Account, error)
	Credential(account keyshift.ID) (SealedCredential, error)
	// CredentialsAfter pages through all credentials for re-wrapping.
	CredentialsAfter(account keyshift.ID, limit int) ([]SealedCredential, error)
	// RiskAcceptance gives nil when there is none.
	RiskAcceptance(account keyshift.ID) (*keyshift.RiskAcceptance, error)
	HasGrant(user, account keyshift.ID) (bool, error)
	Grant(id keyshift.ID) (keyshift.Grant, error)
	// Grants lists grants, of one account or (with "") of all.
	Grants(account, after keyshift.ID, limit int) ([]keyshift.Grant, error)
}

// AccountWriter changes accounts, credentials, risk acceptances and grants.
type AccountWriter interface {
	AddAccount(keyshift.Account) error
	// SaveAccount stores everything but id, network, handle and what SaveCredential sets.
	SaveAccount(keyshift.Account) error
	// SaveCredential stores a credential and raises the account's credential version to c.Version.
	SaveCredential(c SealedCredential) error
	// ReplaceSealed stores a re-wrapped credential if its version is still the same.
	ReplaceSealed(c SealedCredential) error
	SaveRiskAcceptance(account keyshift.ID, r keyshift.RiskAcceptance) error
	// RemoveRiskAcceptance reports whether there was one.
	RemoveRiskAcceptance(account keyshift.ID) (bool, error)
	// SetRotationDue marks an account's password as to be changed, or clears the mark there and on its leases.
	SetRotationDue(account keyshift.ID, due bool) error
	AddGrant(keyshift.Grant) error
	RemoveGrant(id keyshift.ID) error
}

// Presence is what the hub knows of a device's contact. It is kept in memory and written in batches.
type Presence struct {
	DeviceID      keyshift.ID
	LastContact   time.Time
	AgentVersion  string
	WitnessedSize int64
	// WitnessNote is the checkpoint that the device countersigned, WitnessSignature its signature.
	WitnessNote      string
	WitnessSignature []byte
}

// DeviceReader reads devices.
type DeviceReader interface {
	Device(id keyshift.ID) (keyshift.Device, error)
	// DeviceAndUser reads both in one go: it starts every signed request.
	DeviceAndUser(id keyshift.ID) (keyshift.Device, keyshift.User, error)
	// ForSync gives a reader that has read at once what the sync of a device asks at now.
	ForSync(device keyshift.ID, now time.Time) (Reader, error)
	Devices(after keyshift.ID, limit int) ([]keyshift.Device, error)
	// DevicesOf gives the trusted devices that a wake-up is for, by its topic: that of a user, a group or an account.
	DevicesOf(topic string, ref keyshift.ID) ([]keyshift.ID, error)
	// Presence gives a zero Presence for a device without recorded contact.
	Presence(device keyshift.ID) (Presence, error)
}

// DeviceWriter changes devices.
type DeviceWriter interface {
	AddDevice(keyshift.Device) error
	SetDeviceState(id keyshift.ID, s keyshift.DeviceState) error
	// SetDevicesState does it for all trusted devices of a user.
	SetDevicesState(user keyshift.ID, s keyshift.DeviceState) error
	// SaveWindow stores a device's sequence window if it is still the one that was read; otherwise the write is retried.
	SaveWindow(id keyshift.ID, before, after keyshift.SequenceWindow) error
	// CountRefusal adds one refused signature and gives the new count.
	CountRefusal(id keyshift.ID) (int64, error)
	// SavePresence writes a batch.
	SavePresence([]Presence) error
}

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

// EventFilter chooses audit events for a list, newest first, before the given id. Empty ids do not filter.
type EventFilter struct {
	Before                               string
	Limit                                int
	AccountID, UserID, DeviceID, LeaseID keyshift.ID
}

// LoggedEvent is an audit event with its place in the tree; -1 until it is sequenced.
type LoggedEvent struct {
	keyshift.AuditEvent
	LeafIndex int64
}

// Checkpoint is a signed tree head.
type Checkpoint struct {
	Size int64
	Note string
	At   time.Time
}

// AuditReader reads the audit log and its tree.
type AuditReader interface {
	Events(EventFilter) ([]LoggedEvent, error)
	// EventsFrom gives sequenced events in tree order from an index on.
	EventsFrom(index int64, limit int) ([]LoggedEvent, error)
	// Unsequenced gives committed events that are not in the tree yet, oldest first.
	Unsequenced(limit int) ([]keyshift.AuditEvent, error)
	// TreeHashes gives stored hashes by their tlog index; a missing one is an error.
	TreeHashes(indexes []int64) ([][]byte, error)
	// LatestCheckpoint gives a zero Checkpoint before the first.
	LatestCheckpoint() (Checkpoint, error)
	Checkpoints(afterSize int64, limit int) ([]Checkpoint, error)
}

// AuditWriter writes the audit log and its tree.
type AuditWriter interface {
	// Append adds an event in the transaction of its effect. ID, At, Salt and PersonalHash are filled in.
	Append(keyshift.AuditEvent) error
	// Place puts an event at an index of the tree and stores the tlog hashes that this adds, first at firstHash.
	Place(eventID string, index, firstHash int64, hashes [][]byte) error
	AddCheckpoint(Checkpoint) error
}

// HubRow is the hub's own row. Sealed fields are under the key-encryption key.
type HubRow struct {
	ID            keyshift.ID
	Name          string
	CreatedAt     time.Time
	SigningPublic []byte
	SigningSealed []byte
	TLSCert       []byte // DER; empty if never needed
	TLSKeySealed  []byte
	State         HubState
	// RollbackAcceptedAt is when admins last accepted that the audit log goes back; zero if never.
	RollbackAcceptedAt time.Time
}

// HubState is whether the hub lends.
type HubState string

// The states that are stored.
const (
	Serving          HubState = "serving"
	RollbackDetected HubState = "rollback_detected"
)

// Effect is a remembered request: the same request id of the same actor always has the same result.
type Effect struct {
	Actor     keyshift.ID
	RequestID string
	Procedure string
	BodyHash  []byte
	// Result is what is needed to answer again, never anything secret.
	Result []byte
}

// Counts are figures for the status.
type Counts struct {
	LiveLeases         int64
	OpenRemovals       int64
	AuditSize          int64
	RollbackAcceptedBy int64
}

// OutboxRow is a wake-up that is still to be told to the other replicas.
type OutboxRow struct {
	ID    string
	Topic string
	Ref   string
	At    time.Time
}

// The topics of wake-ups.
const (
	// TopicDevice: Ref is a device id.
	TopicDevice = "device"
	// TopicBatch: Ref is the batch of a set-based end; its devices are to be woken.
	TopicBatch = "batch"
	// TopicUser, TopicGroup and TopicAccount: Ref is the id of a user, a group or an account; the devices of the user, of the
	// group's members, or of everybody with a grant on the account are to be woken.
	TopicUser    = "user"
	TopicGroup   = "group"
	TopicAccount = "account"
	// TopicHub: the hub's own row changed; Ref is empty.
	TopicHub = "hub"
	// TopicEverybody: all devices are to be woken; Ref is empty.
	TopicEverybody = "everybody"
)

// HubReader reads what belongs to the hub itself.
type HubReader interface {
	// Hub answers ErrNotFound before the first start.
	Hub() (HubRow, error)
	// KEKChecks gives, by version, a known text sealed under each key-encryption key version in use.
	KEKChecks() (map[uint32][]byte, error)
	// Effect answers ErrNotFound for a new request.
	Effect(actor keyshift.ID, requestID string) (Effect, error)
	Counts() (Counts, error)
	// OutboxBefore gives wake-ups older than a moment.
	OutboxBefore(at time.Time, limit int) ([]OutboxRow, error)
}

// HubWriter changes what belongs to the hub itself.
type HubWriter interface {
	AddHub(HubRow) error
	SaveHub(HubRow) error
	SaveKEKCheck(version uint32, sealed []byte) error
	DropKEKChecksExcept(version uint32) error
	AddEffect(Effect) error
	// AcceptRollback records one user's word and gives how many users have given it; ClearRollback forgets them.
	AcceptRollback(user keyshift.ID) (int64, error)
	ClearRollback() error
	// Notify puts a wake-up into the outbox of this transaction.
	Notify(topic, ref string) error
	RemoveOutbox(ids []string) error
	// Prune deletes remembered requests, used codes and ended tokens from before a moment, a bounded number at a time.
	Prune(before time.Time) error
}
