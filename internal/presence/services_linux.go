package presence

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"
)

// saver is a screen saver or locker; they share the methods of the first of them.
type saver struct {
	name string
	path dbus.ObjectPath
}

var savers = []saver{
	{"org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"},
	{"org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"},
	{"org.cinnamon.ScreenSaver", "/org/cinnamon/ScreenSaver"},
	{"org.mate.ScreenSaver", "/org/mate/ScreenSaver"},
	{"org.xfce.ScreenSaver", "/org/xfce/ScreenSaver"},
}

const (
	mutterName  = "org.gnome.Mutter.IdleMonitor"
	mutterPath  = dbus.ObjectPath("/org/gnome/Mutter/IdleMonitor/Core")
	notifyName  = "org.freedesktop.Notifications"
	notifyPath  = dbus.ObjectPath("/org/freedesktop/Notifications")
	dunstIface  = "org.dunstproject.cmd0"
	xfconfName  = "org.xfce.Xfconf"
	xfconfPath  = dbus.ObjectPath("/org/xfce/Xfconf")
	logindName  = "org.freedesktop.login1"
	logindUser  = dbus.ObjectPath("/org/freedesktop/login1/user/self")
	userIface   = "org.freedesktop.login1.User"
	sessIface   = "org.freedesktop.login1.Session"
	logindSpace = dbus.ObjectPath("/org/freedesktop/login1/session")
	propsIface  = "org.freedesktop.DBus.Properties"
)

// questions is everything that is asked on the session bus.
func questions() []func(context.Context, *bus) State {
	all := []func(context.Context, *bus) State{askMutter, askNotifications, askDunst, askXfce}
	for _, s := range savers {
		all = append(all, s.ask)
	}
	return all
}

// desktopSignals are what is heard on the session bus.
func desktopSignals() [][]dbus.MatchOption {
	all := [][]dbus.MatchOption{
		{dbus.WithMatchInterface(mutterName), dbus.WithMatchMember("WatchFired")},
		{dbus.WithMatchInterface(propsIface), dbus.WithMatchMember("PropertiesChanged"), dbus.WithMatchObjectPath(notifyPath)},
	}
	for _, s := range savers {
		all = append(all, []dbus.MatchOption{dbus.WithMatchInterface(s.name), dbus.WithMatchMember("ActiveChanged")})
	}
	return all
}

// logindSignals are what is heard on the system bus.
func logindSignals() [][]dbus.MatchOption {
	return [][]dbus.MatchOption{{dbus.WithMatchInterface(propsIface), dbus.WithMatchMember("PropertiesChanged"), dbus.WithMatchPathNamespace(logindSpace)}}
}

func (s saver) ask(ctx context.Context, b *bus) (state State) {
	if b.call(ctx, s.name, s.path, s.name+".GetActive").Store(&state.Locked) != nil {
		return State{}
	}
	return state
}

// askMutter asks GNOME for the time without input. An idle user's return is a signal, for which GNOME wants to be asked
// each time.
func askMutter(ctx context.Context, b *bus) State {
	var millis uint64
	if b.call(ctx, mutterName, mutterPath, mutterName+".GetIdletime").Store(&millis) != nil || millis > 1<<40 {
		return State{}
	}
	idle := time.Duration(millis) * time.Millisecond //nolint:gosec // bounded above
	if idle >= IdleAfter && !b.awaited.Swap(true) {
		_ = b.call(ctx, mutterName, mutterPath, mutterName+".AddUserActiveWatch").Err // without it the next look finds out
	}
	return State{Idle: idle}
}

func askNotifications(ctx context.Context, b *bus) State {
	return State{Quiet: property[bool](ctx, b, notifyName, notifyPath, notifyName, "Inhibited")}
}

func askDunst(ctx context.Context, b *bus) State {
	return State{Quiet: property[bool](ctx, b, notifyName, notifyPath, dunstIface, "paused")}
}

func askXfce(ctx context.Context, b *bus) State {
	var v dbus.Variant
	if b.call(ctx, xfconfName, xfconfPath, xfconfName+".GetProperty", "xfce4-notifyd", "/do-not-disturb").Store(&v) != nil {
		return State{}
	}
	quiet, _ := v.Value().(bool)
	return State{Quiet: quiet}
}

// display is a session as logind names it.
type display struct {
	ID   string
	Path dbus.ObjectPath
}

// askLogind asks for the user's graphical session. The agent is in none itself: it is a service of the user.
func askLogind(ctx context.Context, b *bus) State {
	shown := property[[]any](ctx, b, logindName, logindUser, userIface, "Display")
	var d display
	if len(shown) != 2 || dbus.Store(shown, &d.ID, &d.Path) != nil || !d.Path.IsValid() || d.Path == "/" {
		return State{}
	}
	state := State{Locked: property[bool](ctx, b, logindName, d.Path, sessIface, "LockedHint")}
	if property[bool](ctx, b, logindName, d.Path, sessIface, "IdleHint") {
		state.Idle = sinceMicros(property[uint64](ctx, b, logindName, d.Path, sessIface, "IdleSinceHint"))
	}
	return state
}
