package browsertest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// authority is a CA for one Fixture, and the key that all its sites share, so that one pin covers them.
type authority struct {
	root    *x509.Certificate
	rootKey crypto.Signer
	siteKey *ecdsa.PrivateKey
	made    *sync.Map // host name to *tls.Certificate
}

func newAuthority() (authority, error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, fmt.Errorf("make CA: %w", err)
	}
	siteKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, fmt.Errorf("make key of sites: %w", err)
	}
	template := leaf("Keyshift test CA")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, rootKey.Public(), rootKey)
	if err != nil {
		return authority{}, fmt.Errorf("make CA: %w", err)
	}
	root, err := x509.ParseCertificate(der)
	return authority{root, rootKey, siteKey, &sync.Map{}}, err
}

func leaf(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62)) // crypto/rand does not fail
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(48 * time.Hour),
	}
}

// certificate is for tls.Config: a certificate for whatever host is asked for.
func (a authority) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	host := hello.ServerName
	if c, ok := a.made.Load(host); ok {
		return c.(*tls.Certificate), nil
	}
	template := leaf(host)
	template.DNSNames, template.ExtKeyUsage = []string{host}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, a.root, a.siteKey.Public(), a.rootKey)
	if err != nil {
		return nil, fmt.Errorf("make certificate of %s: %w", host, err)
	}
	c, _ := a.made.LoadOrStore(host, &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.siteKey})
	return c.(*tls.Certificate), nil
}

// SPKI is the pin of every site's key, in the form of Chromium's --ignore-certificate-errors-spki-list.
func (a authority) SPKI() string {
	der, err := x509.MarshalPKIXPublicKey(a.siteKey.Public())
	if err != nil {
		return "" // not for a key of this kind
	}
	sum := sha256.Sum256(der)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Roots trusts the sites, for a client in Go.
func (a authority) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}
