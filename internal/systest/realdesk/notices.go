//go:build linux

package realdesk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

// Notification is one that was shown.
type Notification struct {
	App         string
	Title, Body string
	Urgency     string
}

// apart separates what the notification server writes down.
const apart = "\x1f"

// StartNotifications starts a notification server, which writes down what it shows.
func (d *Desk) StartNotifications(t testing.TB) {
	t.Helper()
	d.notices = filepath.Join(d.Home, "notices")
	record := d.script(t, "record", `printf '%s\037%s\037%s\037%s\036' "$DUNST_APP_NAME" "$DUNST_SUMMARY" "$DUNST_BODY" "$DUNST_URGENCY" >>`+d.notices)
	choose := d.script(t, "choose", `grep -m 1 -F "$(cat `+d.choice()+`)"`)
	config := filepath.Join(d.Home, "dunstrc")
	text := fmt.Sprintf("[global]\ndmenu = %s\nnotification_limit = 0\n[all]\nsummary = \"*\"\nscript = %s\n", choose, record)
	must(t, os.WriteFile(config, []byte(text), 0o600))
	d.Run(t, "dunst", "-conf", config)
	Eventually(t, "notifications are shown", func() bool {
		return d.Bus.Object("org.freedesktop.Notifications", "/org/freedesktop/Notifications").Call("org.freedesktop.DBus.Peer.Ping", dbus.FlagNoAutoStart).Err == nil
	})
}

// choice is the file with the button that is pressed next.
func (d *Desk) choice() string { return filepath.Join(d.Home, "choice") }

func (d *Desk) script(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(d.Home, name)
	must(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700)) // #nosec G306 -- it is run
	return path
}

// Notifications lists what was shown so far, the oldest first.
func (d *Desk) Notifications() ([]Notification, error) {
	raw, err := os.ReadFile(d.notices)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read notifications: %w", err)
	}
	var list []Notification
	for record := range strings.SplitSeq(string(raw), "\x1e") {
		if f := strings.Split(record, apart); len(f) == 4 {
			list = append(list, Notification{f[0], f[1], f[2], f[3]})
		}
	}
	return list, nil
}

// Press presses a button of a notification that is on the screen: it opens the list of all buttons and chooses this one.
func (d *Desk) Press(t testing.TB, n Notification, button string) {
	t.Helper()
	must(t, os.WriteFile(d.choice(), []byte("#"+button+" ("+n.Title+")"), 0o600))
	server := d.Bus.Object("org.freedesktop.Notifications", "/org/freedesktop/Notifications")
	must(t, server.Call("org.dunstproject.cmd0.ContextMenuCall", 0).Err)
}
