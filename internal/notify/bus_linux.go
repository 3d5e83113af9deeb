package notify

import (
	"context"
	"fmt"
	"html"
	"slices"
	"sync"

	"github.com/godbus/dbus/v5"

	"github.com/keyshift-hq/keyshift/internal/sessionbus"
)

const (
	server   = "org.freedesktop.Notifications"
	object   = "/org/freedesktop/Notifications"
	byServer = -1 // how long to show a notice: the server decides
)

// Notifier shows notices. Make it with Open.
type Notifier struct {
	options Options
	bus     *dbus.Conn

	mu    sync.Mutex
	owner string            // the server that knows the numbers below
	shown map[string]uint32 // notices on the screen, by ID
}

// Open makes a notifier on the session bus, which has to be there and to answer within seconds. It works until ctx ends. There
// may be no server yet.
func Open(ctx context.Context, o Options) (*Notifier, error) {
	bus, err := sessionbus.Join(ctx)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = bus.Close() })
	return open(ctx, bus, o)
}

func open(ctx context.Context, bus *dbus.Conn, o Options) (*Notifier, error) {
	err := bus.AddMatchSignalContext(ctx, dbus.WithMatchSender(server), dbus.WithMatchInterface(server), dbus.WithMatchObjectPath(object))
	if err != nil {
		return nil, fmt.Errorf("hear notification server: %w", err)
	}
	n := &Notifier{options: o, bus: bus, shown: map[string]uint32{}}
	signals := make(chan *dbus.Signal, 16)
	bus.Signal(signals)
	go n.listen(ctx, signals)
	return n, nil
}

// Show shows a notice.
func (n *Notifier) Show(ctx context.Context, notice Notice) error {
	can, err := n.capabilities(ctx)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.meet(ctx); err != nil {
		return err
	}
	var number uint32
	err = n.bus.Object(server, object).CallWithContext(ctx, server+".Notify", 0, n.options.App, n.shown[notice.ID], n.options.DesktopEntry,
		notice.Title, body(notice.Body, can), actions(notice.Buttons, can), n.hints(notice), int32(byServer)).Store(&number)
	if err != nil {
		return fmt.Errorf("show notification: %w", err)
	}
	n.shown[notice.ID] = number
	return nil
}

// Close takes a notice off the screen. One that is not there is no error.
func (n *Notifier) Close(ctx context.Context, id string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	number, shown := n.shown[id]
	if !shown {
		return nil
	}
	delete(n.shown, id)
	if err := n.bus.Object(server, object).CallWithContext(ctx, server+".CloseNotification", dbus.FlagNoAutoStart, number).Err; err != nil {
		return fmt.Errorf("close notification: %w", err)
	}
	return nil
}

// capabilities asks each time: another server may have taken over since.
func (n *Notifier) capabilities(ctx context.Context) (can []string, err error) {
	err = n.bus.Object(server, object).CallWithContext(ctx, server+".GetCapabilities", 0).Store(&can)
	if err != nil {
		return nil, fmt.Errorf("ask notification server: %w", err)
	}
	return can, nil
}

// meet forgets the numbers of a server that is gone: another one counts anew.
func (n *Notifier) meet(ctx context.Context) error {
	var owner string
	if err := n.bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetNameOwner", 0, server).Store(&owner); err != nil {
		return fmt.Errorf("find notification server: %w", err)
	}
	if owner != n.owner {
		n.owner, n.shown = owner, map[string]uint32{}
	}
	return nil
}

// body is text for a server that may read markup in it.
func body(text string, can []string) string {
	if slices.Contains(can, "body-markup") {
		return html.EscapeString(text)
	}
	return text
}

// actions are keys and labels by turns; none where the server has no buttons.
func actions(buttons []Button, can []string) []string {
	list := []string{}
	if slices.Contains(can, "actions") {
		for _, b := range buttons {
			list = append(list, b.Key, b.Text)
		}
	}
	return list
}

func (n *Notifier) hints(notice Notice) map[string]dbus.Variant {
	urgency := byte(1)
	if notice.Urgent {
		urgency = 2
	}
	hints := map[string]dbus.Variant{"urgency": dbus.MakeVariant(urgency), "desktop-entry": dbus.MakeVariant(n.options.DesktopEntry)}
	if notice.Sound {
		hints["sound-name"] = dbus.MakeVariant("message-new-instant") // of the freedesktop.org sound theme
	} else {
		hints["suppress-sound"] = dbus.MakeVariant(true)
	}
	return hints
}
