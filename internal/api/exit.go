package api

import (
	"context"
	"errors"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Exit is the exit code of a command line. The numbers are stable: scripts depend on them.
type Exit int

// The exit codes of keyshift-agent and keyshift-hub.
const (
	ExitOK Exit = 0
	// ExitInternal: something broke that was not foreseen.
	ExitInternal Exit = 1
	// ExitUsage: the command line itself is wrong.
	ExitUsage Exit = 2
	// ExitRefused: a gate or a rule says no.
	ExitRefused Exit = 3
	// ExitNotFound: there is no such thing, or none that the caller may see.
	ExitNotFound Exit = 4
	// ExitNoRight: not signed in, not enrolled, or without the right.
	ExitNoRight Exit = 5
	// ExitUnreachable: the agent or the hub does not answer, or the device is offline.
	ExitUnreachable Exit = 6
	// ExitKeyring: the OS keyring is locked, missing, or keeps what it should delete.
	ExitKeyring Exit = 7
	// ExitClock: the computer's clock cannot be trusted.
	ExitClock Exit = 8
	// ExitConflict: somebody or something else was first.
	ExitConflict Exit = 9
	// ExitBadInput: a value is wrong.
	ExitBadInput Exit = 10
	// ExitStorage: the hub or the device cannot store, record or prove.
	ExitStorage Exit = 11
	// ExitInterrupted: the person pressed Ctrl-C.
	ExitInterrupted Exit = 130
)

// Codes that only a command line gives.
const (
	// CodeUsage: the command line itself is wrong.
	CodeUsage keyshift.Code = "usage"
	// CodeDeclined: the person was asked and said no.
	CodeDeclined keyshift.Code = "declined"
	// CodeInterrupted: the person pressed Ctrl-C.
	CodeInterrupted keyshift.Code = "interrupted"
)

var exits = map[keyshift.Code]Exit{
	CodeUsage:                       ExitUsage,
	CodeDeclined:                    ExitRefused,
	CodeInterrupted:                 ExitInterrupted,
	keyshift.CodeAccountDisabled:    ExitRefused,
	keyshift.CodeAccountInUse:       ExitConflict,
	keyshift.CodeAccessModeRefused:  ExitRefused,
	keyshift.CodeAgentNotRunning:    ExitUnreachable,
	keyshift.CodeAlreadyEnrolled:    ExitConflict,
	keyshift.CodeAlreadyExists:      ExitConflict,
	keyshift.CodeAuditUnavailable:   ExitStorage,
	keyshift.CodeBadSignature:       ExitNoRight,
	keyshift.CodeBodyTooBig:         ExitBadInput,
	keyshift.CodeBodyInvalid:        ExitBadInput,
	keyshift.CodeClockSuspect:       ExitClock,
	keyshift.CodeCodeInvalid:        ExitNoRight,
	keyshift.CodeCodeReleased:       ExitRefused,
	keyshift.CodeCredentialInvalid:  ExitBadInput,
	keyshift.CodeCredentialMissing:  ExitRefused,
	keyshift.CodeDeviceNotTrusted:   ExitRefused,
	keyshift.CodeDurationInvalid:    ExitBadInput,
	keyshift.CodeFieldInvalid:       ExitBadInput,
	keyshift.CodeForbidden:          ExitNoRight,
	keyshift.CodeGrantMissing:       ExitRefused,
	keyshift.CodeHubIdentityChanged: ExitRefused,
	keyshift.CodeHubUnreachable:     ExitUnreachable,
	keyshift.CodeIntegrityFailed:    ExitStorage,
	keyshift.CodeInternal:           ExitInternal,
	keyshift.CodeKEKUnusable:        ExitStorage,
	keyshift.CodeKeyringLocked:      ExitKeyring,
	keyshift.CodeKeyringUnavailable: ExitKeyring,
	keyshift.CodeLastOwner:          ExitRefused,
	keyshift.CodeLeaseOver:          ExitRefused,
	keyshift.CodeNotEnrolled:        ExitNoRight,
	keyshift.CodeNotFound:           ExitNotFound,
	keyshift.CodeNotLoggedIn:        ExitNoRight,
	keyshift.CodeOffline:            ExitUnreachable,
	keyshift.CodeOutsideHours:       ExitRefused,
	keyshift.CodePeerRefused:        ExitNoRight,
	keyshift.CodeRateLimited:        ExitRefused,
	keyshift.CodeReasonInvalid:      ExitBadInput,
	keyshift.CodeRelayOver:          ExitRefused,
	keyshift.CodeRelayWaits:         ExitRefused,
	keyshift.CodeReplayed:           ExitNoRight,
	keyshift.CodeRequestIDInvalid:   ExitBadInput,
	keyshift.CodeRequestIDReused:    ExitConflict,
	keyshift.CodeRiskNotAccepted:    ExitRefused,
	keyshift.CodeRollbackDetected:   ExitStorage,
	keyshift.CodeSchemaUnsupported:  ExitStorage,
	keyshift.CodeShowForbidden:      ExitRefused,
	keyshift.CodeSiteUnknown:        ExitRefused,
	keyshift.CodeStorageFull:        ExitStorage,
	keyshift.CodeStorageReadonly:    ExitStorage,
	keyshift.CodeTokenInvalid:       ExitNoRight,
	keyshift.CodeUnavailable:        ExitUnreachable,
	keyshift.CodeUserInactive:       ExitRefused,
	keyshift.CodeWipeFailed:         ExitKeyring,
}

// ExitOf is the exit code for err: 0 for nil, 130 when the person gave up, 1 for an error without a code of this version.
func ExitOf(err error) Exit {
	if err == nil {
		return ExitOK
	}
	if errors.Is(err, context.Canceled) {
		return ExitInterrupted
	}
	if exit, ok := exits[keyshift.CodeOf(err)]; ok {
		return exit
	}
	return ExitInternal
}
