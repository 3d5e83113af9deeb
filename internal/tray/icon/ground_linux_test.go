package icon

import (
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

// appearanceOf is a portal that says what it is told to.
type appearanceOf uint32

func (a appearanceOf) Read(namespace, key string) (dbus.Variant, *dbus.Error) {
	if namespace != appearance || key != scheme {
		return dbus.Variant{}, dbus.NewError("org.freedesktop.portal.Error.NotFound", nil)
	}
	return dbus.MakeVariant(dbus.MakeVariant(uint32(a))), nil
}

func TestTheIconFollowsTheDesktop(t *testing.T) {
	session := osringtest.StartSession(t)
	session.Setenv(t)
	bus, err := dbus.Connect(session.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	if err := bus.Export(appearanceOf(2), portalPath, settings); err != nil {
		t.Fatal(err)
	}
	if _, err := bus.RequestName(portal, 0); err != nil {
		t.Fatal(err)
	}
	told := make(chan bool, 8)
	go Grounds(t.Context(), func(light bool) { told <- light })
	for n, want := range []bool{true, false, true} {
		select {
		case got := <-told:
			if got != want {
				t.Fatalf("told number %d is light: %v, want %v", n, got, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("nothing was told")
		}
		if err := bus.Emit(portalPath, settings+".SettingChanged", appearance, scheme, dbus.MakeVariant(map[bool]uint32{true: 1, false: 2}[want])); err != nil {
			t.Fatal(err)
		}
	}
}
