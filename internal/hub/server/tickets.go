package server

import (
	"crypto"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// tickets let a device that was here before come back without signature and certificate (RFC 8446, 2.2). Their keys follow from the
// key of the certificate, so every replica knows the tickets of the others, and a hub those from before its restart: when all devices come
// back at once. There is a new key each day. Who has the key of the certificate can pretend to be the hub with or without them, and
// needs the exchange of keys that goes with each ticket to read what was said before.
type tickets struct {
	secret []byte
	now    func() time.Time
	// config is for who can have tickets; plain for TLS 1.2, where a stolen key would open what was recorded.
	config, plain *tls.Config

	mu  sync.Mutex
	day int64
}

func newTickets(key crypto.PrivateKey, config *tls.Config, now func() time.Time) (*tickets, error) {
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode TLS key: %w", err)
	}
	plain := config.Clone()
	plain.SessionTicketsDisabled = true
	return &tickets{secret: secret, now: now, config: config, plain: plain, day: -1}, nil
}

// forClient gives the configuration for who says hello.
func (t *tickets) forClient(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if !slices.Contains(hello.SupportedVersions, tls.VersionTLS13) {
		return t.plain, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if day := t.now().Unix() / (24 * 60 * 60); day != t.day {
		keys, err := t.keys(day)
		if err != nil {
			return nil, err
		}
		t.config.SetSessionTicketKeys(keys)
		t.day = day
	}
	return t.config, nil
}

// keys are that of a day, of the day before, and of the day after, which may have begun on another replica.
func (t *tickets) keys(day int64) (keys [][32]byte, err error) {
	for _, d := range []int64{day, day - 1, day + 1} {
		key, err := hkdf.Key(sha256.New, t.secret, nil, "keyshift TLS tickets of day "+strconv.FormatInt(d, 10), 32)
		if err != nil {
			return nil, fmt.Errorf("derive ticket key: %w", err)
		}
		keys = append(keys, [32]byte(key))
	}
	return keys, nil
}
