package keyshift

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"
)

// AuditAction names what happened, as "noun.verb".
type AuditAction string

// The actions.
const (
	ActHubCreated       AuditAction = "hub.created"
	ActKeyRotated       AuditAction = "hub.key_rotated"
	ActRollbackDetected AuditAction = "hub.rollback_detected"
	ActRollbackReported AuditAction = "hub.rollback_reported"
	ActRollbackAccepted AuditAction = "hub.rollback_accepted"
	ActUserAdded        AuditAction = "user.added"
	ActUserDeactivated  AuditAction = "user.deactivated"
	ActUserActivated    AuditAction = "user.activated"
	ActRolesSet         AuditAction = "user.roles_set"
	ActCodeCreated      AuditAction = "code.created"
	ActLoggedIn         AuditAction = "user.logged_in"
	ActLoggedOut        AuditAction = "user.logged_out"
	ActGroupAdded       AuditAction = "group.added"
	ActMemberAdded      AuditAction = "group.member_added"
	ActMemberRemoved    AuditAction = "group.member_removed"
	ActAccountAdded     AuditAction = "account.added"
	ActAccountUpdated   AuditAction = "account.updated"
	ActCredentialSet    AuditAction = "account.credential_set"
	ActRiskAccepted     AuditAction = "account.risk_accepted"
	ActRiskWithdrawn    AuditAction = "account.risk_withdrawn"
	ActRotated          AuditAction = "account.rotated"
	ActGrantAdded       AuditAction = "grant.added"
	ActGrantRemoved     AuditAction = "grant.removed"
	ActDeviceEnrolled   AuditAction = "device.enrolled"
	ActDeviceState      AuditAction = "device.state_set"
	ActDeviceFlagged    AuditAction = "device.flagged"
	ActCallersRefused   AuditAction = "device.callers_refused"
	ActRevocation       AuditAction = "revocation.ordered"
	ActLeaseGranted     AuditAction = "lease.granted"
	ActLeaseRefused     AuditAction = "lease.refused"
	ActLeaseActivated   AuditAction = "lease.activated"
	ActLeaseRenewed     AuditAction = "lease.renewed"
	ActLeaseCheckedIn   AuditAction = "lease.checked_in"
	ActLeaseExpired     AuditAction = "lease.expired"
	ActLeaseRevoked     AuditAction = "lease.revoked"
	ActLeaseRemoval     AuditAction = "lease.removal"
	ActCodeReleased     AuditAction = "lease.code_released"
	ActSecretShown      AuditAction = "lease.secret_shown"
	ActWorkHoursSet     AuditAction = "work_hours.set"
	ActWorkHoursLifted  AuditAction = "work_hours.lifted"
	ActRemindersSet     AuditAction = "reminders.set"
	ActAuditExported    AuditAction = "audit.exported"
	ActSelfReported     AuditAction = "user.self_reported"
	ActAcknowledged     AuditAction = "terms.acknowledged"
	ActPackPublished    AuditAction = "site_pack.published"
	ActSiteAdded        AuditAction = "site.added"
	ActSiteRemoved      AuditAction = "site.removed"
	ActWordsChanged     AuditAction = "insider_words.changed"
	ActPersonalGuard    AuditAction = "personal_guard.set"
	ActGuardsAllowed    AuditAction = "grant.guards_allowed"
	ActAccountRefSet    AuditAction = "account.ref_set"
	ActWorkBrowserSet   AuditAction = "account.work_browser_set"
	ActCustodianAdded   AuditAction = "account.custodian_added"
	ActCustodianRemoved AuditAction = "account.custodian_removed"
	ActRelayAsked       AuditAction = "lease.relay_asked"
	ActRelayAnswered    AuditAction = "lease.relay_answered"
	ActRelayTaken       AuditAction = "lease.relay_taken"
	ActGuardHit         AuditAction = "lease.guard_hit"
	ActDraftChecked     AuditAction = "lease.draft_checked"
)

// ActorKind says who acted.
type ActorKind string

// The kinds of actors.
const (
	ActorUser   ActorKind = "user"
	ActorDevice ActorKind = "device"
	ActorHub    ActorKind = "hub"
)

// AuditEvent is one entry of the audit log. The ids that do not apply are empty.
type AuditEvent struct {
	// ID sorts by time; events that one set-based statement wrote share its prefix.
	ID        string
	At        time.Time
	Action    AuditAction
	ActorKind ActorKind
	ActorID   ID
	UserID    ID
	DeviceID  ID
	AccountID ID
	LeaseID   ID
	// Details holds facts of the event, never anything secret or personal.
	Details map[string]string
	// Personal holds names and free text. It can be erased without breaking the log: only its salted hash is in the tree.
	Personal map[string]string
	// Salt is 16 random bytes while Personal is there.
	Salt []byte
	// PersonalHash is what the tree holds of Personal; see [HashPersonal].
	PersonalHash string
}

// HashPersonal gives the salted SHA-256 of an event's personal facts in hexadecimal, "" when there are none.
func HashPersonal(salt []byte, personal map[string]string) string {
	if len(personal) == 0 {
		return ""
	}
	sum := sha256.Sum256(appendFacts(append([]byte("keyshift personal v1\x00"), salt...), personal))
	return hex.EncodeToString(sum[:])
}

// Leaf gives the bytes of the event that the Merkle tree holds: the same bytes for the same event, for ever. They are JSON as
// encoding/json writes it.
func (e AuditEvent) Leaf() []byte {
	b := make([]byte, 0, 768)
	b = appendQuoted(append(b, `{"id":`...), e.ID)
	b = strconv.AppendInt(append(b, `,"at":`...), e.At.UnixMicro(), 10)
	for _, field := range [...]struct{ name, value string }{
		{`,"action":`, string(e.Action)}, {`,"actor_kind":`, string(e.ActorKind)}, {`,"actor_id":`, string(e.ActorID)}, {`,"user_id":`, string(e.UserID)},
		{`,"device_id":`, string(e.DeviceID)}, {`,"account_id":`, string(e.AccountID)}, {`,"lease_id":`, string(e.LeaseID)},
	} {
		b = appendQuoted(append(b, field.name...), field.value)
	}
	b = appendFacts(append(b, `,"details":`...), e.Details)
	b = appendQuoted(append(b, `,"personal_hash":`...), e.PersonalHash)
	return append(b, '}')
}
