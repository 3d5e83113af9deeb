// Package hubtest gives tests the outside of a hub: a TLS server with a certificate of its own, whose answers carry
// real signatures. What it answers is the test's own [keyshiftv1connect.AgentServiceHandler].
//
// A [Hub] checks the signature of every request with the key that Devices gives for its device id, as the real hub
// does, but keeps no sequence numbers.
package hubtest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/httpsig"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// ID is the id of every Hub.
const ID = "01890a5d-ac96-774b-bcce-b302099a8057"

// Hub is the outside of a hub. Set the fields before the first request.
type Hub struct {
	// Key signs the answers, unless SignWith has given another.
	Key ed25519.PrivateKey
	// Now is the hub's clock; nil is the real one.
	Now func() time.Time
	// Device gives the key of a device, for every request but Enroll; nil lets everything in.
	Device func(id string) ed25519.PublicKey
	// Around may wrap the whole hub, for faults: a proxy.
	Around func(http.Handler) http.Handler

	server *httptest.Server
	net    *memory
	other  atomic.Pointer[ed25519.PrivateKey]
	conns  atomic.Int64
}

// New makes a hub with a fresh key that answers with handler. Start it.
func New(tb testing.TB, handler keyshiftv1connect.AgentServiceHandler) *Hub {
	tb.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	h := &Hub{Key: key}
	services := connect.NewServer()
	keyshiftv1connect.RegisterAgentServiceHandler(services, handler)
	keyshiftv1connect.RegisterAuthServiceHandler(services, &greeter{hub: h})
	mux := http.NewServeMux()
	connecthttp.Mount(mux, services)
	h.server = httptest.NewUnstartedServer(h.signed(mux))
	h.server.Config.ErrorLog = log.New(io.Discard, "", 0) // tests break connections on purpose
	h.server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate(tb)}, MinVersion: tls.VersionTLS13}
	return h
}

// Start serves on a port of this computer until the test ends.
func (h *Hub) Start(tb testing.TB) *Hub {
	h.start()
	tb.Cleanup(h.Stop)
	return h
}

// StartInMemory serves without a network, so that it works in a testing/synctest bubble. Call Stop before the bubble
// ends, and take the client from [Hub.Client].
func (h *Hub) StartInMemory() *Hub {
	h.net = &memory{conns: make(chan net.Conn), done: make(chan struct{})}
	_ = h.server.Listener.Close()
	h.server.Listener = h.net
	h.server.TLS.SessionTicketsDisabled = true // a pipe has no room for the ticket while the other side finishes its handshake
	h.start()
	return h
}

func (h *Hub) start() {
	if h.Around != nil {
		h.server.Config.Handler = h.Around(h.server.Config.Handler)
	}
	h.server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			h.conns.Add(1)
		}
	}
	h.server.StartTLS()
}

// Connections counts those that were opened so far.
func (h *Hub) Connections() int { return int(h.conns.Load()) }

// Stop ends the server.
func (h *Hub) Stop() {
	h.server.CloseClientConnections()
	h.server.Close()
}

// Drop breaks every connection, as a hub does that is restarted.
func (h *Hub) Drop() { h.server.CloseClientConnections() }

// Target is how a device knows the hub.
func (h *Hub) Target() hubclient.Target {
	pin := sha256.Sum256(leaf(h.server.TLS).RawSubjectPublicKeyInfo)
	return hubclient.Target{URL: h.server.URL, HubID: ID, HubKey: h.Key.Public().(ed25519.PublicKey), TLSPin: pin[:]}
}

// Client is the HTTP client that reaches a hub started in memory.
func (h *Hub) Client(target hubclient.Target) *http.Client {
	client := hubclient.NewHTTPClient(target)
	if h.net != nil {
		client.Transport.(*http.Transport).DialContext = h.net.dial
	}
	return client
}

// SignWith makes somebody else answer in the hub's name from now on; nil brings the hub back.
func (h *Hub) SignWith(key ed25519.PrivateKey) {
	if key == nil {
		h.other.Store(nil)
		return
	}
	h.other.Store(&key)
}

func (h *Hub) key() ed25519.PrivateKey {
	if other := h.other.Load(); other != nil {
		return *other
	}
	return h.Key
}

func (h *Hub) now() time.Time {
	if h.Now == nil {
		return time.Now()
	}
	return h.Now()
}

// signed is the hub's edge: it checks who asks and signs what is answered.
func (h *Hub) signed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "what?", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if r.URL.Path == keyshiftv1connect.AuthServiceGetHubProcedure { // for everybody, and not signed
			next.ServeHTTP(w, r)
			return
		}
		if !h.genuine(r, body) {
			h.answer(w, r, http.HandlerFunc(refuse))
			return
		}
		if r.URL.Path == keyshiftv1connect.AgentServiceWatchProcedure {
			next.ServeHTTP(w, r)
			return
		}
		h.answer(w, r, next)
	})
}

// refuse is what a hub answers when a signature is not right. That answer is signed too, if the request looks signed.
func refuse(w http.ResponseWriter, r *http.Request) {
	err := api.ToConnect(keyshift.Refuse(keyshift.CodeBadSignature, "The signature is not right.", "Try again."))
	_ = connecthttp.NewErrorWriter().Write(w, r, err)
}

func (h *Hub) genuine(r *http.Request, body []byte) bool {
	claim, err := httpsig.ParseRequest(r)
	if err != nil {
		return false
	}
	if h.Device == nil || r.URL.Path == keyshiftv1connect.AgentServiceEnrollProcedure {
		return true
	}
	return claim.HubID == ID && claim.Verify(r, body, h.Device(claim.DeviceID)) == nil
}

func (h *Hub) answer(w http.ResponseWriter, r *http.Request, next http.Handler) {
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	if err := httpsig.SignResponse(rec.Header(), rec.Code, rec.Body.Bytes(), r, ID, h.key(), h.now()); err != nil {
		rec.Header().Set("Keyshift-Unsigned", err.Error()) // only a request without a signature gets such an answer
	}
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

// greeter tells whom one talks to.
type greeter struct {
	keyshiftv1connect.UnimplementedAuthServiceHandler
	hub *Hub
}

func (g *greeter) GetHub(context.Context, *v1.GetHubRequest) (*v1.GetHubResponse, error) {
	return &v1.GetHubResponse{HubId: ID, HubName: "Acme Inc", SigningKey: g.hub.key().Public().(ed25519.PublicKey)}, nil
}

// certificate makes what a hub makes for itself: a name that nobody checks, and no issuer.
func certificate(tb testing.TB) tls.Certificate {
	tb.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a hub in a test"}, NotAfter: time.Now().AddDate(1, 0, 0)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		tb.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: private}
}

func leaf(c *tls.Config) *x509.Certificate {
	cert, err := x509.ParseCertificate(c.Certificates[0].Certificate[0])
	if err != nil {
		panic(err)
	}
	return cert
}
