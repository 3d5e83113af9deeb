package hub

import (
	"crypto/sha256"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Access is what a method demands of its caller; the contract declares it next to the method.
type Access struct {
	Kind AccessKind
	// Roles of which a user needs one; none means any active user.
	Roles []keyshift.Role
	// Effect: the call changes something and happens once.
	Effect bool
	// EndsAccess: the call is served while the hub lends nothing, and from devices and for users that lost their trust.
	EndsAccess bool
}

// AccessKind says by what right one calls.
type AccessKind int

// The rights. The zero value lets nobody through.
const (
	NoAccess AccessKind = iota
	AnyoneAccess
	DeviceAccess
	UserAccess
)

// Call is one request as the transport proved it.
type Call struct {
	Access    Access
	Procedure string
	// TokenHash is the SHA-256 of the API token, with UserAccess.
	TokenHash []byte
	// DeviceID and Seq come from the verified signature of a device; UserID is whose it was then.
	DeviceID keyshift.ID
	UserID   keyshift.ID
	Seq      uint64
	// RequestID and BodyHash name an effect.
	RequestID string
	BodyHash  []byte
	// account and lease are what the call is about, if the use case knows before it asks.
	account, lease keyshift.ID
	// Source is the address the call came from, for rate limits.
	Source string
}

// Caller is who a call turned out to be.
type Caller struct {
	User   keyshift.User
	Device keyshift.Device
	kind   keyshift.ActorKind
	id     keyshift.ID
}

// event gives an audit event of the caller.
func (c Caller) event(action keyshift.AuditAction) keyshift.AuditEvent {
	return keyshift.AuditEvent{Action: action, ActorKind: c.kind, ActorID: c.id, UserID: c.User.ID, DeviceID: c.Device.ID}
}

// HashToken gives what the hub knows of an API token.
func HashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Authorize asks whether a call may go on, on the newest data. Every path goes through it: reads call it themselves,
// effects ask it again inside their transaction.
func (h *Hub) Authorize(r Reader, c Call) (Caller, error) {
	if c.Access.Effect && !c.Access.EndsAccess && h.rollback.Load() {
		return Caller{}, errRollback
	}
	switch c.Access.Kind {
	case UserAccess:
		return h.authorizeUser(r, c)
	case DeviceAccess:
		return authorizeDevice(r, c)
	case AnyoneAccess:
		return Caller{kind: keyshift.ActorHub, id: h.row.ID}, nil
	}
	return Caller{}, errForbidden
}

func (h *Hub) authorizeUser(r Reader, c Call) (Caller, error) {
	_, user, err := r.TokenUser(c.TokenHash, h.Now())
	if err != nil {
		if keyshift.CodeOf(err) == keyshift.CodeNotFound {
			return Caller{}, errToken
		}
		return Caller{}, err
	}
	if err := mayCall(user, c.Access); err != nil {
		return Caller{}, err
	}
	return Caller{User: user, kind: keyshift.ActorUser, id: user.ID}, nil
}

func mayCall(user keyshift.User, a Access) error {
	switch {
	case !user.Active:
		return errToken
	case len(a.Roles) > 0 && !user.HasAny(a.Roles...):
		return errForbidden
	}
	return nil
}

func authorizeDevice(r Reader, c Call) (Caller, error) {
	device, user, err := r.DeviceAndUser(c.DeviceID)
	if err != nil {
		if keyshift.CodeOf(err) == keyshift.CodeNotFound {
			return Caller{}, errDevice
		}
		return Caller{}, err
	}
	switch {
	case device.State == keyshift.DeviceUnenrolled:
		return Caller{}, errDevice
	case c.Access.EndsAccess: // what a device says of its end is heard even if nothing is lent to it any more
	case !user.Active:
		return Caller{}, errInactive
	case device.State != keyshift.DeviceTrusted:
		return Caller{}, errDevice
	}
	return Caller{User: user, Device: device, kind: keyshift.ActorDevice, id: device.ID}, nil
}

var (
	errToken     = keyshift.Refuse(keyshift.CodeTokenInvalid, "You are not logged in, or your login has ended.", "Log in with keyshift-hub login and a fresh code.")
	errForbidden = keyshift.Refuse(keyshift.CodeForbidden, "Your roles do not allow this.", "Ask an owner of the hub.")
	errDevice    = keyshift.Refuse(keyshift.CodeDeviceNotTrusted, "The hub does not trust this device.", "Ask your admin; the device may have to be enrolled again.")
	errInactive  = keyshift.Refuse(keyshift.CodeUserInactive, "Your user at the hub is not active.", "Ask your admin.")
	errRollback  = keyshift.Refuse(keyshift.CodeRollbackDetected,
		"Devices have seen a newer audit log than this hub has: an old backup was probably restored. Nothing is lent or changed until two admins accept that.",
		"Two users with the role admin or owner run keyshift-hub accept-rollback. Revoke still works.")
)
