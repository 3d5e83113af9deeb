// Package icon shows the tray's icon and menu with the means of the operating system: on Linux it is a
// StatusNotifierItem on D-Bus, on Windows an icon in the notification area, on macOS one in the menu bar. It needs
// neither a window nor OpenGL, and does nothing while nothing changes.
//
// [Run] belongs to the main goroutine of the program, whose thread Windows and macOS want for it. A desk without a tray
// host (on Linux, nobody owns org.kde.StatusNotifierWatcher) shows nothing; [Hosts] tells that, and tells when one
// comes. The icon appears there by itself.
package icon

import (
	"context"
	"sync"

	"fyne.io/systray"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// Icon is the icon with its menu. There is one in a program. The zero value is ready, for a dark ground; set Do before Run.
type Icon struct {
	// Do is told of each click on an entry. It is called on a goroutine of its own.
	Do func(tray.Action)
	// Opened is told that the menu was opened, where the desk says so: under Windows none does. It may be nil.
	Opened func()

	mu      sync.Mutex
	light   bool
	ready   bool
	face    tray.Face
	entries []*entry
}

// Run shows the icon until ctx ends. It calls ready once the icon is there.
func (i *Icon) Run(ctx context.Context, ready func()) {
	stop := context.AfterFunc(ctx, systray.Quit)
	defer stop()
	if i.Opened != nil {
		go i.listenOpened(ctx)
	}
	systray.Run(func() {
		i.begin()
		ready()
	}, func() {})
}

func (i *Icon) listenOpened(ctx context.Context) {
	for {
		select {
		case <-systray.TrayOpenedCh:
			i.Opened()
		case <-ctx.Done():
			return
		}
	}
}

func (i *Icon) begin() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ready = true
	systray.SetTitle(title)
	face := i.face
	i.face = tray.Face{}
	i.show(face)
}

// Show shows a face. Only what differs from the face before is told to the desk.
func (i *Icon) Show(face tray.Face) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.ready {
		i.face = face
		return
	}
	i.show(face)
}

// show shows the menu first: who sees the new icon or tooltip finds the menu that belongs to it.
func (i *Icon) show(face tray.Face) {
	i.showMenu(face.Menu)
	if face.State != i.face.State {
		setIcon(face.State, !i.light)
	}
	if face.Tooltip != i.face.Tooltip {
		systray.SetTooltip(tooltip(face.Tooltip))
	}
	i.face = face
}

// OnLight says whether the icon stands on a light ground.
func (i *Icon) OnLight(light bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.light == light {
		return
	}
	i.light = light
	if i.ready && i.face.State != "" {
		setIcon(i.face.State, !light)
	}
}

// showMenu changes the entries in place where the menu has the same form as before, so that an open menu stays open.
func (i *Icon) showMenu(items []tray.Item) {
	if !sameForm(i.face.Menu, items) || i.entries == nil {
		reset(i.entries)
		i.entries = i.build(items, nil)
		return
	}
	i.update(i.entries, items)
}
