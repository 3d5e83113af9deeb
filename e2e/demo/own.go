//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
)

// ownBrowser connects a browser of Dana's own, which the agent did not start: it asks once whether it is hers. Her home
// folder is played by one of the demo's, so that her real browser is not touched.
func (d *demo) ownBrowser() error {
	say("A browser that the agent starts is known to it. Dana's own one asks once, with digits to compare:")
	if err := d.showAt(d.path("own"), "keyshift-agent", "browser", "install", "--browser", "chromium"); err != nil {
		return err
	}
	b, err := browsertest.Start(browsertest.Options{
		Kind: browsertest.Chromium, Visible: visible(), Home: d.path("own"), Profile: d.path("own/.config/chromium"), Extension: d.extensionDir(),
		Env: append(d.places(), d.displayEnv()...), Args: d.chromiumArgs(),
	})
	if err != nil {
		return err
	}
	d.browser = b
	return errors.Join(d.pair(b), b.Close())
}

// pair goes through the pairing, from “Connect this browser” to a popup that works.
func (d *demo) pair(b browsertest.Browser) error {
	address, err := browsertest.ExtensionPage(browsertest.Chromium, d.extensionDir(), "popup.html")
	if err != nil {
		return err
	}
	page, err := b.Open(address)
	if err != nil {
		return err
	}
	shown := func() (string, error) { return read(page, `document.querySelector("main").innerText`) }
	if err := d.says("the popup says", contains("Connect this browser"), shown); err != nil {
		return err
	}
	d.pause()
	fmt.Println("    → Dana presses “Show the digits”")
	if err := page.Click(`[data-key="pair"]`); err != nil {
		return err
	}
	digits := func() (string, error) { return read(page, `document.querySelector(".digits")?.innerText ?? ""`) }
	if err := d.says("the popup shows", func(text string) bool { return len(plain(text)) == 6 }, digits); err != nil {
		return err
	}
	code, err := digits()
	if err != nil {
		return err
	}
	return first(
		func() error { d.pause(); return d.show("keyshift-agent", "browser", "pair", plain(code), "--yes") },
		func() error { return d.says("the popup says", connected, shown) },
	)
}

// connected is a popup that tells what Dana holds: the minute on Facebook may be over by then, or not.
func connected(text string) bool {
	return strings.Contains(text, "You hold no account right now") || strings.Contains(text, "@acme")
}

// plain is what somebody types of digits that are shown in two groups.
func plain(digits string) string { return strings.Join(strings.Fields(digits), "") }

// showAt is show in a home folder of the demo's.
func (d *demo) showAt(home string, words ...string) error {
	if err := os.MkdirAll(home, 0o700); err != nil {
		return fmt.Errorf("make home folder: %w", err)
	}
	d.home = home
	defer func() { d.home = "" }()
	return d.show(words...)
}
