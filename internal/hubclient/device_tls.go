package hubclient

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"
)

// NewHTTPClient makes the real HTTP client for a hub: HTTP/1.1, because one stream and a few short calls need no more
// and HTTP/2 costs a third more memory, through the proxy that the system names.
func NewHTTPClient(target Target) *http.Client {
	// A connection whose other end went away without a word is given up by the system before the next sync needs it.
	alive := net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 3 * time.Second, Count: 3}
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAliveConfig: alive}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Client{Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        tlsConfig(target.TLSPin),
		TLSHandshakeTimeout:    10 * time.Second,
		Protocols:              protocols,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		ReadBufferSize:         2 << 10,
		WriteBufferSize:        2 << 10,
	}}
}

var errPin = errors.New("the certificate key is not the one that the code named")

// tlsConfig accepts the pinned certificate key, or what the system's roots vouch for when there is no pin. It keeps the hub's last
// ticket: the next connection costs both sides less.
func tlsConfig(pin []byte) *tls.Config {
	tickets := tls.NewLRUClientSessionCache(1)
	if len(pin) == 0 {
		return &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tickets}
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, ClientSessionCache: tickets,
		// The pin decides alone. The hub made this certificate itself: it has no issuer to check, and its name may be an
		// address that changed. The handshake proves that the peer has the key; the hash says that it is the right key.
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection below checks more strictly, and also on resumption
		VerifyConnection:   func(s tls.ConnectionState) error { return checkPin(s, pin) },
	}
}

func checkPin(s tls.ConnectionState, pin []byte) error {
	if len(s.PeerCertificates) == 0 {
		return errPin
	}
	if sum := sha256.Sum256(s.PeerCertificates[0].RawSubjectPublicKeyInfo); !bytes.Equal(sum[:], pin) {
		return errPin
	}
	return nil
}
