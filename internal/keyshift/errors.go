package keyshift

import (
	"errors"
	"maps"
	"time"
)

// Code is a stable name of an error, for programs. Codes are never renamed or reused.
type Code string

// The codes of the hub and the agent. What each means for a person is in [Error].
const (
	CodeAccountDisabled    Code = "account_disabled"
	CodeAccountInUse       Code = "account_in_use"
	CodeAccessModeRefused  Code = "access_mode_refused"
	CodeAgentNotRunning    Code = "agent_not_running"
	CodeAlreadyEnrolled    Code = "already_enrolled"
	CodeAlreadyExists      Code = "already_exists"
	CodeAuditUnavailable   Code = "audit_unavailable"
	CodeBadSignature       Code = "bad_signature"
	CodeBodyTooBig         Code = "body_too_big"
	CodeBodyInvalid        Code = "body_invalid"
	CodeClockSuspect       Code = "clock_suspect"
	CodeCodeInvalid        Code = "code_invalid"
	CodeCodeReleased       Code = "code_released"
	CodeCredentialInvalid  Code = "credential_invalid"
	CodeCredentialMissing  Code = "credential_missing"
	CodeDeviceNotTrusted   Code = "device_not_trusted"
	CodeDurationInvalid    Code = "duration_invalid"
	CodeFieldInvalid       Code = "field_invalid"
	CodeForbidden          Code = "forbidden"
	CodeGrantMissing       Code = "grant_missing"
	CodeHubIdentityChanged Code = "hub_identity_changed"
	CodeHubUnreachable     Code = "hub_unreachable"
	CodeIntegrityFailed    Code = "integrity_failed"
	CodeInternal           Code = "internal"
	CodeKEKUnusable        Code = "kek_unusable"
	CodeKeyringLocked      Code = "keyring_locked"
	CodeKeyringUnavailable Code = "keyring_unavailable"
	CodeLastOwner          Code = "last_owner"
	CodeLeaseOver          Code = "lease_over"
	CodeNotEnrolled        Code = "not_enrolled"
	CodeNotFound           Code = "not_found"
	CodeNotLoggedIn        Code = "not_logged_in"
	CodeOffline            Code = "offline"
	CodeOutsideHours       Code = "outside_hours"
	CodePeerRefused        Code = "peer_refused"
	CodeRateLimited        Code = "rate_limited"
	CodeReasonInvalid      Code = "reason_invalid"
	CodeRelayOver          Code = "relay_over"
	CodeRelayWaits         Code = "relay_waits"
	CodeReplayed           Code = "replayed"
	CodeRequestIDInvalid   Code = "request_id_invalid"
	CodeRequestIDReused    Code = "request_id_reused"
	CodeRiskNotAccepted    Code = "risk_not_accepted"
	CodeRollbackDetected   Code = "rollback_detected"
	CodeSchemaUnsupported  Code = "schema_unsupported"
	CodeShowForbidden      Code = "show_forbidden"
	CodeSiteUnknown        Code = "site_unknown"
	CodeStorageFull        Code = "storage_full"
	CodeStorageReadonly    Code = "storage_readonly"
	CodeTokenInvalid       Code = "token_invalid"
	CodeUnavailable        Code = "unavailable"
	CodeUserInactive       Code = "user_inactive"
	CodeWipeFailed         Code = "wipe_failed"
)

// Error is an error that may be shown to people: Text says what happened and what it means, Hint what to do next.
// Neither ever holds anything secret. Cause is for logs only. Two Errors are the same to [errors.Is] when their codes
// are.
type Error struct {
	Code  Code
	Text  string
	Hint  string
	Facts map[string]string
	Cause error
}

// Error gives the text, and the cause behind it: logs want both.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Text + " (" + e.Cause.Error() + ")"
	}
	return e.Text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors with equal codes equal.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// With adds a fact for programs, and gives back a copy.
func (e *Error) With(name, value string) *Error {
	c := *e
	c.Facts = maps.Clone(e.Facts)
	if c.Facts == nil {
		c.Facts = map[string]string{}
	}
	c.Facts[name] = value
	return &c
}

// Because gives back a copy with a cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// Invalid is an error about something that was given wrongly.
func Invalid(code Code, text, hint string) *Error { return &Error{Code: code, Text: text, Hint: hint} }

// Refuse is an error about something that is not allowed or not possible now.
func Refuse(code Code, text, hint string) *Error { return &Error{Code: code, Text: text, Hint: hint} }

// CodeOf gives the code of the first [Error] in err's chain, [CodeInternal] when there is none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// ErrNotFound is what a look-up answers when there is nothing, or nothing that the caller may see.
var ErrNotFound = &Error{Code: CodeNotFound, Text: "There is nothing of that name.", Hint: "Check the spelling; the list commands show what exists."}

// NotFound is [ErrNotFound] naming the kind of thing and what was asked for.
func NotFound(kind, name string) *Error {
	return &Error{Code: CodeNotFound, Text: "There is no " + kind + " " + quote(name) + ".", Hint: ErrNotFound.Hint}
}

func quote(s string) string { return "“" + CleanText(s, 80) + "”" }

// ClockText writes a moment as people say it near now: "14:30" today, otherwise with the date.
func ClockText(at, now time.Time) string {
	if at.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return at.Format("15:04")
	}
	return at.Format("2 Jan 15:04")
}
