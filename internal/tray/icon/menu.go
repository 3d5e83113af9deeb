package icon

import (
	"sync/atomic"

	"fyne.io/systray"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// entry is an entry of the menu that is shown; nil for a line.
type entry struct {
	shown   *systray.MenuItem
	item    tray.Item
	action  atomic.Pointer[tray.Action]
	entries []*entry
	gone    chan struct{}
}

// sameForm reports whether two menus have entries, lines and menus of their own at the same places.
func sameForm(a, b []tray.Item) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Line() != b[i].Line() || !sameForm(a[i].Items, b[i].Items) {
			return false
		}
	}
	return true
}

func (i *Icon) build(items []tray.Item, parent *systray.MenuItem) []*entry {
	entries := make([]*entry, len(items))
	for n, item := range items {
		switch {
		case item.Line() && parent == nil:
			systray.AddSeparator()
		case item.Line():
			parent.AddSeparator()
		default:
			entries[n] = i.add(item, parent)
		}
	}
	return entries
}

func (i *Icon) add(item tray.Item, parent *systray.MenuItem) *entry {
	e := &entry{item: item, gone: make(chan struct{})}
	if parent == nil {
		e.shown = systray.AddMenuItem(label(item.Text), "")
	} else {
		e.shown = parent.AddSubMenuItem(label(item.Text), "")
	}
	// Package systray drops a click that nobody waits for, and listen may not have come that far: the click is kept for it.
	e.shown.ClickedCh = make(chan struct{}, 1)
	if !item.Active() {
		e.shown.Disable()
	}
	e.action.Store(&item.Action)
	go i.listen(e, e.shown.ClickedCh)
	e.entries = i.build(item.Items, e.shown)
	return e
}

// listen hands clicks on, until the entry is removed. A click that came before the removal is handed on too.
func (i *Icon) listen(e *entry, clicks <-chan struct{}) {
	for {
		select {
		case <-clicks:
			i.clicked(e)
		case <-e.gone:
			if len(clicks) > 0 {
				i.clicked(e)
			}
			return
		}
	}
}

func (i *Icon) clicked(e *entry) {
	if a := *e.action.Load(); a.Verb != "" {
		go i.Do(a)
	}
}

// reset removes all entries. Package systray closes the channel of an entry that it removes, and a click that it has just
// found the entry for would be sent into the closed channel, which ends the program. An entry without one has nothing to be
// closed, and such a click is lost.
func reset(entries []*entry) {
	forEach(entries, func(e *entry) { e.shown.ClickedCh = nil })
	systray.ResetMenu()
	forEach(entries, func(e *entry) { close(e.gone) })
}

func forEach(entries []*entry, do func(*entry)) {
	for _, e := range entries {
		if e != nil {
			do(e)
			forEach(e.entries, do)
		}
	}
}

func (i *Icon) update(entries []*entry, items []tray.Item) {
	for n, e := range entries {
		if e == nil {
			continue
		}
		e.update(items[n])
		i.update(e.entries, items[n].Items)
	}
}

func (e *entry) update(item tray.Item) {
	if item.Text != e.item.Text {
		e.shown.SetTitle(label(item.Text))
	}
	if item.Active() != e.item.Active() {
		if item.Active() {
			e.shown.Enable()
		} else {
			e.shown.Disable()
		}
	}
	e.item = item
	e.action.Store(&item.Action)
}
