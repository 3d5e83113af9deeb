package hubclient

import (
	"crypto/x509"
	"errors"
	"net/http"
	"strings"

	"connectrpc.com/connect/v2"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

var (
	errUnreachable = keyshift.Refuse(keyshift.CodeHubUnreachable, "The hub cannot be reached.",
		"Check the network connection. What you hold now ends by itself if the hub stays out of reach.")
	errCertificate = keyshift.Refuse(keyshift.CodeHubUnreachable, "The hub's certificate is not one that this computer trusts.",
		"Check the date and time of this computer, and ask your admin about the hub's certificate.")
	errProxy = keyshift.Refuse(keyshift.CodeHubUnreachable, "The network's proxy lets nobody through to the hub.",
		"Check HTTPS_PROXY in the agent's environment, with the login that the proxy wants; then ask your admin.")
	errIdentity = keyshift.Refuse(keyshift.CodeHubIdentityChanged, "Who answered is not the hub that this device enrolled with.",
		"Do not continue. Tell your admin. If the hub was set up anew, unenroll and enroll again with a new code.")
)

// notReached explains a failed connection.
func notReached(err error) error {
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case refusedByProxy(err):
		return errProxy.Because(err)
	case errors.Is(err, errPin):
		return errIdentity.Because(err)
	case errors.As(err, &unknown), errors.As(err, &hostname), errors.As(err, &invalid):
		return errCertificate.Because(err)
	}
	return errUnreachable.Because(err)
}

// refusedByProxy tells a proxy that answers, and says no, from a network that is not there.
func refusedByProxy(err error) bool {
	for _, status := range []int{http.StatusProxyAuthRequired, http.StatusForbidden} {
		if strings.HasSuffix(err.Error(), http.StatusText(status)) { // net/http gives nothing but the text
			return true
		}
	}
	return false
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
