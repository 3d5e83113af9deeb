package bench

import (
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring" // what the floor does with the secret
	"google.golang.org/protobuf/proto"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// checkOutsInARow is how many check-outs one round has.
const checkOutsInARow = 40

// BenchmarkCheckOut measures from the start of the command to the secret in the keyring, and to the end of the command.
func BenchmarkCheckOut(b *testing.B) {
	built(b)
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			w := e.world(b)
			w.AddUser("dana")
			w.AddAccount("acme", &v1.AccountSettings{Exclusive: proto.Bool(false), AccessMode: v1.AccessMode_ACCESS_MODE_SHARED_SECRET.Enum()}, "dana")
			d := newDesktop(b, w, "dana")
			floor, keyring := newFloorDesk(b, e.floor(b), d), watchKeyring(b, d.address())
			product, least := lending{d.checkOut, "keyshift", "lease:"}, lending{floor.checkOut, "floor", "lease"}
			keyring.prove(b, product)
			must(b, d.checkIn())
			keyring.prove(b, least)
			must(b, floor.checkIn())
			Run(b, Case{
				Group: "Check-out", Name: e.name,
				Note: "`keyshift-agent checkout`, timed from the start of its process. *In the keyring* is the moment at which another program of the session hears from " +
					"gnome-keyring that the item with the secret is there (its signal ItemCreated), and can read it. *Ended* is the end of the command, which told the user: in " +
					"between are reading the item back, the hub's word that the lease is active and the record of that on the disk. The floor starts a bare Go program and, " +
					"as soon as that has said a word, asks the bare handler over a connection that is kept, opens what is sealed, and sets one item of the same keyring, " +
					"which is seen in the same way; it ends when the keyring has answered.",
				Goals:    []Goal{{Figure: inKeyring + "p50", AtMost: 1.5, Of: Floor}, {Figure: inKeyring + "p99", AtMost: 3, Of: Floor}},
				Subjects: []Subject{{Product, keyring.round(product, d.checkIn)}, {Floor, keyring.round(least, floor.checkIn)}},
			})
		})
	}
}

// What a figure ends with.
const (
	inKeyring = "in the keyring, "
	atItsEnd  = "ended, "
)

// round is one round's work: lending and giving back, of which the first is timed.
func (a *arrivals) round(l lending, giveBack func() error) func() ([]Figure, error) {
	return func() (figures []Figure, err error) {
		var there, ended []time.Duration
		for range checkOutsInARow {
			in, end, err := a.time(l)
			if err := errors.Join(err, giveBack()); err != nil {
				return nil, err
			}
			there, ended = append(there, in), append(ended, end)
		}
		return slices.Concat(named(inKeyring, Latency(there)), named(atItsEnd, Latency(ended))), nil
	}
}

// named puts a word before the names of figures.
func named(word string, figures []Figure) []Figure {
	for i := range figures {
		figures[i].Name = word + figures[i].Name
	}
	return figures
}

func (d *desktop) checkOut() error {
	_, err := d.cli("", "checkout", "x/acme", "--reason", "post", "--duration", "1h")
	return err
}

func (d *desktop) checkIn() error {
	_, err := d.cli("", "checkin", "x/acme")
	return err
}

// address is that of the session bus.
func (d *desktop) address() string {
	for _, variable := range d.env {
		if name, value, _ := strings.Cut(variable, "="); name == busVariable {
			return value
		}
	}
	return ""
}

const busVariable = "DBUS_SESSION_BUS_ADDRESS"

// floorDesk lends with the floor's handler.
type floorDesk struct {
	*floor
	device *floorDevice
	client *http.Client
	url    string
	bare   string
}

// newFloorDesk uses the keyring of a desktop.
func newFloorDesk(b *testing.B, db floorDB, d *desktop) *floorDesk {
	b.Helper()
	b.Setenv(busVariable, d.address())
	f := &floorDesk{floor: newFloor(b, db, 1), client: newClient(), bare: bareProgram(b)}
	b.Cleanup(f.client.CloseIdleConnections)
	f.url, f.device = f.serve(b).URL, slices.Collect(maps.Values(f.devices))[0]
	return f
}

func (f *floorDesk) checkIn() error { return keyring.Delete("floor", "lease") }

func (f *floorDesk) checkOut() error {
	command := exec.Command(f.bare)
	said, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	_, err = io.ReadFull(said, make([]byte, len("running")))
	if err == nil {
		err = f.lend()
	}
	return errors.Join(err, command.Wait())
}

func (f *floorDesk) lend() error {
	lease, sealed, err := f.ask(f.client, f.url, f.device)
	if err != nil {
		return err
	}
	plain, err := f.device.open(lease, sealed)
	if err != nil {
		return err
	}
	return keyring.Set("floor", "lease", base64.StdEncoding.EncodeToString(plain))
}
