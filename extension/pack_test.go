package extension

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/extensionid"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// crxKey makes a key on the spot, and gives its file and the id that it makes.
func crxKey(t *testing.T) (file, id string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, extensionid.Of(public)
}

func TestChromiumPacksACRX(t *testing.T) {
	chromium, err := browsertest.Program(browsertest.Chromium)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(built(t, Options{Version: "v1.2.3", NoKey: true}), Chromium)
	if m, _ := manifestOf(t, dir); m.Key != "" {
		t.Fatal("the manifest has a key that is not the crx's")
	}
	keyFile, id := crxKey(t)
	file, err := PackCRX(t.Context(), chromium, dir, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	crx, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(crx, []byte("Cr24")) || binary.LittleEndian.Uint32(crx[4:]) != 3 {
		t.Errorf("the file begins %q, want a crx of version 3", crx[:8])
	}
	if !bytes.Contains(crx, idBytes(id)) {
		t.Errorf("the crx does not name the id %s", id)
	}
	if bytes.Contains(crx, []byte("PRIVATE KEY")) {
		t.Error("the crx has the private key in it")
	}
}

// idBytes is an id as the header of a crx has it.
func idBytes(id string) []byte {
	raw := make([]byte, len(id)/2)
	for i := range raw {
		raw[i] = (id[2*i]-'a')<<4 | (id[2*i+1] - 'a')
	}
	return raw
}

// TestEverySitePackIsWithinThePermissions: a network that the extension may not read could be neither filled in nor cleaned.
func TestEverySitePackIsWithinThePermissions(t *testing.T) {
	m, _ := manifestOf(t, filepath.Join(built(t, Options{Version: "v1.2.3"}), Chromium))
	for _, network := range pack.EmbeddedNetworks() {
		p, _ := pack.Embedded(network)
		hosts, domains := p.Reach(true)
		for _, host := range append(hosts, domains...) {
			if !readable(m.Hosts, host) {
				t.Errorf("%s: there is no permission for %s", network, host)
			}
		}
	}
}

func readable(patterns []string, host string) bool {
	for _, p := range patterns {
		domain := strings.TrimSuffix(strings.TrimPrefix(p, "https://*."), "/*")
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}
