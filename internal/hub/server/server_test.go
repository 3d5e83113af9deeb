package server_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/hub/server"
	"github.com/keyshift-hq/keyshift/internal/kek"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func config(t *testing.T) server.Config {
	dir := t.TempDir()
	return server.Config{DataDir: filepath.Join(dir, "data"), KEKFile: filepath.Join(dir, "key", "kek.json"), Listen: "127.0.0.1:0", Name: "Acme", Host: "hub.example"}
}

// once opens a hub and closes it again.
func once(t *testing.T, c server.Config) (*server.Server, error) {
	t.Helper()
	s, err := server.Open(t.Context(), c)
	if err == nil {
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return s, err
}

func TestAFirstStartMakesEverythingForItsOwnerAlone(t *testing.T) {
	c := config(t)
	s, err := once(t, c)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{c.DataDir: 0o700, filepath.Join(c.DataDir, "hub.db"): 0o600, c.KEKFile: 0o400} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want mode %o", path, info.Mode().Perm(), err, want)
		}
	}
	code, err := s.FirstOwnerCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if i, err := keyshift.ParseInvitation(code); err != nil || i.Kind != keyshift.FirstOwnerCode || i.HubURL != s.URL() || len(i.TLSPin) == 0 {
		t.Errorf("first-owner code: %+v, %v, want the hub's address and pins", i, err)
	}
}

func TestASecondStartIsTheSameHub(t *testing.T) {
	c := config(t)
	first, err := server.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	id, pin := first.Hub.ID(), first.Hub.TLSPin
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := once(t, c)
	if err != nil || second.Hub.ID() != id || string(second.Hub.TLSPin) != string(pin) {
		t.Errorf("second start: %v, want the same id and certificate key", err)
	}
}

func TestPlainHTTPIsNotServedToStrangers(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, tt := range []struct {
		name, listen string
		proxies      []netip.Prefix
		ok           bool
	}{
		{"this computer", "127.0.0.1:0", nil, true},
		{"everybody", "0.0.0.0:0", nil, false},
		{"everybody, behind a listed proxy", "0.0.0.0:0", proxies, true},
	} {
		c := config(t)
		c.PlainHTTP, c.Listen, c.Proxies, c.PublicURL = true, tt.listen, tt.proxies, "https://hub.example"
		if _, err := once(t, c); (err == nil) != tt.ok {
			t.Errorf("%s: %v, want served = %v", tt.name, err, tt.ok)
		}
	}
}

// Each row makes a start impossible; the text has to say what is wrong with what.
func TestAStartThatMustNotBeIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, c *server.Config)
		says  string
	}{
		{"the key is gone", func(t *testing.T, c *server.Config) { remove(t, c.KEKFile) }, "is not there, but the database has a hub"},
		{"another key", func(t *testing.T, c *server.Config) {
			remove(t, c.KEKFile)
			if err := kek.Create(c.KEKFile); err != nil {
				t.Fatal(err)
			}
		}, "needs version 1"},
		{"the key lies beside the database", func(t *testing.T, c *server.Config) {
			inside := filepath.Join(c.DataDir, "kek.json")
			if err := os.Rename(c.KEKFile, inside); err != nil {
				t.Fatal(err)
			}
			c.KEKFile = inside
		}, "data directory"},
		{"everybody may read the key", func(t *testing.T, c *server.Config) {
			if err := os.Chmod(c.KEKFile, 0o644); err != nil { //nolint:gosec // that is the point
				t.Fatal(err)
			}
		}, "chmod"},
		{"a public address that is none", func(_ *testing.T, c *server.Config) { c.PublicURL = "http://hub.example/path" }, "address is not usable"},
		{"a damaged database", func(t *testing.T, c *server.Config) {
			if err := os.WriteFile(filepath.Join(c.DataDir, "hub.db"), []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "damaged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := config(t)
			s, err := server.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			tt.spoil(t, &c)
			if _, err := once(t, c); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Open = %v, want a refusal that says %q", err, tt.says)
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func TestTwoHubsDoNotShareAFile(t *testing.T) {
	c := config(t)
	if _, err := once(t, c); err != nil {
		t.Fatal(err)
	}
	if _, err := once(t, c); err == nil || !strings.Contains(err.Error(), "nother hub is running") {
		t.Errorf("a second hub on the same file: %v, want a refusal", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	s, err := once(t, config(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	cancel()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v", err)
	}
}

// A backup and a rotation of keys do not stop the hub.
func TestTheHubIsLookedAfterWhileItServes(t *testing.T) {
	c := config(t)
	s, err := once(t, c)
	if err != nil {
		t.Fatal(err)
	}
	var backup bytes.Buffer
	if m, err := server.Backup(t.Context(), c, &backup); err != nil || m.HubID != s.Hub.ID() || m.Rows() == 0 {
		t.Fatalf("Backup = %+v, %v", m, err)
	}
	version, err := kek.Rotate(c.KEKFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.OnlyNewestKey(t.Context(), c); keyshift.CodeOf(err) != keyshift.CodeFieldInvalid {
		t.Errorf("before rewrap: %v, want a refusal", err)
	}
	if _, now, err := server.Rewrap(t.Context(), c); err != nil || now != version {
		t.Errorf("Rewrap = version %d, %v, want %d", now, err, version)
	}
	if err := server.OnlyNewestKey(t.Context(), c); err != nil {
		t.Errorf("after rewrap: %v", err)
	}
	if _, err := s.FirstOwnerCode(t.Context()); err != nil {
		t.Errorf("the hub itself: %v", err)
	}
	// The backup is older than the rotation: its hub still needs the old version, which the file has.
	restored := config(t)
	restored.KEKFile = c.KEKFile
	if _, err := server.Restore(t.Context(), restored, &backup); err != nil {
		t.Fatal(err)
	}
	if again, err := once(t, restored); err != nil || again.Hub.ID() != s.Hub.ID() {
		t.Errorf("the restored hub: %v, want the same id", err)
	}
}

// Whoever opens a connection and says nothing must not make an orderly end look like a failure.
func TestASilentConnectionDoesNotSpoilTheEnd(t *testing.T) {
	c := config(t)
	c.PlainHTTP = true
	s, err := once(t, c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	silent, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if resp, err := http.Get(s.URL() + "/healthz"); err != nil || resp.Body.Close() != nil { // by now the other one was accepted too
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
}
