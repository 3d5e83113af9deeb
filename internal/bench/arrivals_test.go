package bench

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	secretsName    = "org.freedesktop.secrets"
	secretsPath    = dbus.ObjectPath("/org/freedesktop/secrets")
	serviceFace    = "org.freedesktop.Secret.Service"
	collectionFace = "org.freedesktop.Secret.Collection"
	itemFace       = "org.freedesktop.Secret.Item"
)

// arrivals sees from outside when an item is in the keyring: the collection signals it to every program of the session that
// listens, whoever stored the item. It stores nothing and asks for nothing while something is timed.
type arrivals struct {
	conn    *dbus.Conn
	session dbus.ObjectPath
	seen    chan arrival
}

// arrival is when an item was there.
type arrival struct {
	at   time.Time
	item dbus.ObjectPath
}

// watchKeyring listens on the session bus at an address.
func watchKeyring(b *testing.B, address string) *arrivals {
	b.Helper()
	conn, err := dbus.Connect(address)
	must(b, err)
	b.Cleanup(func() { _ = conn.Close() })
	a := &arrivals{conn: conn, seen: make(chan arrival, 64)}
	for _, member := range []string{"ItemCreated", "ItemChanged"} {
		must(b, conn.AddMatchSignal(dbus.WithMatchInterface(collectionFace), dbus.WithMatchMember(member)))
	}
	var none dbus.Variant
	must(b, conn.Object(secretsName, secretsPath).Call(serviceFace+".OpenSession", 0, "plain", dbus.MakeVariant("")).Store(&none, &a.session))
	signals := make(chan *dbus.Signal, cap(a.seen))
	conn.Signal(signals)
	go a.listen(signals)
	return a
}

// listen writes down when the signals come. It ends with the connection.
func (a *arrivals) listen(signals chan *dbus.Signal) {
	for s := range signals {
		at := time.Now()
		if item, ok := s.Body[0].(dbus.ObjectPath); ok {
			a.seen <- arrival{at, item}
		}
	}
}

// lending is one thing that ends with a secret in the keyring.
type lending struct {
	do func() error
	// service and name are the attributes of the item; of the name the beginning.
	service, name string
}

// time tells how long it took until the item was there, and until it had ended.
func (a *arrivals) time(l lending) (there, ended time.Duration, err error) {
	for len(a.seen) > 0 {
		<-a.seen
	}
	start := time.Now()
	if err := l.do(); err != nil {
		return 0, 0, err
	}
	ended = time.Since(start)
	first, err := a.next()
	if err != nil {
		return 0, 0, err
	}
	return first.at.Sub(start), ended, a.isOf(first.item, l)
}

var errNothingCame = errors.New("no item came into the keyring")

func (a *arrivals) next() (arrival, error) {
	select {
	case first := <-a.seen:
		return first, nil
	case <-time.After(10 * time.Second):
		return arrival{}, errNothingCame
	}
}

// isOf fails for an item that somebody else stored.
func (a *arrivals) isOf(item dbus.ObjectPath, l lending) error {
	property, err := a.conn.Object(secretsName, item).GetProperty(itemFace + ".Attributes")
	if err != nil {
		return fmt.Errorf("read attributes of what came: %w", err)
	}
	attributes, _ := property.Value().(map[string]string)
	if name := attributes["username"]; attributes["service"] != l.service || len(name) < len(l.name) || name[:len(l.name)] != l.name {
		return fmt.Errorf("what came is of %q, not of %s", attributes, l.service)
	}
	return nil
}

// prove shows that what is seen is what is meant: at the moment of the signal another program reads from the item what is in
// it when all is done. So much asking would disturb what is timed, so it happens before.
func (a *arrivals) prove(b *testing.B, l lending) {
	b.Helper()
	done := make(chan error, 1)
	go func() { done <- l.do() }()
	first, err := a.next()
	if err != nil {
		b.Fatal(errors.Join(err, <-done))
	}
	early, err := a.read(first.item)
	must(b, errors.Join(err, <-done, a.isOf(first.item, l)))
	late, err := a.read(first.item)
	must(b, err)
	if len(early) == 0 || string(early) != string(late) {
		b.Fatalf("%s: an item of %d bytes was signaled, and is one of %d bytes now", l.service, len(early), len(late))
	}
}

func (a *arrivals) read(item dbus.ObjectPath) ([]byte, error) {
	var secret struct {
		Session     dbus.ObjectPath
		Parameters  []byte
		Value       []byte
		ContentType string
	}
	err := a.conn.Object(secretsName, item).Call(itemFace+".GetSecret", 0, a.session).Store(&secret)
	return secret.Value, err
}
