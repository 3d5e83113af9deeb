// Package hubclient is the typed client of the hub: for an enrolled device, which signs what it asks, and for people
// with an API token.
//
// # A device
//
// [NewDevice] gives a [Device]. Each request is signed with the device key under a fresh sequence number (package
// httpsig). Each unary answer, a refusal too, has to carry the hub's own signature over exactly this request; the
// signature is checked before a byte of the answer is decoded, and the hub's time in it is handed to the caller as a
// [Contact]. Use [Ask] to call a method:
//
//	answer, contact, err := hubclient.Ask(ctx, device.Sync, &v1.SyncRequest{})
//
// Errors of Ask are always a [keyshift.Error]:
//
//   - what the hub itself refused, with its code, text, hint and facts;
//   - hub_identity_changed: somebody answered who is not the hub that this device enrolled with;
//   - hub_unreachable: no answer at all, or one of a proxy between us and the hub. An error page without a signature
//     is nobody's word, so nothing follows from it.
//
// The stream of [Device.Watch] is not signed, and says no more than "ask now": believing it costs one question.
//
// # TLS
//
// A [Target] with a TLS pin accepts exactly the certificate key with that hash, whatever name or issuer the
// certificate has. Without one, the system's roots decide. Either way it is the signatures that make an answer the
// hub's: a proxy that opens TLS can read neither secret nor lease terms out of it, nor change them.
package hubclient

import (
	"crypto/ed25519"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/proto"

	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
)

// EnrollHubID stands for the hub's id in the one request that is sent before the id is known.
const EnrollHubID = "enroll"

// Target is a hub as a device knows it.
type Target struct {
	// URL is the hub's address, https://host[:port].
	URL string
	// HubID is the id that requests are signed for and answers are signed by; "" while enrolling, when any id will do
	// that the key vouches for.
	HubID string
	// HubKey is the Ed25519 key that signs the hub's answers.
	HubKey ed25519.PublicKey
	// TLSPin is the SHA-256 of the hub's certificate key (SubjectPublicKeyInfo); empty leaves it to the system's roots.
	TLSPin []byte
}

// Contact is one signed word of the hub about the time.
type Contact struct {
	// HubTime is the hub's clock when it answered.
	HubTime time.Time
	// Asked is our own time just before the request left. The hub answered after it, however long somebody held the
	// answer back.
	Asked bootclock.Reading
}

// DeviceConfig says who asks whom. All fields but HTTP, OnContact and OnSend are required.
type DeviceConfig struct {
	Target   Target
	DeviceID string
	Key      ed25519.PrivateKey
	// Sequence gives the next number to sign with. Each is given out once in the life of the device.
	Sequence func() (uint64, error)
	Clock    bootclock.Clock
	// HTTP is the client below the signatures; nil is NewHTTPClient(Target). Its redirects and cookies are not used.
	HTTP *http.Client
	// OnContact hears of every answer that the hub signed, before the caller of the method does. It may be nil.
	OnContact func(Contact)
	// OnSend hears of every message before it is sent, under the name of its method ("Sync"), and must not keep it. What it
	// gives is called once the message has left this computer, on any goroutine. It may be nil.
	OnSend func(method string, message proto.Message) (left func())
}

// Device asks the hub in the name of an enrolled device. It is safe for concurrent use.
type Device struct {
	keyshiftv1connect.AgentServiceClient
	http *http.Client
}

// maxAnswer is the largest answer that is read, in bytes.
const maxAnswer = 4 << 20

// NewDevice makes a client. It opens no connection.
func NewDevice(c DeviceConfig) *Device {
	if c.HTTP == nil {
		c.HTTP = NewHTTPClient(c.Target)
	}
	below := c.HTTP.Transport
	if below == nil {
		below = http.DefaultTransport
	}
	client := &http.Client{Transport: &signer{DeviceConfig: c, below: below}, CheckRedirect: refuseRedirect}
	transport := connecthttp.NewTransport(client, strings.TrimSuffix(c.Target.URL, "/"),
		connecthttp.WithCompressors(), connecthttp.WithReadMaxBytes(maxAnswer))
	var interceptors []connect.ClientInterceptor
	if c.OnSend != nil {
		interceptors = append(interceptors, noteSent(c.OnSend))
	}
	return &Device{AgentServiceClient: keyshiftv1connect.NewAgentServiceClient(connect.NewClient(transport, interceptors...)), http: c.HTTP}
}

// Close gives idle connections back. The device can be used on.
func (d *Device) Close() { d.http.CloseIdleConnections() }

// refuseRedirect leaves a redirect as the answer it is: our signature names a path, and the hub sends nobody elsewhere.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
