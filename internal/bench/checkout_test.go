package bench

import (
	"encoding/base64"
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

// BenchmarkCheckOut measures from the start of the command to the secret in the keyring.
func BenchmarkCheckOut(b *testing.B) {
	built(b)
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			w := e.world(b)
			w.AddUser("dana")
			w.AddAccount("acme", &v1.AccountSettings{Exclusive: proto.Bool(false), AccessMode: v1.AccessMode_ACCESS_MODE_SHARED_SECRET.Enum()}, "dana")
			d := newDesktop(b, w, "dana")
			floor := newFloorDesk(b, e.floor(b), d)
			Run(b, Case{
				Group: "Check-out", Name: e.name,
				Note: "`keyshift-agent checkout` from the start of the process to its end, when the secret is in a real keyring (gnome-keyring). The floor starts a bare Go program, " +
					"asks the bare handler over a connection that is kept, opens what is sealed, and sets one item of the same keyring.",
				Goals:    []Goal{{Figure: "p50", AtMost: 1.5, Of: Floor}, {Figure: "p99", AtMost: 3, Of: Floor}},
				Subjects: []Subject{{Product, d.checkOuts}, {Floor, floor.checkOuts}},
			})
		})
	}
}

func (d *desktop) checkOuts() (figures []Figure, err error) {
	var times []time.Duration
	for range checkOutsInARow {
		times = append(times, timed(&err, func() error {
			_, err := d.cli("", "checkout", "x/acme", "--reason", "post", "--duration", "1h")
			return err
		}))
		if _, e := d.cli("", "checkin", "x/acme"); e != nil && err == nil {
			err = e
		}
	}
	return Latency(times), err
}

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
	for _, variable := range d.env {
		if name, value, _ := strings.Cut(variable, "="); name == "DBUS_SESSION_BUS_ADDRESS" {
			b.Setenv(name, value)
		}
	}
	f := &floorDesk{floor: newFloor(b, db, 1), client: newClient(), bare: bareProgram(b)}
	b.Cleanup(f.client.CloseIdleConnections)
	f.url, f.device = f.serve(b).URL, slices.Collect(maps.Values(f.devices))[0]
	return f
}

func (f *floorDesk) checkOuts() (figures []Figure, err error) {
	var times []time.Duration
	for range checkOutsInARow {
		times = append(times, timed(&err, f.checkOut))
		if e := keyring.Delete("floor", "lease"); e != nil && err == nil {
			err = e
		}
	}
	return Latency(times), err
}

func (f *floorDesk) checkOut() error {
	if err := exec.Command(f.bare).Run(); err != nil {
		return err
	}
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
