//go:build linux

package desktop

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/localclient"
	"github.com/keyshift-hq/keyshift/internal/systest"
	"github.com/keyshift-hq/keyshift/internal/systest/realdesk"
	"github.com/keyshift-hq/keyshift/internal/systest/realhub"
)

// desk is Dana's desktop, and the company that she works for.
type desk struct {
	*realdesk.Desk
	t     *testing.T
	hub   *realhub.Cluster
	agent *localclient.Client
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{Desk: realdesk.Start(t), t: t}
	d.StartNotifications(t)
	path, err := ipc.DefaultPath(d.Runtime)
	if err != nil {
		t.Fatal(err)
	}
	d.agent = localclient.New(path)
	t.Cleanup(d.agent.Close)
	return d
}

// company starts a hub with Dana in it, who may check @acme and @shop out.
func (d *desk) company() {
	d.t.Helper()
	d.hub = realhub.SQLite(d.t)
	systest.Do(d.t, d.hub.Owner.Users.AddUser, &v1.AddUserRequest{Name: "dana"})
	for _, handle := range []string{"acme", "shop_of_acme"} {
		settings := &v1.AccountSettings{AccessMode: v1.AccessMode_ACCESS_MODE_SHARED_SECRET.Enum()}
		systest.Do(d.t, d.hub.Owner.Accounts.AddAccount, &v1.AddAccountRequest{Network: v1.Network_NETWORK_X, Handle: handle, Settings: settings})
		systest.Do(d.t, d.hub.Owner.Accounts.SetCredential, &v1.SetCredentialRequest{Account: "x/" + handle, Login: handle, Password: systest.Password, CodeSeed: systest.Seed})
		systest.Do(d.t, d.hub.Owner.Grants.AddGrant, &v1.AddGrantRequest{Account: "x/" + handle, User: "dana"})
	}
}

func (d *desk) enroll() {
	d.t.Helper()
	code := systest.Do(d.t, d.hub.Owner.Users.CreateCode, &v1.CreateCodeRequest{User: "dana", Kind: v1.CodeKind_CODE_KIND_ENROLLMENT}).GetCode()
	if _, err := d.agent.Enroll(d.t.Context(), code, "desk-3"); err != nil {
		d.t.Fatal(err)
	}
}

// stopAgent ends the agent that the tray started.
func (d *desk) stopAgent() {
	d.t.Helper()
	if err := d.agent.Stop(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	realdesk.Eventually(d.t, "the agent has ended", func() bool {
		_, err := d.agent.Status(d.t.Context())
		return keyshift.CodeOf(err) == keyshift.CodeAgentNotRunning
	})
}

func (d *desk) checkOut(account string, length time.Duration) *v1.Lease {
	d.t.Helper()
	got, err := d.agent.CheckOut(d.t.Context(), &v1.LocalServiceCheckOutRequest{
		Account: account, Reason: "product launch", Duration: durationpb.New(length), RequestId: string(keyshift.NewID(time.Now(), randomness)),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return got.GetLease().GetLease()
}

// nothingHeld waits until the agent has wiped and reported everything.
func (d *desk) nothingHeld() {
	d.t.Helper()
	realdesk.Eventually(d.t, "nothing is held any more", func() bool {
		got, err := d.agent.Leases(d.t.Context())
		return err == nil && len(got.GetLeases()) == 0
	})
}

// tray is keyshift-tray as it runs.
type tray struct {
	*desk
	cmd  *exec.Cmd
	done chan error
	log  log
}

type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (d *desk) command(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(bin, "keyshift-tray"), args...)
	cmd.Env = d.Env()
	return cmd
}

func (d *desk) startTray(args ...string) *tray {
	d.t.Helper()
	r := &tray{desk: d, cmd: d.command(args...), done: make(chan error, 1)}
	r.cmd.Stderr = &r.log
	if err := r.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	go func() { r.done <- r.cmd.Wait() }()
	d.t.Cleanup(func() {
		_ = r.cmd.Process.Signal(syscall.SIGTERM)
		<-r.done
		if d.t.Failed() {
			d.t.Logf("log of the tray:\n%s", r.log.String())
		}
	})
	return r
}

// icon finds the tray's icon.
func (r *tray) icon() *realdesk.Item {
	r.t.Helper()
	var item *realdesk.Item
	realdesk.Eventually(r.t, "the icon is in the tray", func() (there bool) {
		var err error
		item, err = r.Item("Keyshift")
		return err == nil
	})
	return item
}

// wantTooltip waits for a line of the tooltip.
func (r *tray) wantTooltip(i *realdesk.Item, line string) {
	r.t.Helper()
	realdesk.Eventually(r.t, "the tooltip says "+line, func() bool {
		text, err := i.Tooltip()
		return err == nil && strings.Contains("\n"+text+"\n", "\n"+line+"\n")
	})
}

// entry waits for an entry of the menu.
func (r *tray) entry(i *realdesk.Item, label string) (found realdesk.Entry) {
	r.t.Helper()
	last := ""
	r.t.Cleanup(func() {
		if r.t.Failed() && found.Label == "" {
			r.t.Logf("the menu was:\n%s", last)
		}
	})
	realdesk.Eventually(r.t, "the menu has "+label, func() (there bool) {
		menu, err := i.Menu()
		last = realdesk.Text(menu, "")
		if err != nil {
			last = err.Error()
			return false
		}
		found, there = realdesk.Find(menu, label)
		return there
	})
	return found
}

func (r *tray) click(i *realdesk.Item, label string) {
	r.t.Helper()
	if err := i.Click(r.entry(i, label)); err != nil {
		r.t.Fatal(err)
	}
}

// notified waits for a notification whose body begins like this.
func (d *desk) notified(body string) (found realdesk.Notification) {
	d.t.Helper()
	realdesk.Eventually(d.t, "a notification says "+body, func() bool {
		list, err := d.Notifications()
		for _, n := range list {
			if strings.HasPrefix(n.Body, body) {
				found = n
				return true
			}
		}
		return err != nil
	})
	return found
}

// quit clicks the last entry until the process has ended, and returns how it did. A menu may be built anew between being read
// and being clicked, and D-Bus menus drop a click on an entry that has just been replaced: people click again.
func (r *tray) quit(i *realdesk.Item) (err error) {
	r.t.Helper()
	realdesk.Eventually(r.t, "the tray ended", func() bool {
		if menu, unread := i.Menu(); unread == nil {
			if e, there := realdesk.Find(menu, "Quit"); there {
				_ = i.Click(e) // the process may be gone by now
			}
		}
		select {
		case err = <-r.done:
			r.done <- err
			return true
		default:
			return false
		}
	})
	return err
}
