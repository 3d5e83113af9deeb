// Package sessionbus joins the D-Bus session bus of the user within a time limit: the library waits without end for a bus
// that accepts a connection and says nothing. Nothing is started where there is no bus.
package sessionbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
)

// limit is how long a bus may take to greet.
const limit = 5 * time.Second

// errSilent is why a connection was given up.
var errSilent = errors.New("the session bus does not answer")

// Join gives a connection of the caller's own to the session bus, to be closed. A bus that has not greeted after five
// seconds, or when ctx ends, is an error.
func Join(ctx context.Context) (*dbus.Conn, error) { return join(ctx, limit) }

func join(ctx context.Context, limit time.Duration) (*dbus.Conn, error) {
	conn, err := dbus.SessionBusPrivateNoAutoStartup()
	if err != nil {
		return nil, fmt.Errorf("reach session bus: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errSilent)
	defer cancel()
	closeSilent := context.AfterFunc(ctx, func() { _ = conn.Close() })
	if err = conn.Auth(nil); err == nil {
		err = conn.Hello()
	}
	if !closeSilent() {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("join session bus: %w", err)
	}
	return conn, nil
}
