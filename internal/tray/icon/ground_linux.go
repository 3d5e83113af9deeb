package icon

import (
	"context"

	"github.com/godbus/dbus/v5"

	"github.com/keyshift-hq/keyshift/internal/sessionbus"
)

// The portal's setting for light and dark (org.freedesktop.portal.Settings).
const (
	portal     = "org.freedesktop.portal.Desktop"
	portalPath = "/org/freedesktop/portal/desktop"
	settings   = "org.freedesktop.portal.Settings"
	appearance = "org.freedesktop.appearance"
	scheme     = "color-scheme"
	light      = uint32(2)
)

// Grounds tells whether the desktop wants to be light, at once and whenever that changes, until ctx ends. A desktop that
// does not say so counts as dark, as most panels are.
func Grounds(ctx context.Context, tell func(light bool)) {
	bus, err := sessionbus.Join(ctx)
	if err != nil {
		return
	}
	defer bus.Close()
	changes := make(chan *dbus.Signal, 8)
	bus.Signal(changes)
	match := []dbus.MatchOption{
		dbus.WithMatchSender(portal), dbus.WithMatchInterface(settings), dbus.WithMatchMember("SettingChanged"), dbus.WithMatchArg(0, appearance), dbus.WithMatchArg(1, scheme),
	}
	if bus.AddMatchSignalContext(ctx, match...) != nil {
		return
	}
	var now dbus.Variant
	if bus.Object(portal, portalPath).CallWithContext(ctx, settings+".Read", dbus.FlagNoAutoStart, appearance, scheme).Store(&now) == nil {
		tell(wantsLight(now))
	}
	followGround(ctx, changes, tell)
}

func followGround(ctx context.Context, changes <-chan *dbus.Signal, tell func(bool)) {
	for {
		select {
		case s, ok := <-changes:
			if !ok {
				return
			}
			var namespace, key string
			var value dbus.Variant
			if s.Name == settings+".SettingChanged" && dbus.Store(s.Body, &namespace, &key, &value) == nil && namespace == appearance && key == scheme {
				tell(wantsLight(value))
			}
		case <-ctx.Done():
			return
		}
	}
}

// wantsLight reads the setting. Read wraps it once more than the signal does.
func wantsLight(v dbus.Variant) bool {
	if inner, ok := v.Value().(dbus.Variant); ok {
		v = inner
	}
	return v.Value() == light
}
