// Package api is the contract as Go sees it: below it lies what is generated from proto/, and here are the tables that
// give each [keyshift.Code] its place outside the domain.
//
// An error crosses a wire as a Connect error whose detail is one v1.ErrorInfo; [ToConnect] and [FromConnect] are the two
// ends. Its code also travels as the response header [CodeHeader], so that a person with curl and a proxy's log see it
// without decoding anything. On a command line it ends as an exit code: [ExitOf].
//
// Only what was written for people crosses: the text of any other error stays in the log of the side where it happened.
package api

import (
	"context"
	"errors"
	"regexp"
	"sync"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// CodeHeader is the response header that carries the [keyshift.Code] of an error.
const CodeHeader = "Keyshift-Code"

// connectCodes says as which Connect code, and by it as which HTTP status, a code travels.
var connectCodes = map[keyshift.Code]connect.Code{
	keyshift.CodeAccountDisabled:    connect.CodePermissionDenied,
	keyshift.CodeAccountInUse:       connect.CodeAborted,
	keyshift.CodeAccessModeRefused:  connect.CodePermissionDenied,
	keyshift.CodeAgentNotRunning:    connect.CodeUnavailable,
	keyshift.CodeAlreadyEnrolled:    connect.CodeAlreadyExists,
	keyshift.CodeAlreadyExists:      connect.CodeAlreadyExists,
	keyshift.CodeAuditUnavailable:   connect.CodeUnavailable,
	keyshift.CodeBadSignature:       connect.CodeUnauthenticated,
	keyshift.CodeBodyTooBig:         connect.CodeResourceExhausted,
	keyshift.CodeBodyInvalid:        connect.CodeInvalidArgument,
	keyshift.CodeClockSuspect:       connect.CodeFailedPrecondition,
	keyshift.CodeCodeInvalid:        connect.CodeUnauthenticated,
	keyshift.CodeCodeReleased:       connect.CodeResourceExhausted,
	keyshift.CodeCredentialInvalid:  connect.CodeInvalidArgument,
	keyshift.CodeCredentialMissing:  connect.CodeFailedPrecondition,
	keyshift.CodeDeviceNotTrusted:   connect.CodePermissionDenied,
	keyshift.CodeDurationInvalid:    connect.CodeInvalidArgument,
	keyshift.CodeFieldInvalid:       connect.CodeInvalidArgument,
	keyshift.CodeForbidden:          connect.CodePermissionDenied,
	keyshift.CodeGrantMissing:       connect.CodePermissionDenied,
	keyshift.CodeHubIdentityChanged: connect.CodeFailedPrecondition,
	keyshift.CodeHubUnreachable:     connect.CodeUnavailable,
	keyshift.CodeIntegrityFailed:    connect.CodeDataLoss,
	keyshift.CodeInternal:           connect.CodeInternal,
	keyshift.CodeKEKUnusable:        connect.CodeUnavailable,
	keyshift.CodeKeyringLocked:      connect.CodeFailedPrecondition,
	keyshift.CodeKeyringUnavailable: connect.CodeFailedPrecondition,
	keyshift.CodeLastOwner:          connect.CodeFailedPrecondition,
	keyshift.CodeLeaseOver:          connect.CodeFailedPrecondition,
	keyshift.CodeNotEnrolled:        connect.CodeFailedPrecondition,
	keyshift.CodeNotFound:           connect.CodeNotFound,
	keyshift.CodeNotLoggedIn:        connect.CodeUnauthenticated,
	keyshift.CodeOffline:            connect.CodeUnavailable,
	keyshift.CodeOutsideHours:       connect.CodePermissionDenied,
	keyshift.CodePeerRefused:        connect.CodePermissionDenied,
	keyshift.CodeRateLimited:        connect.CodeResourceExhausted,
	keyshift.CodeReasonInvalid:      connect.CodeInvalidArgument,
	keyshift.CodeRelayOver:          connect.CodeFailedPrecondition,
	keyshift.CodeRelayWaits:         connect.CodeFailedPrecondition,
	keyshift.CodeReplayed:           connect.CodeUnauthenticated,
	keyshift.CodeRequestIDInvalid:   connect.CodeInvalidArgument,
	keyshift.CodeRequestIDReused:    connect.CodeAborted,
	keyshift.CodeRiskNotAccepted:    connect.CodePermissionDenied,
	keyshift.CodeRollbackDetected:   connect.CodeDataLoss,
	keyshift.CodeSchemaUnsupported:  connect.CodeFailedPrecondition,
	keyshift.CodeShowForbidden:      connect.CodePermissionDenied,
	keyshift.CodeSiteUnknown:        connect.CodeFailedPrecondition,
	keyshift.CodeStorageFull:        connect.CodeUnavailable,
	keyshift.CodeStorageReadonly:    connect.CodeUnavailable,
	keyshift.CodeTokenInvalid:       connect.CodeUnauthenticated,
	keyshift.CodeUnavailable:        connect.CodeUnavailable,
	keyshift.CodeUserInactive:       connect.CodePermissionDenied,
	keyshift.CodeWipeFailed:         connect.CodeUnavailable,
}

// errInternal is all that is told of an error which was not written for people.
var errInternal = &keyshift.Error{
	Code: keyshift.CodeInternal, Text: "Something went wrong inside Keyshift.",
	Hint: "Try again; if it stays, tell your admin when it happened, so that the log can be read.",
}

// ToConnect makes of err what may leave the process. A [keyshift.Error] becomes a Connect error with its text and the
// v1.ErrorInfo detail; a Connect error that this process's own library made about the request becomes body_invalid,
// body_too_big or not_found; anything else becomes "internal" with a fixed text. The cause stays in the chain for the
// log and is never sent. Nil stays nil.
func ToConnect(err error) error {
	if err == nil {
		return nil
	}
	e := public(err)
	out := connect.NewError(ConnectCode(e.Code), e.Text).WithCause(err)
	detail, packErr := connectproto.NewErrorDetail(ToInfo(e))
	if packErr != nil {
		return out // a text that is not UTF-8: the code and what can be shown of the text still travel
	}
	return out.WithDetail(detail)
}

// ConnectCode is the Connect code of a code; internal for one that is not of this version.
func ConnectCode(code keyshift.Code) connect.Code {
	if c, ok := connectCodes[code]; ok {
		return c
	}
	return connect.CodeInternal
}

func public(err error) *keyshift.Error {
	if e, ok := errors.AsType[*keyshift.Error](err); ok {
		return e
	}
	if c, ok := errors.AsType[*connect.Error](err); ok && !c.IsRemote() {
		return aboutRequest(c)
	}
	return errInternal
}

// aboutRequest translates what the Connect library says of a request before a handler sees it. Its text may quote the
// request, so it is not passed on.
func aboutRequest(c *connect.Error) *keyshift.Error {
	switch c.Code() {
	case connect.CodeInvalidArgument:
		return &keyshift.Error{Code: keyshift.CodeBodyInvalid, Text: "The request cannot be read.", Hint: "Send it as the API description says."}
	case connect.CodeResourceExhausted:
		return &keyshift.Error{Code: keyshift.CodeBodyTooBig, Text: "The request is too big.", Hint: "Send at most 1 MiB."}
	case connect.CodeUnimplemented:
		return &keyshift.Error{Code: keyshift.CodeNotFound, Text: "There is no such method.", Hint: "Compare the versions of both programs."}
	}
	return errInternal
}

// FromConnect makes an error for people of whatever a call answered. The other side's words are cleaned of what could
// play with a terminal. An answer without v1.ErrorInfo came from something between or from a library: it gets a text
// of its own. The whole of err is the cause. Nil stays nil.
func FromConnect(err error) *keyshift.Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*keyshift.Error](err); ok {
		return e
	}
	c, ok := errors.AsType[*connect.Error](err)
	if ok {
		for _, d := range c.Details() {
			if e := fromDetail(d); e != nil {
				return e.Because(err)
			}
		}
	}
	return withoutInfo(err).Because(err)
}

