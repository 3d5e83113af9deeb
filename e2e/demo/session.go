//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/osring"
)

// probeService is under which name the keyring is tried.
const probeService = "keyshift-demo"

// profile keeps the demo's login apart from a real one in the same keyring.
const profile = "keyshift-demo"

// prepare makes the folders, and a session with a keyring if there is none.
func (d *demo) prepare() error {
	for _, name := range []string{"run", "config", "state", "tmp"} {
		if err := os.Mkdir(d.path(name), 0o700); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
	}
	d.desktop = desktopBus()
	if osring.New(probeService).Probe(d.ctx) == nil {
		return d.rememberKeyring()
	}
	say("No unlocked keyring answers in this session, so the demo starts a private one, with gnome-keyring.")
	return first(d.startBus, d.startKeyring, d.rememberKeyring)
}

// desktopBus is the session bus of the desktop, on which its panel and its notifications are; empty if there is none.
func desktopBus() string {
	if address := os.Getenv(busVariable); address != "" {
		return address
	}
	path := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "bus")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return "unix:path=" + path
}

// places are the variables that keep the demo apart from a real hub and a real agent on the same computer.
func (d *demo) places() []string {
	return []string{
		"XDG_CONFIG_HOME=" + d.path("config"), "XDG_STATE_HOME=" + d.path("state"), "XDG_RUNTIME_DIR=" + d.path("run"),
		"KEYSHIFT_DATA_DIR=" + d.path("hub"), "KEYSHIFT_KEK_FILE=" + d.path("secret/kek.json"),
		busVariable + "=" + os.Getenv(busVariable),
	}
}

const busVariable = "DBUS_SESSION_BUS_ADDRESS"

// busConfig is a session bus that starts no services: the demo starts its keyring itself.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

func (d *demo) startBus() error {
	config := d.path("bus.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, busConfig, d.path("run/bus")), 0o600); err != nil {
		return fmt.Errorf("write bus configuration: %w", err)
	}
	out, err := d.start(exec.Command("dbus-daemon", "--nofork", "--nopidfile", "--print-address=1", "--config-file="+config)) //nolint:gosec // a file of ours
	if err != nil {
		return err
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("read address of dbus-daemon: %w", err)
	}
	return os.Setenv(busVariable, strings.TrimSpace(address))
}

func (d *demo) startKeyring() error {
	cmd := exec.Command("gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	cmd.Stdin = strings.NewReader("a password for the demo")
	cmd.Env = append(os.Environ(), "HOME="+d.dir, "XDG_DATA_HOME="+d.path("keyring"), "XDG_RUNTIME_DIR="+d.path("run"))
	out, err := d.start(cmd)
	if err != nil {
		return err
	}
	drain(out)
	ring := osring.New(probeService)
	return d.await("the keyring answers", 10*time.Second, func() (bool, error) { return ring.Probe(d.ctx) == nil, nil })
}

// leaseItems gives the names under which the keyring holds leases, as any program of this user could look them up.
func leaseItems() (map[string]bool, string, error) {
	out, err := exec.Command("secret-tool", "search", "--all", "--unlock", "service", "keyshift").CombinedOutput()
	if _, none := errors.AsType[*exec.ExitError](err); err != nil && !none {
		return nil, "", fmt.Errorf("look into the keyring: %w", err)
	}
	items := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "attribute.username = lease:"); ok {
			items[name] = true
		}
	}
	return items, string(out), nil
}

// rememberKeyring notes which leases the keyring holds that are none of the demo's.
func (d *demo) rememberKeyring() (err error) {
	d.foreign, _, err = leaseItems()
	return err
}

// leasesInKeyring counts the demo's leases, and gives all that was found.
func (d *demo) leasesInKeyring() (n int, all string, err error) {
	items, all, err := leaseItems()
	for name := range items {
		if !d.foreign[name] {
			n++
		}
	}
	return n, all, err
}

// writePlaces writes what makes another terminal part of the demo.
func (d *demo) writePlaces() (string, error) {
	text := "export PATH='" + d.bin + "':\"$PATH\"\n"
	for _, place := range d.places() {
		name, value, _ := strings.Cut(place, "=")
		text += "export " + name + "='" + value + "'\n"
	}
	text += "alias keyshift-hub='keyshift-hub --profile " + profile + "'\n"
	file := filepath.Join(d.dir, "env")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("write %s: %w", file, err)
	}
	return file, nil
}
