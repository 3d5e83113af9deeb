package workbrowser

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/native"
)

// Config is what a Desk needs.
type Config struct {
	// Folder is where the accounts' folders are; it belongs to the desk alone.
	Folder string
	// Browser picks the browser at each start: a choice can change. It is given the one that the order wants, or nothing. Nil
	// takes what is wanted, or the first that is installed.
	Browser func(want string) (Browser, error)
	// Prepare is called with the folder of a browser before each start, to put a native host's manifest there; nil is nothing.
	Prepare func(b Browser, folder string) error
	// Extension is the folder of the unpacked extension, for a Chromium that has none by policy; empty is none.
	Extension string
	// Env is the environment of the browsers.
	Env []string
	// Ended is told when a browser ended, by itself or through the desk, after its folder was deleted or kept. Nil is nobody.
	Ended func(account string)
	// Grace is how long a browser may take to end after it was asked to, and then its folder to be deleted; 0 is 5 s. A Firefox
	// that is kept has twice as long before that, to write down what is kept.
	Grace time.Duration
	Log   *slog.Logger
}

func (c Config) grace() time.Duration {
	if c.Grace == 0 {
		return 5 * time.Second
	}
	return c.Grace
}

// Desk has the work browsers of one osUser. It is safe for concurrent use.
type Desk struct {
	cfg Config

	mu      sync.Mutex
	running map[string]*instance // by account
}

// instance is a running browser.
type instance struct {
	note
	ended chan struct{}
}

// New makes a Desk. It does nothing until Adopt or Open.
func New(cfg Config) *Desk {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{cfg: cfg, running: map[string]*instance{}}
}

// Running lists the accounts whose browsers run.
func (d *Desk) Running() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []string
	for account := range d.running {
		all = append(all, account)
	}
	return all
}

// Open starts the account's browser, or opens the address in it if it runs.
func (d *Desk) Open(o Order) (Opened, error) {
	if err := o.validate(); err != nil {
		return Opened{}, err
	}
	b, missing, err := d.choose(o.Browser)
	if err != nil {
		return Opened{}, err
	}
	opened := Opened{Browser: b, Mode: o.mode(b), Started: true, Missing: missing}
	opened.Apart = opened.Mode != native.ModeSameProfile
	if opened.Mode != native.ModeWork {
		return opened, d.pass(exec.Command(b.Path, b.arguments(opened.Mode, "", "", o.URL)...)) //nolint:gosec // found or chosen by an admin
	}
	return d.openOwn(o, opened)
}

// choose takes the browser that is wanted, or where that is missing another one.
func (d *Desk) choose(want string) (b Browser, missing string, err error) {
	pick := d.cfg.Browser
	if pick == nil {
		pick = func(want string) (Browser, error) { return Choose(Installed(""), want) }
	}
	if b, err = pick(want); err == nil || want == "" {
		return b, "", err
	}
	d.cfg.Log.Warn("the wanted work browser is missing", "browser", want, "error", err)
	b, err = pick("")
	return b, want, err
}

// openOwn opens a browser with a folder of its own. A second Chromium in the same folder hands the address to the first.
func (d *Desk) openOwn(o Order, opened Opened) (Opened, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := d.running[o.Account]
	if at != nil {
		opened.Browser, opened.Missing = at.Browser, ""
	}
	b, folder := opened.Browser, d.folder(o.Account)
	if at != nil && b.Family == Firefox {
		opened.Started = false
		return opened, nil
	}
	if err := d.prepare(b, folder, at == nil && !o.Keep); err != nil {
		return Opened{}, err
	}
	cmd := exec.Command(b.Path, b.arguments(native.ModeWork, folder, d.cfg.Extension, o.URL)...) //nolint:gosec // found or chosen by an admin
	if at != nil {
		return opened, d.pass(cmd)
	}
	return opened, d.start(o, b, cmd)
}

// prepare makes the folder ready; a fresh one has nothing of an earlier lease.
func (d *Desk) prepare(b Browser, folder string, fresh bool) error {
	if fresh {
		if err := d.remove(folderOf(folder)); err != nil {
			return err
		}
	}
	if err := d.makeFolder(b, folder); err != nil {
		return err
	}
	if d.cfg.Prepare == nil {
		return nil
	}
	return d.cfg.Prepare(b, folder)
}