func fromDetail(d *connect.ErrorDetail) *keyshift.Error {
	msg, err := connectproto.UnmarshalErrorDetail(d)
	if err != nil {
		return nil
	}
	info, ok := msg.(*v1.ErrorInfo)
	if !ok {
		return nil
	}
	return FromInfo(info)
}

func withoutInfo(err error) *keyshift.Error {
	if errors.Is(err, context.Canceled) {
		return errGivenUp
	}
	switch connect.CodeOf(err) {
	case connect.CodeUnavailable, connect.CodeDeadlineExceeded, connect.CodeCanceled, connect.CodeAborted:
		return errNoAnswer
	case connect.CodeResourceExhausted:
		return &keyshift.Error{Code: keyshift.CodeRateLimited, Text: "There were too many or too big requests.", Hint: "Wait a minute and try again."}
	case connect.CodeUnauthenticated, connect.CodePermissionDenied:
		return &keyshift.Error{Code: keyshift.CodeForbidden, Text: "The request was refused on its way.", Hint: "Ask your admin whether a proxy stands between."}
	case connect.CodeUnimplemented:
		return &keyshift.Error{Code: keyshift.CodeUnavailable, Text: "The other side does not know this request.", Hint: "Compare the versions of both programs, and whether the address is right."}
	}
	return errInternal
}

var (
	errGivenUp  = &keyshift.Error{Code: keyshift.CodeUnavailable, Text: "The request was given up before an answer came.", Hint: "Try again."}
	errNoAnswer = &keyshift.Error{Code: keyshift.CodeUnavailable, Text: "There was no answer.", Hint: "Try again in a moment."}
)

// ToInfo is the message form of an error.
func ToInfo(e *keyshift.Error) *v1.ErrorInfo {
	return &v1.ErrorInfo{Code: string(e.Code), Text: e.Text, Hint: e.Hint, Facts: e.Facts}
}

var codeForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9_]{1,40}$`) })

// Longest words taken over from the other side, in characters.
const maxText, maxFact = 1000, 300

// FromInfo reads the message form of an error, cleaned. A code that has not the form of one counts as internal; nil gives nil.
func FromInfo(info *v1.ErrorInfo) *keyshift.Error {
	if info == nil {
		return nil
	}
	e := &keyshift.Error{Code: keyshift.Code(info.GetCode()), Text: keyshift.CleanText(info.GetText(), maxText), Hint: keyshift.CleanText(info.GetHint(), maxText)}
	if !codeForm().MatchString(info.GetCode()) {
		e.Code = keyshift.CodeInternal
	}
	for name, value := range info.GetFacts() {
		e = e.With(keyshift.CleanText(name, maxFact), keyshift.CleanText(value, maxFact))
	}
	return e
}

// SetCodeHeader writes the code of err into h, which is an http.Header or a *connect.Header. Without an error it does
// nothing.
func SetCodeHeader(h interface{ Set(key, value string) }, err error) {
	if err != nil {
		h.Set(CodeHeader, string(public(err).Code))
	}
}
