package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
)

// ownCertificate gives the hub's own certificate, made on the first start and kept sealed in the database, so that all
// replicas present the same one. Nobody checks its name or dates: devices know its key by the pin in their code.
func ownCertificate(ctx context.Context, h *hub.Hub) (tls.Certificate, error) {
	cert, key, err := h.TLSKey()
	if err == nil && len(key) == 0 {
		if cert, key, err = newCertificate(h.Now()); err == nil {
			err = h.SaveTLSKey(ctx, cert, key)
		}
		if err == nil {
			cert, key, err = h.TLSKey() // another replica's pair may have won
		}
	}
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("get own certificate: %w", err)
	}
	private, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("parse own TLS key: %w", err)
	}
	leaf, err := x509.ParseCertificate(cert)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("parse own certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{cert}, PrivateKey: private, Leaf: leaf}, nil
}

func newCertificate(now time.Time) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make TLS key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, fmt.Errorf("make serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Keyshift hub"}, DNSNames: []string{"keyshift-hub"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(20, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if cert, err = x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private); err != nil {
		return nil, nil, fmt.Errorf("make certificate: %w", err)
	}
	if key, err = x509.MarshalPKCS8PrivateKey(private); err != nil {
		return nil, nil, fmt.Errorf("encode TLS key: %w", err)
	}
	return cert, key, nil
}

// pin is what a code carries of an own certificate: the SHA-256 of its public key (RFC 7469, 2.4).
func pin(c tls.Certificate) []byte {
	sum := sha256.Sum256(c.Leaf.RawSubjectPublicKeyInfo)
	return sum[:]
}