// start starts a browser and watches it. The caller holds mu.
func (d *Desk) start(o Order, b Browser, cmd *exec.Cmd) error {
	cmd.Env = d.cfg.Env
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", b.Name, err)
	}
	n := note{Account: o.Account, Keep: o.Keep, PID: cmd.Process.Pid, Started: startOf(cmd.Process.Pid), Browser: b}
	i := &instance{n, make(chan struct{})}
	d.running[o.Account] = i
	go d.watch(i, func() bool { return endedWell(cmd.Wait()) })
	d.cfg.Log.Info("work browser started", "browser", b.ID, "pid", n.PID)
	if err := d.writeNote(n); err != nil { // only the next agent would miss it
		d.cfg.Log.Warn("work browser has no note", "error", err)
	}
	return nil
}

// pass runs a program that hands an address to a browser and does not wait for it.
func (d *Desk) pass(cmd *exec.Cmd) error {
	cmd.Env = d.cfg.Env
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start browser: %w", err)
	}
	go func() { _ = cmd.Wait() }() // it hands the address over and ends
	return nil
}

// watch waits for the end of a browser, deletes its folder, and tells of it. A folder is only kept if the browser ended well:
// what it had deleted may be in there otherwise.
func (d *Desk) watch(i *instance, wait func() (well bool)) {
	if err := d.rest(i.note, wait()); err != nil {
		d.cfg.Log.Error("folder of work browser is left", "error", err)
	}
	d.mu.Lock()
	delete(d.running, i.Account)
	d.mu.Unlock()
	close(i.ended)
	d.cfg.Log.Info("work browser ended", "browser", i.Browser.ID, "pid", i.PID)
	if d.cfg.Ended != nil {
		d.cfg.Ended(i.Account)
	}
}

// rest deletes the folder of a browser that ended, or what of it is not kept, and notes that nobody uses it.
func (d *Desk) rest(n note, well bool) error {
	if n.Keep && well {
		n.PID, n.Started = 0, ""
		if err := errors.Join(d.sweep(n.Browser.Family, folderName(n.Account)), d.writeNote(n)); err == nil {
			return nil
		}
	}
	return d.remove(folderName(n.Account))
}

// Close asks the account's browser to end, ends it by force if it does not within the grace, and answers when its folder is
// gone, or kept with nothing of a session in it. A browser that does not run is closed.
func (d *Desk) Close(ctx context.Context, account string) error { return d.close(ctx, account, true) }

// close deletes kept folders too, unless keep is set.
func (d *Desk) close(ctx context.Context, account string, keep bool) error {
	d.mu.Lock()
	i := d.running[account]
	d.mu.Unlock()
	if i == nil {
		return d.leftover(account, keep)
	}
	if keep && i.Keep {
		i.leave(ctx, 2*d.cfg.grace())
	}
	ask(i.PID)
	grace := time.NewTimer(d.cfg.grace())
	defer grace.Stop()
	select {
	case <-i.ended:
	case <-ctx.Done():
		return fmt.Errorf("close work browser: %w", ctx.Err())
	case <-grace.C:
		d.cfg.Log.Warn("work browser does not end, ending it by force", "pid", i.PID)
		force(i.PID)
	}
	select {
	case <-i.ended:
		return d.leftover(account, keep)
	case <-ctx.Done():
		return fmt.Errorf("close work browser: %w", ctx.Err())
	}
}

// leave waits for a browser of which something is kept to end by itself, as it does when its extension closes its windows: at the
// signal of a logout a Firefox ends at once, and what it has not written down is lost.
func (i *instance) leave(ctx context.Context, most time.Duration) {
	if i.Browser.Family != Firefox {
		return
	}
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case <-i.ended:
	case <-late.C:
	case <-ctx.Done():
	}
}

// ErrLeft: the folder of a browser that ended could not be deleted.
var ErrLeft = errors.New("folder of work browser is left")

// CloseAll closes all browsers, and deletes what is left of any, kept or not.
func (d *Desk) CloseAll(ctx context.Context) error {
	all, err := d.notes()
	for name, n := range all {
		if n.Account == "" {
			err = errors.Join(err, d.remove(name))
			continue
		}
		err = errors.Join(err, d.close(ctx, n.Account, false))
	}
	return err
}

// leftover deletes what is left of a browser that does not run, unless it may be kept and its note says so.
func (d *Desk) leftover(account string, keep bool) error {
	all, err := d.notes()
	if err != nil {
		return err
	}
	name := folderName(account)
	n, there := all[name]
	if !there || n.Keep && keep {
		return nil
	}
	if err := d.remove(name); err != nil {
		return errors.Join(ErrLeft, err)
	}
	return nil
}
