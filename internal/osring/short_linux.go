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
	place   dbus.ObjectPath // the collection as it was last seen
}

// dbusSecret has the D-Bus signature (oayays).
type dbusSecret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

func (keyringBackend) shortGet(ctx context.Context, service, key string) (text string, ok bool) {
	err := kept.take(ctx, func() (err error) {
		text, err = kept.get(ctx, service, key)
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

// send asks and does not wait; call waits.
func (w *shortWay) send(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return w.conn.Object(secretsName, path).GoWithContext(ctx, method, 0, make(chan *dbus.Call, 1), args...)
}

func (w *shortWay) call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return <-w.send(ctx, path, method, args...).Done
}

// currentPlace is the collection in which go-keyring looks and stores.
func (w *shortWay) currentPlace(ctx context.Context) (dbus.ObjectPath, error) {
	return w.hearPlace(w.askPlace(ctx))
}

func (w *shortWay) askPlace(ctx context.Context) *dbus.Call {
	return w.send(ctx, secretsPath, "org.freedesktop.DBus.Properties.Get", serviceFace, "Collections")
}

func (w *shortWay) hearPlace(asked *dbus.Call) (dbus.ObjectPath, error) {
	var property dbus.Variant
	if err := (<-asked.Done).Store(&property); err != nil {
		return "", fmt.Errorf("list collections: %w", err)
	}
	w.place = defaultPath
	if paths, _ := property.Value().([]dbus.ObjectPath); slices.Contains(paths, loginPath) {
		w.place = loginPath
	}
	return w.place, nil
}

// attributes and properties are those of go-keyring, so that either way finds and replaces what the other stored.
func attributes(service, key string) map[string]string {
	return map[string]string{"username": key, "service": service}
}

func properties(service, key string) map[string]dbus.Variant {
	return map[string]dbus.Variant{
		itemFace + ".Label":      dbus.MakeVariant(fmt.Sprintf("Password for '%s' on '%s'", key, service)),
		itemFace + ".Attributes": dbus.MakeVariant(attributes(service, key)),
	}
}

var (
	errPrompt  = errors.New("the keyring wants to ask a person")
	errMissing = errors.New("no item matches")
	errOther   = errors.New("another value is there")
	errMoved   = errors.New("the keyring to use is another one now")
)

// get gives the first item that matches.
func (w *shortWay) get(ctx context.Context, service, key string) (string, error) {
	place, err := w.currentPlace(ctx)
	if err != nil {
		return "", err
	}
	item, err := firstOf(w.search(ctx, place, service, key))
	if err != nil {
		return "", err
	}
	return secretOf(w.askSecret(ctx, item))
}

// store replaces the item, and reads it back as it would be found. A provider takes the calls of one connection in their
// order, so three are sent without waiting for each other: to store where the last item lay, to tell whether that is still
// the place, and to say which item is found. What was stored is asked for as soon as it has a path, for it is found, unless
// another is in front of it.
func (w *shortWay) store(ctx context.Context, service, key, text string) error {
	place := w.place
	if place == "" {
		var err error
		if place, err = w.currentPlace(ctx); err != nil {
			return err
		}
	}
	value := dbusSecret{Session: w.session, Parameters: []byte{}, Value: []byte(text), ContentType: "text/plain; charset=utf8"}
	created := w.send(ctx, place, collectionFace+".CreateItem", properties(service, key), value, true)
	asked, found := w.askPlace(ctx), w.search(ctx, place, service, key)
	item, err := hearItem(created)
	if err != nil {
		return err
	}
	secret := w.askSecret(ctx, item)
	if err := w.stillAt(ctx, place, asked, item); err != nil {
		return err
	}
	first, err := firstOf(found)
	if err != nil {
		return err
	}
	if first != item {
		secret = w.askSecret(ctx, first)
	}
	got, err := secretOf(secret)
	if err == nil && got != text {
		err = errOther
	}
	return err
}

func hearItem(created *dbus.Call) (item dbus.ObjectPath, err error) {
	var prompt dbus.ObjectPath
	err = (<-created.Done).Store(&item, &prompt)
	if err == nil && prompt != noPrompt {
		err = errPrompt
	}
	if err != nil {
		return "", fmt.Errorf("create item: %w", err)
	}
	return item, nil
}

// stillAt deletes an item that was stored where nobody looks for it any more.
func (w *shortWay) stillAt(ctx context.Context, place dbus.ObjectPath, asked *dbus.Call, item dbus.ObjectPath) error {
	now, err := w.hearPlace(asked)
	if err == nil && now != place {
		err = errors.Join(errMoved, w.call(ctx, item, itemFace+".Delete").Err)
	}
	return err
}

func (w *shortWay) search(ctx context.Context, place dbus.ObjectPath, service, key string) *dbus.Call {
	return w.send(ctx, place, collectionFace+".SearchItems", attributes(service, key))
}

// firstOf gives the first item that was found.
func firstOf(asked *dbus.Call) (dbus.ObjectPath, error) {
	var found []dbus.ObjectPath
	if err := (<-asked.Done).Store(&found); err != nil {
		return "", fmt.Errorf("search items: %w", err)
	}
	if len(found) == 0 {
		return "", errMissing
	}
	return found[0], nil
}

func (w *shortWay) askSecret(ctx context.Context, item dbus.ObjectPath) *dbus.Call {
	return w.send(ctx, item, itemFace+".GetSecret", w.session)
}

func secretOf(asked *dbus.Call) (string, error) {
	var secret dbusSecret
	if err := (<-asked.Done).Store(&secret); err != nil {
		return "", fmt.Errorf("read item: %w", err)
	}
	return string(secret.Value), nil
}
