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
	e := &entry{item: item}
	if parent == nil {
		e.shown = systray.AddMenuItem(label(item.Text), "")
	} else {
		e.shown = parent.AddSubMenuItem(label(item.Text), "")
	}
	if !item.Active() {
		e.shown.Disable()
	}
	e.action.Store(&item.Action)
	go i.listen(e)
	e.entries = i.build(item.Items, e.shown)
	return e
}

// listen hands clicks on, until the entry is removed.
func (i *Icon) listen(e *entry) {
	for range e.shown.ClickedCh {
		if a := *e.action.Load(); a.Verb != "" {
			go i.Do(a)
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
