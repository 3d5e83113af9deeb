package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	_ "github.com/jackc/pgx/v5/stdlib" // to look into the database beside the hub

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/systest"
)

// pastAccounts are the accounts among which a history's leases are.
const pastAccounts = 50

// aged is a company with a past.
type aged struct {
	*company
	device  *systest.RawDevice
	account string // lent to device
	note    string // the checkpoint that the device keeps, and its signature
	counter []byte
	past    time.Time // when each account was held
}

func newAged(b *testing.B, w *systest.World, events int) *aged {
	b.Helper()
	a := &aged{company: newCompany(b, w)}
	w.AddUser("dana")
	a.account = w.AddAccount("acme", &v1.AccountSettings{Exclusive: new(false)}, "dana")
	a.device = w.RawDevice(0, "dana")
	a.members(pastAccounts)
	a.accounts(pastAccounts)
	s := w.Replica[0]
	waitSequenced(b, a)
	key, id := s.Hub.SigningKey(), string(s.Hub.ID())
	w.Stop()
	begin := a.history(events, pastAccounts, func(h checkpoint.Head) (string, error) { return checkpoint.Sign(h, key) }, id)
	a.past = a.leaseStart(begin, events/eventsOfLease/2, pastAccounts).Add(5 * time.Minute)
	return a
}

// waitSequenced waits until the hub has put all its events into its tree.
func waitSequenced(b *testing.B, a *aged) {
	b.Helper()
	systest.Eventually(b, "the tree has every event", func() bool {
		size, hashes := a.ownTree()
		return size > 0 && len(hashes) > 0 && systest.Do(b, a.Owner.Hub.GetStatus, &v1.GetStatusRequest{}).GetAuditSize() == size && a.waiting() == 0
	})
}

// open serves the company again, in this process.
func (a *aged) open() {
	a.b.Helper()
	s := a.Start()
	a.Owner = a.Admin(0, a.OwnerToken)
	a.device.Config.Target.URL = s.URL()
	a.device.Device = hubclient.NewDevice(a.device.Config)
}

func (a *aged) checkOut(ctx context.Context) (*v1.CheckOutResponse, error) {
	answer, _, err := hubclient.Ask(ctx, a.device.Device.CheckOut, &v1.CheckOutRequest{
		RequestId: hubclient.NewRequestID(), AccountId: a.account, Reason: "post", Duration: durationpb.New(time.Hour),
	})
	return answer, err
}

func (a *aged) checkIn(ctx context.Context, lease string) error {
	_, _, err := hubclient.Ask(ctx, a.device.CheckIn, &v1.CheckInRequest{
		RequestId: hubclient.NewRequestID(), LeaseId: lease, Cause: string(keyshift.CauseCheckedIn), Receipt: &v1.Receipt{Step: v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED},
	})
	return err
}

// sync presents what the device has seen, as agents do.
func (a *aged) sync(ctx context.Context) error {
	answer, _, err := hubclient.Ask(ctx, a.device.Sync, &v1.SyncRequest{Checkpoint: a.note, Countersignature: a.counter})
	if err != nil {
		return err
	}
	if a.note != "" {
		return nil
	}
	head, err := checkpoint.Open(answer.GetCheckpoint(), a.device.Config.Target.HubID, a.device.Config.Target.HubKey)
	if err == nil {
		a.note = answer.GetCheckpoint()
		a.counter, err = checkpoint.Countersign(head, a.device.Keys.Signing(), time.Now())
	}
	return err
}

func (a *aged) whoHeld(ctx context.Context, i int) error {
	answer, err := hubclient.Call(ctx, a.Owner.Leases.WhoHeld, &v1.WhoHeldRequest{Account: fmt.Sprintf("x/handle%d", i%pastAccounts), At: timestamppb.New(a.past)})
	if err == nil && len(answer.GetLeases()) != 1 {
		err = fmt.Errorf("%d leases held the account, want 1", len(answer.GetLeases()))
	}
	return err
}

// ages are the numbers of audit events that are compared, and what they are called.
var ages = []struct {
	subject string
	events  int
}{{Product, 1_000_000}, {"100,000", 100_000}, {Floor, 1_000}}

func BenchmarkGrowth(b *testing.B) {
	built(b)
	for _, engine := range []struct {
		name  string
		world func(b *testing.B) *systest.World
	}{
		{"SQLite", func(b *testing.B) *systest.World { return systest.SQLite(b) }},
		{"PostgreSQL", func(b *testing.B) *systest.World { return systest.Postgres(b, 1) }},
	} {
		b.Run(engine.name, func(b *testing.B) {
			var all []*aged
			for _, age := range ages {
				all = append(all, newAged(b, engine.world(b), age.events))
			}
			startToFirstGrant(b, engine.name, all)
			for _, a := range all {
				a.open()
			}
			growth(b, engine.name, all)
		})
	}
}

func startToFirstGrant(b *testing.B, engine string, all []*aged) {
	var subjects []Subject
	for i, a := range all {
		subjects = append(subjects, Subject{ages[i].subject, func() ([]Figure, error) {
			start := time.Now()
			hub, url := startHub(b, hubBinary, a.World)
			defer hub.stop()
			a.device.Config.Target.URL = url
			a.device.Device = hubclient.NewDevice(a.device.Config)
			defer a.device.Close()
			answer, err := a.checkOut(b.Context())
			took := Figure{"start to first grant", "ms", float64(time.Since(start)) / float64(time.Millisecond)}
			if err == nil {
				err = a.checkIn(b.Context(), answer.GetLease().GetId())
			}
			return []Figure{took}, errors.Join(err, hub.end())
		}})
	}
	Run(b, Case{
		Group: "Start", Name: engine, Note: "From the start of the process to the answer of a check-out, with 1,000,000 audit events; the floor is the same hub with 1,000.",
		Goals:    []Goal{{Figure: "start to first grant", AtMost: 100}, {Figure: "start to first grant", AtMost: 1.5, Of: Floor}},
		Subjects: subjects,
	})
}

func growth(b *testing.B, engine string, all []*aged) {
	for _, work := range []struct {
		name string
		do   func(a *aged) func(ctx context.Context, _, i int) error
	}{
		{"check-out and check-in", func(a *aged) func(context.Context, int, int) error {
			return func(ctx context.Context, _, _ int) error {
				answer, err := a.checkOut(ctx)
				if err != nil {
					return err
				}
				return a.checkIn(ctx, answer.GetLease().GetId())
			}
		}},
		{"sync", func(a *aged) func(context.Context, int, int) error {
			return func(ctx context.Context, _, _ int) error { return a.sync(ctx) }
		}},
		{"who held it then", func(a *aged) func(context.Context, int, int) error {
			return func(ctx context.Context, _, i int) error { return a.whoHeld(ctx, i) }
		}},
	} {
		var subjects []Subject
		for i, a := range all {
			subjects = append(subjects, Subject{ages[i].subject, func() ([]Figure, error) { return Load(b.Context(), 1, 120, work.do(a)) }})
		}
		Run(b, Case{
			Group: "Growth", Name: strings.Join([]string{work.name, engine}, ", "),
			Note:  "The product has 1,000,000 audit events, the floor is the same hub with 1,000. One client.",
			Goals: []Goal{{Figure: "p50", AtMost: 1.5, Of: Floor}}, Subjects: subjects,
		})
	}
}
