package notify

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// listen hears which buttons are pressed, until ctx or the bus ends.
func (n *Notifier) listen(ctx context.Context, signals chan *dbus.Signal) {
	defer n.bus.RemoveSignal(signals)
	for {
		select {
		case s, ok := <-signals:
			if !ok {
				return
			}
			n.hear(s)
		case <-ctx.Done():
			return
		}
	}
}

// hear takes a signal. Only the server that shows our notices is believed: every program can send signals.
func (n *Notifier) hear(s *dbus.Signal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s.Sender != n.owner {
		return
	}
	var number uint32
	var key string
	switch s.Name {
	case server + ".ActionInvoked":
		if dbus.Store(s.Body, &number, &key) != nil {
			return
		}
		if id, ok := n.byNumber(number); ok {
			go n.options.Pressed(id, key)
		}
	case server + ".NotificationClosed":
		var reason uint32
		if dbus.Store(s.Body, &number, &reason) != nil {
			return
		}
		if id, ok := n.byNumber(number); ok {
			delete(n.shown, id)
		}
	}
}

func (n *Notifier) byNumber(number uint32) (id string, ok bool) {
	for id, other := range n.shown {
		if other == number {
			return id, true
		}
	}
	return "", false
}
