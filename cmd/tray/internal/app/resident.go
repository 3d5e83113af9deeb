package app

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"time"

	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/light"
	"github.com/keyshift-hq/keyshift/internal/localclient"
	"github.com/keyshift-hq/keyshift/internal/tray"
	"github.com/keyshift-hq/keyshift/internal/tray/icon"
)

// hostPatience is how long a tray host may take to come at login, before a window is shown in its stead.
const hostPatience = 5 * time.Second

// startedAfter is when what only starting needs is given back.
const startedAfter = 15 * time.Second

// resident is the process that stays.
type resident struct {
	*Program
	log     *slog.Logger
	agent   *localclient.Client
	icon    *icon.Icon
	windows *windows
	quit    context.CancelFunc

	pictures chan tray.Picture
	again    chan struct{} // has the accounts asked for once more
	changes  chan func()   // what else happens, done by the loop
	view     tray.View
	news     tray.News
	notices  *notices
	// onBus says that icon and notifications can be shown.
	onBus bool
	// elsewhere says that the agent listens at an unusual place.
	elsewhere bool
}

var errNoDesk = keyshift.Refuse(keyshift.CodeUnavailable, "There is no desktop here: neither a session bus nor a display.", "In a terminal, `keyshift-agent` does the same.")

// reside is the resident's life.
func (p *Program) reside(ctx context.Context, f flags) error {
	if !hasBus(p.Env) && !hasDisplay(p.Env) {
		return errNoDesk
	}
	l, err := claim(ctx, ipc.TrayPath(f.Socket), f.request())
	if errors.Is(err, errTaken) {
		return nil
	}
	if err != nil {
		return err
	}
	defer l.Close()
	defer light.Stay(p.log(), startedAfter, light.Little)()
	log.SetOutput(io.Discard) // package systray logs what is known here from Hosts
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	r := p.newResident(ctx, f, quit)
	defer r.agent.Close()
	defer r.windows.end()
	go receiveRequests(l, r.windows.show)
	go (&tray.Feed{Agent: r.agent, Now: p.Now, Again: r.again, Show: func(picture tray.Picture) { r.hear(ctx, picture) }}).Run(ctx)
	go r.loop(ctx)
	r.greet(ctx, f)
	return r.stay(ctx, f)
}

func (p *Program) newResident(ctx context.Context, f flags, quit context.CancelFunc) *resident {
	r := &resident{
		Program: p, log: p.log(), agent: localclient.New(f.Socket), quit: quit,
		pictures: make(chan tray.Picture), again: make(chan struct{}), changes: make(chan func()),
		view: tray.View{Words: p.words(), Wishes: p.wishes()}, elsewhere: f.elsewhere,
	}
	if err := reachesBus(ctx, p.Env); err != nil {
		r.log.Warn("no icon and no notifications", "error", err.Error())
	} else {
		r.onBus = true
	}
	r.openNotices(ctx)
	r.windows = &windows{
		command: p.windowCommand(ctx, f.Socket), failed: func(err error) { r.noWindows(ctx, err) },
		drawn: func() { r.change(ctx, func() { r.view.NoWindows = false }) },
		saved: func() { r.change(ctx, func() { r.view.Words, r.view.Wishes = p.words(), p.wishes() }) },
	}
	r.icon = &icon.Icon{Do: func(a tray.Action) { r.do(ctx, a) }, Opened: r.look}
	r.icon.Show(r.view.Face(p.Now()))
	return r
}

// greet shows the window that was asked for with the start.
func (r *resident) greet(ctx context.Context, f flags) {
	if f.Window != "" {
		r.windows.show(f.request())
	}
}

// stay shows the icon until the end. A desk without a tray host gets a window instead.
func (r *resident) stay(ctx context.Context, f flags) error {
	if !r.onBus {
		r.noHost(f)
		<-ctx.Done()
		return nil
	}
	go r.watchHost(ctx, f)
	go icon.Grounds(ctx, r.icon.OnLight)
	r.icon.Run(ctx, func() { r.log.Info("tray started", "version", r.Version.Version) })
	return nil
}

// watchHost waits a while for a tray host. Later ones find the icon by themselves.
func (r *resident) watchHost(ctx context.Context, f flags) {
	late := time.AfterFunc(hostPatience, func() { r.noHost(f) })
	defer late.Stop()
	err := icon.Hosts(ctx, func(there bool) {
		r.log.Info("tray host", "there", there)
		if there {
			late.Stop()
		}
	})
	if err != nil {
		r.log.Warn("tray host not watched", "error", err.Error())
		<-ctx.Done()
	}
}

func (r *resident) noHost(f flags) {
	if f.Window == "" && !f.Background {
		r.windows.show(f.request())
	}
}

// look has the accounts asked for anew, because somebody looks at them; not while that is going on already.
func (r *resident) look() {
	select {
	case r.again <- struct{}{}:
	default:
	}
}

// hear takes a picture of the agent.
func (r *resident) hear(ctx context.Context, p tray.Picture) {
	select {
	case r.pictures <- p:
	case <-ctx.Done():
	}
}

// loop shows what is, whenever something happened or a minute of a countdown is over. It alone touches the view.
func (r *resident) loop(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	met := false
	for {
		timer.Stop()
		if next := r.view.NextChange(r.Now()); next > 0 {
			timer.Reset(next)
		}
		select {
		case r.view.Picture = <-r.pictures:
			if !met {
				r.meetAgent(ctx, r.view.Picture)
				met = true
			}
			r.tell(ctx, r.news.Notices(r.view)...)
		case change := <-r.changes:
			change()
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		r.icon.Show(r.view.Face(r.Now()))
		r.takeBack(ctx, r.news.Over(r.view, r.Now())...)
	}
}

// change has the loop do something.
func (r *resident) change(ctx context.Context, do func()) {
	select {
	case r.changes <- do:
	case <-ctx.Done():
	}
}

// noWindows notes that a window could not be shown.
func (r *resident) noWindows(ctx context.Context, err error) {
	r.log.Error("window not shown", "error", err.Error())
	words := r.words()
	r.tell(ctx, tray.Notice{ID: "windows", Title: words.Text("tray_notice_failed"), Body: words.Text("tray_no_windows")})
	r.change(ctx, func() { r.view.NoWindows = true })
}
