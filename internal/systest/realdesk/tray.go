//go:build linux

package realdesk

import (
	"errors"
	"fmt"
	"strings"

	"github.com/godbus/dbus/v5"
)

const (
	watcher  = "org.kde.StatusNotifierWatcher"
	itemFace = "org.kde.StatusNotifierItem"
	menuFace = "com.canonical.dbusmenu"
)

// Item is a program's icon in the tray, as the panel sees it.
type Item struct {
	icon, menu dbus.BusObject
}

// ErrNoItem says that no program has that icon in the tray.
var ErrNoItem = errors.New("no such icon in the tray")

// Item finds the icon with an Id among those that the tray has.
func (d *Desk) Item(id string) (*Item, error) {
	names, err := d.icons()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		owner, path, _ := strings.Cut(name, "/")
		icon := d.Bus.Object(owner, dbus.ObjectPath("/"+path))
		if got, err := icon.GetProperty(itemFace + ".Id"); err == nil && got.Value() == id {
			return d.item(owner, icon)
		}
	}
	return nil, ErrNoItem
}

// Icons counts the icons in the tray.
func (d *Desk) Icons() (int, error) {
	names, err := d.icons()
	return len(names), err
}

func (d *Desk) icons() ([]string, error) {
	list, err := d.Bus.Object(watcher, "/StatusNotifierWatcher").GetProperty(watcher + ".RegisteredStatusNotifierItems")
	if err != nil {
		return nil, fmt.Errorf("ask tray: %w", err)
	}
	names, _ := list.Value().([]string)
	return names, nil
}

func (d *Desk) item(owner string, icon dbus.BusObject) (*Item, error) {
	menu, err := icon.GetProperty(itemFace + ".Menu")
	if err != nil {
		return nil, fmt.Errorf("find menu: %w", err)
	}
	path, _ := menu.Value().(dbus.ObjectPath)
	return &Item{icon: icon, menu: d.Bus.Object(owner, path)}, nil
}

// Tooltip is the text that is shown when the mouse rests on the icon.
func (i *Item) Tooltip() (string, error) {
	var tip struct {
		Name  string
		Icons []pixels
		Title string
		Text  string
	}
	v, err := i.icon.GetProperty(itemFace + ".ToolTip")
	if err == nil {
		err = dbus.Store([]any{v.Value()}, &tip)
	}
	if err != nil {
		return "", fmt.Errorf("read tooltip: %w", err)
	}
	return tip.Title, nil
}

type pixels struct {
	Width, Height int32
	Data          []byte
}

// Picture gives the icon's pixels, four bytes each: opacity, red, green, blue.
func (i *Item) Picture() (width, height int, argb []byte, err error) {
	v, err := i.icon.GetProperty(itemFace + ".IconPixmap")
	var all []pixels
	if err == nil {
		err = dbus.Store([]any{v.Value()}, &all)
	}
	if err != nil || len(all) == 0 {
		return 0, 0, nil, fmt.Errorf("read icon of %d pictures: %w", len(all), err)
	}
	return int(all[0].Width), int(all[0].Height), all[0].Data, nil
}

// Entry is an entry of a menu. A line between groups has no label.
type Entry struct {
	ID      int32
	Label   string
	Enabled bool
	Entries []Entry
}

// Menu reads the whole menu.
func (i *Item) Menu() ([]Entry, error) {
	// The first answer after a change has the uppermost level only, which is a cure for a fault of panels.
	for range 2 {
		var revision uint32
		var root layout
		if err := i.menu.Call(menuFace+".GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root); err != nil {
			return nil, fmt.Errorf("read menu: %w", err)
		}
		entries, err := root.entries()
		if err != nil || complete(entries, root) {
			return entries, err
		}
	}
	return nil, errors.New("read menu: the menus in it stay empty")
}

// layout is how com.canonical.dbusmenu writes an entry.
type layout struct {
	ID         int32
	Properties map[string]dbus.Variant
	Children   []dbus.Variant
}

func (l layout) entries() ([]Entry, error) {
	var list []Entry
	for _, v := range l.Children {
		var child layout
		if err := dbus.Store([]any{v.Value()}, &child); err != nil {
			return nil, fmt.Errorf("read entry: %w", err)
		}
		below, err := child.entries()
		if err != nil {
			return nil, err
		}
		e := Entry{ID: child.ID, Enabled: true, Entries: below}
		e.Label, _ = child.Properties["label"].Value().(string)
		if enabled, ok := child.Properties["enabled"].Value().(bool); ok {
			e.Enabled = enabled
		}
		list = append(list, e)
	}
	return list, nil
}

// complete reports whether every entry that heads a menu has one.
func complete(entries []Entry, l layout) bool {
	for n, v := range l.Children {
		var child layout
		if dbus.Store([]any{v.Value()}, &child) == nil && child.Properties["children-display"].Value() == "submenu" && len(entries[n].Entries) == 0 {
			return false
		}
	}
	return true
}

// Find gives the entry whose label begins like this, in a menu and those below it.
func Find(entries []Entry, label string) (Entry, bool) {
	for _, e := range entries {
		if strings.HasPrefix(e.Label, label) {
			return e, true
		}
		if found, ok := Find(e.Entries, label); ok {
			return found, true
		}
	}
	return Entry{}, false
}

// Text writes a menu down, for messages of tests.
func Text(entries []Entry, indent string) string {
	text := ""
	for _, e := range entries {
		text += indent + e.Label + "\n" + Text(e.Entries, indent+"  ")
	}
	return text
}

// Click clicks an entry, as a panel does. The program may end before it could answer, so nobody waits for that.
func (i *Item) Click(e Entry) error {
	err := i.menu.Call(menuFace+".Event", dbus.FlagNoReplyExpected, e.ID, "clicked", dbus.MakeVariant(""), uint32(0)).Err
	if err != nil {
		return fmt.Errorf("click %s: %w", e.Label, err)
	}
	return nil
}
