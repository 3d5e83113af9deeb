package server

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Config is how a hub is served. DataDir, KEKFile and Listen are needed.
type Config struct {
	// DataDir holds the SQLite database and the reserve file; it is created for its owner alone.
	DataDir string
	// Database is a postgres:// address; empty means SQLite in DataDir.
	Database string
	// KEKFile is the key-encryption key. It is created on the first start and must not lie in DataDir.
	KEKFile string
	// Listen is an address like ":8443".
	Listen string
	// PublicURL is how devices reach the hub; empty means https://, this computer's name or Listen's host, and the port.
	PublicURL string
	// Name is what people call the hub; used on the first start.
	Name string
	// CertFile and KeyFile are a publicly trusted certificate; empty means the hub's own, pinned in codes.
	CertFile, KeyFile string
	// PlainHTTP serves without TLS: only on this computer itself or behind Proxies.
	PlainHTTP bool
	// Proxies are the networks of reverse proxies whose X-Forwarded-For counts.
	Proxies []netip.Prefix
	// Practice is the host name under which the practice network is served beside the hub; empty means not at all.
	Practice string
	// Host is this computer's name, for PublicURL.
	Host    string
	Version string
	Limits  hub.Limits
	Log     *slog.Logger
	// Clock is the hub's clock; nil means the real one.
	Clock func() time.Time
}

func (c Config) sqlitePath() string  { return filepath.Join(c.DataDir, "hub.db") }
func (c Config) reservePath() string { return filepath.Join(c.DataDir, "reserve") }

// publicURL is the address that codes carry.
func (c Config) publicURL(addr net.Addr) (string, error) {
	if c.PublicURL != "" {
		return strings.TrimSuffix(c.PublicURL, "/"), keyshift.ValidateHubURL(c.PublicURL)
	}
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return "", fmt.Errorf("derive public address: %v is not a TCP address", addr)
	}
	host, scheme := c.Host, "https"
	if !tcp.IP.IsUnspecified() {
		host = tcp.IP.String()
	}
	if c.PlainHTTP {
		scheme = "http"
	}
	url := fmt.Sprintf("%s://%s", scheme, net.JoinHostPort(host, fmt.Sprint(tcp.Port)))
	return url, keyshift.ValidateHubURL(url)
}
