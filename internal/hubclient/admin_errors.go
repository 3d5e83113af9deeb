package hubclient

import (
	"context"
	"crypto/x509"
	"errors"

	"connectrpc.com/connect/v2"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

var (
	errNoHub = keyshift.Refuse(keyshift.CodeHubUnreachable, "The hub does not answer.",
		"Check the network connection, and on the hub's computer whether keyshift-hub serve runs.")
	errHubCertificate = keyshift.Refuse(keyshift.CodeHubUnreachable, "The hub's certificate is not one that this computer trusts.",
		"Check the date and time of this computer. If the hub has another certificate now, log in again with a new code.")
	errOtherHub = keyshift.Refuse(keyshift.CodeHubIdentityChanged, "Who answered is not the hub that your code named.",
		"Do not continue, and tell who runs the hub. If the hub was set up anew, log in again with a new code.")
)

// unanswered explains a failed connection.
func unanswered(err error) error {
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.Is(err, errPin):
		return errOtherHub.Because(err)
	case errors.Is(err, context.Canceled):
		return err // the caller gave up; nothing is wrong with the hub
	case errors.As(err, &unknown), errors.As(err, &hostname), errors.As(err, &invalid):
		return errHubCertificate.Because(err)
	}
	return errNoHub.Because(err)
}

// adminError makes a [keyshift.Error] of what a call under ctx gave. It matches [context.Canceled] if the caller gave up.
func adminError(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return api.FromConnect(context.Canceled)
	}
	if e, ok := errors.AsType[*keyshift.Error](err); ok {
		return e
	}
	c, ok := errors.AsType[*connect.Error](err)
	if ok && (c.IsRemote() || fromBetween(c)) {
		return api.FromConnect(err)
	}
	return errNoHub.Because(err)
}

// fromBetween reports whether something between us and the hub answered with a verdict of its own, so that repeating
// the question gives the same. The statuses of a proxy that misses the hub are not among them.
func fromBetween(c *connect.Error) bool {
	switch c.Code() {
	case connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeUnimplemented, connect.CodeResourceExhausted:
		return true
	}
	return false
}
