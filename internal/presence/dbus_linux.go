package presence

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godbus/dbus/v5"
)

// system is what D-Bus tells: the session bus of the user's desktop, and the system bus where logind is.
type system struct {
	mu      sync.Mutex
	desktop *bus
	logind  *bus
}

// bus is one connection that hears of changes.
type bus struct {
	conn *dbus.Conn
	// awaited: GNOME was asked to tell of the user's return.
	awaited atomic.Bool
}

// look asks everybody at the same time. Whoever does not answer in time says nothing.
func (s *system) look(ctx context.Context, changed func()) State {
	desktop, logind := s.open(ctx, changed)
	var all sync.WaitGroup
	var mu sync.Mutex
	var state State
	ask := func(b *bus, question func(context.Context, *bus) State) {
		if b == nil {
			return
		}
		all.Go(func() {
			answer := question(ctx, b)
			mu.Lock()
			defer mu.Unlock()
			state = merge(state, answer)
		})
	}
	for _, q := range questions() {
		ask(desktop, q)
	}
	ask(logind, askLogind)
	all.Wait()
	return state
}

// merge believes everybody who says that nobody is there; of two idle times the shorter one counts, because each sees only
// some input.
func merge(a, b State) State {
	idle := a.Idle
	if idle == 0 || b.Idle > 0 && b.Idle < idle {
		idle = b.Idle
	}
	return State{Locked: a.Locked || b.Locked, Quiet: a.Quiet || b.Quiet, Idle: idle}
}

// open gives the connections that are there, and makes those that are not: a bus may begin later than we do, and ends with
// the user's login.
func (s *system) open(ctx context.Context, changed func()) (desktop, logind *bus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.desktop.lives() {
		s.desktop = connect(ctx, dbus.SessionBusPrivateNoAutoStartup, desktopSignals(), changed)
	}
	if !s.logind.lives() {
		s.logind = connect(ctx, dbus.SystemBusPrivate, logindSignals(), changed)
	}
	return s.desktop, s.logind
}

func (s *system) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range []*bus{s.desktop, s.logind} {
		if b != nil {
			_ = b.conn.Close()
		}
	}
	s.desktop, s.logind = nil, nil
}

func (b *bus) lives() bool { return b != nil && b.conn.Connected() }

// connect joins a bus and listens; nil if there is none.
func connect(ctx context.Context, dial func(...dbus.ConnOption) (*dbus.Conn, error), signals [][]dbus.MatchOption, changed func()) *bus {
	joined := make(chan *bus, 1)
	go func() { joined <- join(ctx, dial, signals, changed) }()
	select {
	case b := <-joined:
		return b
	case <-ctx.Done():
		go func() { // it may just have been made
			if b := <-joined; b != nil {
				_ = b.conn.Close()
			}
		}()
		return nil
	}
}

func join(ctx context.Context, dial func(...dbus.ConnOption) (*dbus.Conn, error), signals [][]dbus.MatchOption, changed func()) *bus {
	conn, err := dial()
	if err != nil {
		return nil
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // a bus that accepts and says nothing
	if err = conn.Auth(nil); err == nil {
		err = conn.Hello()
	}
	for _, s := range signals {
		if err == nil {
			err = conn.AddMatchSignal(s...)
		}
	}
	if err != nil {
		_ = conn.Close()
		return nil
	}
	heard := make(chan *dbus.Signal, 16)
	conn.Signal(heard)
	b := &bus{conn: conn}
	go func() {
		for range heard { // the library closes it with the connection
			b.awaited.Store(false)
			changed()
		}
		changed() // who lost the bus has to look again
	}()
	return b
}

// call asks a service that runs; nothing is started for it.
func (b *bus) call(ctx context.Context, service string, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return b.conn.Object(service, path).CallWithContext(ctx, method, dbus.FlagNoAutoStart, args...)
}

// property reads one; the zero value if it is not there or of another type.
func property[T any](ctx context.Context, b *bus, service string, path dbus.ObjectPath, iface, name string) (value T) {
	var v dbus.Variant
	if b.call(ctx, service, path, "org.freedesktop.DBus.Properties.Get", iface, name).Store(&v) == nil {
		value, _ = v.Value().(T)
	}
	return value
}

// sinceMicros is how long ago a moment of logind's was; 0 for none and for one in the future.
func sinceMicros(micros uint64) time.Duration {
	if micros == 0 || micros > 1<<62 {
		return 0
	}
	return max(0, time.Since(time.UnixMicro(int64(micros))))
}
