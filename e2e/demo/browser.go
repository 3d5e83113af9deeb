//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/keyshift-hq/keyshift/extension"
	"github.com/keyshift-hq/keyshift/internal/browsertest"
)

// practiceHost is where the practice network is, for the demo's browsers alone.
const practiceHost = "practice.example.com"

// visible tells whether there is a display.
func visible() bool { return os.Getenv("DISPLAY") != "" }

// prepareBrowser builds the extension, and writes the program that the agent is to start as work browser: the installed
// Chromium, for which the practice network's name leads to the hub and no other name leads anywhere, and which trusts the
// hub's own certificate. Nothing of that is outside the demo's folder.
func (d *demo) prepareBrowser() error {
	var err error
	if d.hubPin, err = pinOf(d.ctx, d.hubAddress()); err != nil {
		return err
	}
	if err := extension.Build(extension.Options{Source: d.extension, Out: d.path("extension"), Version: "demo", Hosts: []string{practiceHost}}); err != nil {
		return err
	}
	return browsertest.Launcher(d.launcher(), browsertest.Options{
		Kind: browsertest.Chromium, Visible: visible(), Env: append(d.displayEnv(), "HOME="+d.path("home")), Args: d.chromiumArgs(),
	})
}

func (d *demo) hubAddress() string { return strings.TrimPrefix(d.hubURL, "https://") }

// chromiumArgs lead to the practice network and nowhere else. With a display, what the demo needs is not announced above
// the pages, and the window is one of the X server's, as DISPLAY says.
func (d *demo) chromiumArgs() []string {
	args := []string{
		"--host-resolver-rules=MAP " + practiceHost + " " + d.hubAddress() + ", MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
		"--ignore-certificate-errors-spki-list=" + d.hubPin,
	}
	if visible() {
		args = append(args, "--test-type", "--ozone-platform=x11")
	}
	return args
}

// longestTmp is how long the path of a folder for temporary files may be: Chromium makes a socket in a folder there, and the
// path of a socket has at most 107 bytes (unix(7)).
const longestTmp = 60

// displayEnv leads to the display, also from another home folder; caches and temporary files are the demo's.
func (d *demo) displayEnv() []string {
	env := []string{"XDG_CACHE_HOME=" + d.path("home/.cache")}
	if tmp := d.path("tmp"); len(tmp) <= longestTmp {
		env = append(env, "TMPDIR="+tmp)
	}
	if !visible() {
		return env
	}
	authority := os.Getenv("XAUTHORITY")
	if home, err := os.UserHomeDir(); err == nil && authority == "" {
		authority = filepath.Join(home, ".Xauthority")
	}
	return append(env, "DISPLAY="+os.Getenv("DISPLAY"), "XAUTHORITY="+authority)
}

// launcher is the work browser's program; its name says of which kind it is.
func (d *demo) launcher() string { return d.path("browser/chromium") }

// extensionDir is the unpacked extension.
func (d *demo) extensionDir() string { return d.path("extension/chromium") }

// pinOf is the hash of the key of a server's certificate, as Chromium wants it.
func pinOf(ctx context.Context, address string) (string, error) {
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // our own hub, which was started just now
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return "", fmt.Errorf("look at the hub's certificate: %w", err)
	}
	defer conn.Close()
	tlsConn, ok := conn.(*tls.Conn)
	if !ok {
		return "", errors.New("look at the hub's certificate: no TLS")
	}
	sum := sha256.Sum256(tlsConn.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// workFolders are the folders of work browsers that there are.
func (d *demo) workFolders() []string {
	found, _ := filepath.Glob(d.path("state/keyshift*/work/*")) // the pattern is good
	return found
}

// browserHint says what there is to do in a work browser that is opened.
func browserHint() string {
	if visible() {
		return "sign in yourself: press what the pages ask for"
	}
	return "works without a window here: there is no display"
}

// closeBrowsers ends what an agent that was stopped too early left running.
func (d *demo) closeBrowsers() error {
	for _, folder := range d.workFolders() {
		var note struct{ PID int }
		if text, err := os.ReadFile(filepath.Join(folder, "keyshift-browser.json")); err == nil && json.Unmarshal(text, &note) == nil && note.PID > 1 {
			_ = syscall.Kill(-note.PID, syscall.SIGKILL) // it may be gone
		}
	}
	return nil
}
