//go:build unix

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring"
)

func TestATokenFileTakesTheKeyringsPlace(t *testing.T) {
	d := sit(t)
	d.ring.FailWith(osring.ErrUnavailable)
	path := filepath.Join(d.dir, "token")
	d.run(d.hub.code(keyshift.LoginCode), "login", "--token-file", path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("got %v, %v, want mode 0600", info, err)
	}
	d.run("", "whoami") // the profile remembers the file
	d.run("", "whoami", "--token-file", path)
	d.run("", "logout")
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("after logout: %v", err)
	}
	d.run("", "whoami")
	d.golden("token-file")
}

func TestATokenFileThatOthersCanUseIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		spoil  func(path string) error
		want   api.Exit
		saying string
	}{
		{"readable by the group", func(p string) error { return os.Chmod(p, 0o640) }, api.ExitBadInput, "can be read by other users"},
		{"readable by all", func(p string) error { return os.Chmod(p, 0o604) }, api.ExitBadInput, "can be read by other users"},
		{"writable by others", func(p string) error { return os.Chmod(p, 0o602) }, api.ExitBadInput, "can be changed by other users"},
		{"of another user", func(p string) error { return os.Chown(p, 12345, 12345) }, api.ExitBadInput, "belongs to another user"},
		{"a folder", func(p string) error { return replaceByFolder(p) }, api.ExitBadInput, "is not a plain file"},
		{"something else", func(p string) error { return os.WriteFile(p, []byte("-----BEGIN KEY-----\n"), 0o600) }, api.ExitBadInput, "does not hold a token"},
		{"gone", os.Remove, api.ExitNoRight, "not logged in"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := sit(t)
			path := filepath.Join(d.dir, "token")
			d.run(d.hub.code(keyshift.LoginCode), "login", "--token-file", path)
			if err := tt.spoil(path); err != nil {
				t.Fatal(err)
			}
			if got := d.run("", "whoami"); got.exit != tt.want || !strings.Contains(got.err, tt.saying) {
				t.Errorf("got %+v, want %d saying %q", got, tt.want, tt.saying)
			}
		})
	}
}

func replaceByFolder(path string) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	return os.Mkdir(path, 0o700)
}

func TestALoginThatMovesEndsTheOldTokenWhereItWas(t *testing.T) {
	d := loggedIn(t)
	path := filepath.Join(d.dir, "token")
	for _, tt := range []struct {
		args   []string
		inFile bool
		inRing int
		ended  int
	}{{[]string{"login", "--token-file", path}, true, 0, 1}, {[]string{"login"}, false, 1, 2}} {
		if got := d.run(d.hub.code(keyshift.LoginCode), tt.args...); got.exit != api.ExitOK || got.err != "" {
			t.Fatalf("%v: got %+v", tt.args, got)
		}
		_, err := os.Stat(path)
		if (err == nil) != tt.inFile || len(d.ring.Keys()) != tt.inRing {
			t.Errorf("%v: file %v, keyring %v", tt.args, err, d.ring.Keys())
		}
		if got := count[v1.LogoutRequest](d.hub); got != tt.ended {
			t.Errorf("%v: %d logins were ended, want %d", tt.args, got, tt.ended)
		}
	}
}

func count[Q any](h *fakeHub) (n int) {
	for _, q := range h.asked {
		if _, ok := q.(*Q); ok {
			n++
		}
	}
	return n
}

func TestLoginDoesNotReplaceSomethingElse(t *testing.T) {
	d := sit(t)
	path := filepath.Join(d.dir, "novel.txt")
	if err := os.WriteFile(path, []byte("Call me Ishmael."), 0o600); err != nil {
		t.Fatal(err)
	}
	got := d.run(d.hub.code(keyshift.LoginCode), "login", "--token-file", path)
	text, err := os.ReadFile(path)
	if got.exit != api.ExitBadInput || err != nil || string(text) != "Call me Ishmael." || len(d.hub.asked) != 0 {
		t.Errorf("got %+v, the file is %q, %v; the hub was asked %v", got, text, err, d.hub.asked)
	}
	if got := d.run(d.hub.code(keyshift.LoginCode), "login", "--token-file", filepath.Join(d.dir, "no", "such", "folder")); got.exit != api.ExitBadInput || len(d.hub.asked) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestAProfileThatOthersCanChangeIsRefused(t *testing.T) {
	d := loggedIn(t)
	path := filepath.Join(d.dir, "config", profileName)
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	before := len(d.hub.asked)
	if got := d.run("", "whoami"); got.exit != api.ExitBadInput || len(d.hub.asked) != before {
		t.Errorf("got %+v", got)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := d.run("", "whoami"); got.exit != api.ExitBadInput || !strings.Contains(got.err, "damaged") {
		t.Errorf("got %+v", got)
	}
}
