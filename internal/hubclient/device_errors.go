package hubclient

import (
	"crypto/x509"
	"errors"

	"connectrpc.com/connect/v2"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

var (
	errUnreachable = keyshift.Refuse(keyshift.CodeHubUnreachable, "The hub cannot be reached.",
		"Check the network connection. What you hold now ends by itself if the hub stays out of reach.")
	errCertificate = keyshift.Refuse(keyshift.CodeHubUnreachable, "The hub's certificate is not one that this computer trusts.",
		"Check the date and time of this computer, and ask your admin about the hub's certificate.")
	errIdentity = keyshift.Refuse(keyshift.CodeHubIdentityChanged, "Who answered is not the hub that this device enrolled with.",
		"Do not continue. Tell your admin. If the hub was set up anew, unenroll and enroll again with a new code.")
)

// notReached explains a failed connection.
func notReached(err error) error {
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.Is(err, errPin):
		return errIdentity.Because(err)
	case errors.As(err, &unknown), errors.As(err, &hostname), errors.As(err, &invalid):
		return errCertificate.Because(err)
	}
	return errUnreachable.Because(err)
}

// deviceError makes a [keyshift.Error] of what a call gave. What did not come from the hub is a missing answer.
func deviceError(err error) error {
	if e, ok := errors.AsType[*keyshift.Error](err); ok {
		return e
	}
	if c, ok := errors.AsType[*connect.Error](err); ok && c.IsRemote() {
		return api.FromConnect(err)
	}
	return errUnreachable.Because(err)
}
