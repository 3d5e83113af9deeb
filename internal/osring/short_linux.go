package osring

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/godbus/dbus/v5"
)

const (
	serviceFace    = "org.freedesktop.Secret.Service"
	collectionFace = "org.freedesktop.Secret.Collection"
	itemFace       = "org.freedesktop.Secret.Item"
	loginPath      = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	defaultPath    = dbus.ObjectPath("/org/freedesktop/secrets/aliases/default")
	noPrompt       = dbus.ObjectPath("/")
)

// kept is the short way of the process. The slot of shared guards it.
var kept shortWay

// shortWay speaks the Secret Service API 0.2 over a connection and a session that stay open, while go-keyring makes both
// for each operation and unlocks what is unlocked. It never asks a person: whatever a prompt would be needed for is left
// to the long way, and after each surprise it begins with a new connection, so that what it was offered is void. It
// subscribes to nothing, so it costs nothing while it is not used.
type shortWay struct {
	address string
	conn    *dbus.Conn
	session dbus.ObjectPath
}

// dbusSecret has the D-Bus signature (oayays).
type dbusSecret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

func (keyringBackend) shortGet(ctx context.Context, service, key string) (text string, ok bool) {
	err := kept.take(ctx, func() error {
		collection, err := kept.collection(ctx)
		if err != nil {
			return err
		}
		text, err = kept.read(ctx, collection, attributes(service, key))
		return err
	})
	return text, err == nil
}

func (keyringBackend) shortSet(ctx context.Context, service, key, text string) (ok bool) {
	return kept.take(ctx, func() error { return kept.store(ctx, service, key, text) }) == nil
}

// take does something over the connection, and closes it when that does not succeed.
func (w *shortWay) take(ctx context.Context, do func() error) error {
	err := w.connect(ctx)
	if err == nil {
		err = do()
	}
	if err != nil {
		w.close()
	}
	return err
}

func (w *shortWay) close() {
	if w.conn != nil {
		_ = w.conn.Close()
	}
	*w = shortWay{}
}

// connect makes connection and session, unless they are there.
func (w *shortWay) connect(ctx context.Context) error {
	if err := findBus(); err != nil {
		return err
	}
	address := os.Getenv(busVariable)
	if w.conn != nil && w.address == address && w.conn.Connected() {
		return nil
	}
	w.close()
	conn, err := dbus.Connect(address)
	if err != nil {
		return fmt.Errorf("connect to session bus: %w", err)
	}
	w.address, w.conn = address, conn
	var disregard dbus.Variant
	return w.call(ctx, secretsPath, serviceFace+".OpenSession", "plain", dbus.MakeVariant("")).Store(&disregard, &w.session)
}

func (w *shortWay) call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return w.conn.Object(secretsName, path).CallWithContext(ctx, method, 0, args...)
}

// collection is where go-keyring looks and stores.
func (w *shortWay) collection(ctx context.Context) (dbus.ObjectPath, error) {
	var property dbus.Variant
	err := w.call(ctx, secretsPath, "org.freedesktop.DBus.Properties.Get", serviceFace, "Collections").Store(&property)
	if err != nil {
		return "", fmt.Errorf("list collections: %w", err)
	}
	if paths, _ := property.Value().([]dbus.ObjectPath); slices.Contains(paths, loginPath) {
		return loginPath, nil
	}
	return defaultPath, nil
}

// attributes and label are those of go-keyring, so that either way finds and replaces what the other stored.
func attributes(service, key string) map[string]string {
	return map[string]string{"username": key, "service": service}
}

func label(service, key string) string {
	return fmt.Sprintf("Password for '%s' on '%s'", key, service)
}

var (
	errPrompt  = errors.New("the keyring wants to ask a person")
	errMissing = errors.New("no item matches")
	errOther   = errors.New("another value is there")
)

// store replaces the item, and reads it back as it would be found.
func (w *shortWay) store(ctx context.Context, service, key, text string) error {
	collection, err := w.collection(ctx)
	if err != nil {
		return err
	}
	properties := map[string]dbus.Variant{
		itemFace + ".Label":      dbus.MakeVariant(label(service, key)),
		itemFace + ".Attributes": dbus.MakeVariant(attributes(service, key)),
	}
	secret := dbusSecret{Session: w.session, Parameters: []byte{}, Value: []byte(text), ContentType: "text/plain; charset=utf8"}
	var item, prompt dbus.ObjectPath
	err = w.call(ctx, collection, collectionFace+".CreateItem", properties, secret, true).Store(&item, &prompt)
	if err == nil && prompt != noPrompt {
		err = errPrompt
	}
	if err != nil {
		return fmt.Errorf("create item: %w", err)
	}
	got, err := w.read(ctx, collection, attributes(service, key))
	if err == nil && got != text {
		err = errOther
	}
	return err
}

// read gives the first item that matches.
func (w *shortWay) read(ctx context.Context, collection dbus.ObjectPath, want map[string]string) (string, error) {
	var found []dbus.ObjectPath
	if err := w.call(ctx, collection, collectionFace+".SearchItems", want).Store(&found); err != nil {
		return "", fmt.Errorf("search items: %w", err)
	}
	if len(found) == 0 {
		return "", errMissing
	}
	var secret dbusSecret
	if err := w.call(ctx, found[0], itemFace+".GetSecret", w.session).Store(&secret); err != nil {
		return "", fmt.Errorf("read item: %w", err)
	}
	return string(secret.Value), nil
}
