package service

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"
)

// Notifier tells systemd how the agent is (sd_notify(3)). The zero value says nothing and never fails: it is the
// notifier of an agent in the foreground, on macOS and on Windows.
type Notifier struct {
	// Socket is the content of NOTIFY_SOCKET: a path, or a name in the abstract namespace after "@".
	Socket string
	// Watchdog is how long systemd accepts silence; 0 means that it does not watch. See [WatchdogLimit].
	Watchdog time.Duration
}

// WatchdogLimit reads WATCHDOG_USEC and WATCHDOG_PID for the process pid. It is 0 when systemd watches another
// process or none.
func WatchdogLimit(usec, watched string, pid int) time.Duration {
	n, err := strconv.ParseInt(usec, 10, 64)
	if err != nil || n <= 0 || n > int64(time.Hour/time.Microsecond) {
		return 0
	}
	if watched != "" && watched != strconv.Itoa(pid) {
		return 0
	}
	return time.Duration(n) * time.Microsecond
}

// Notify sends one or several lines of the protocol, such as "STATUS=3 leases".
func (n Notifier) Notify(state string) error {
	if n.Socket == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.Socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("reach service manager: %w", err)
	}
	_, err = conn.Write([]byte(state))
	if e := conn.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("tell service manager: %w", err)
	}
	return nil
}

// Ready says that the agent serves its local API.
func (n Notifier) Ready() error { return n.Notify("READY=1") }

// Stopping says that the agent ends on purpose.
func (n Notifier) Stopping() error { return n.Notify("STOPPING=1") }

// Watch reports the agent as alive three times per Watchdog, as long as alive returns nil, until ctx ends. An agent
// whose alive fails stays silent, and systemd restarts it when the limit has passed. Watch returns the context's
// error, or the first failure to reach systemd; without a watchdog it only waits for the context.
func (n Notifier) Watch(ctx context.Context, alive func(context.Context) error) error {
	if n.Socket == "" || n.Watchdog <= 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	tick := time.NewTicker(n.Watchdog / 3)
	defer tick.Stop()
	for {
		if err := n.ping(ctx, alive); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// ping gives alive no longer than the next ping is away.
func (n Notifier) ping(ctx context.Context, alive func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, n.Watchdog/3)
	defer cancel()
	if alive(ctx) != nil {
		return nil
	}
	return n.Notify("WATCHDOG=1")
}
