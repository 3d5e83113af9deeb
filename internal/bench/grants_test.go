package bench

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/httpsig"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/systest"
)

// engines are both databases, each with the product on it and the floor.
var engines = []struct {
	name  string
	world func(testing.TB) *systest.World
	floor func(*testing.B) floorDB
}{
	{"SQLite", systest.SQLite, newFloorSQLite},
	{"PostgreSQL", func(t testing.TB) *systest.World { return systest.Postgres(t, 1) }, newFloorPostgres},
}

// mostAtOnce is the largest number of clients, and of devices.
const mostAtOnce = 64

// load is one side of a comparison: what client i does, and how often a transaction was made durable.
type load struct {
	grant   func(client int) (lease string, err error)
	revoke  func(lease string) error
	commits func() int64
}

const grantNote = "The floor is a bare handler with the same crypto that writes the same rows in a grouped transaction, those of the audit tree too; whatever is not written is in its memory."

var grantGoals = []Goal{{Figure: "rate", AtLeast: 0.7, Of: Floor}, {Figure: "p99", AtMost: 2, Of: Floor}}

func BenchmarkGrants(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			product, floor := productLoad(b, e.world(b)), floorLoad(b, e.floor(b))
			for _, size := range []struct{ clients, each int }{{1, 400}, {8, 125}, {mostAtOnce, 30}} {
				b.Run(strconv.Itoa(size.clients), func(b *testing.B) { compareLoads(b, e.name, product, floor, size.clients, size.each) })
			}
		})
	}
}

// compareLoads compares grants, and then revocations.
func compareLoads(b *testing.B, engine string, product, floor *load, clients, each int) {
	name := fmt.Sprintf("%s, %d at once", engine, clients)
	for _, part := range []struct {
		group string
		round func(l *load) ([]Figure, error)
	}{
		{"Grants", func(l *load) ([]Figure, error) { return l.grants(b.Context(), clients, each) }},
		{"Revokes", func(l *load) ([]Figure, error) { return l.revokes(b.Context(), clients, each) }},
	} {
		Run(b, Case{Group: part.group, Name: name, Goals: grantGoals, Note: grantNote, Subjects: []Subject{
			{Product, func() ([]Figure, error) { return part.round(product) }},
			{Floor, func() ([]Figure, error) { return part.round(floor) }},
		}})
	}
}

// grants is one round of grants.
func (l *load) grants(ctx context.Context, clients, each int) ([]Figure, error) {
	figures, _, err := l.lend(ctx, clients, each)
	return figures, err
}

// lend grants, and gives the leases of each client.
func (l *load) lend(ctx context.Context, clients, each int) ([]Figure, [][]string, error) {
	leases := make([][]string, clients)
	figures, err := l.counted(func() ([]Figure, error) {
		return Load(ctx, clients, each, func(_ context.Context, client, _ int) error {
			lease, err := l.grant(client)
			leases[client] = append(leases[client], lease)
			return err
		})
	}, clients*each)
	return figures, leases, err
}

// revokes grants, which is not measured, and then revokes one by one.
func (l *load) revokes(ctx context.Context, clients, each int) ([]Figure, error) {
	_, leases, err := l.lend(ctx, clients, each)
	if err != nil {
		return nil, err
	}
	return l.counted(func() ([]Figure, error) {
		return Load(ctx, clients, each, func(_ context.Context, client, i int) error { return l.revoke(leases[client][i]) })
	}, clients*each)
}

// counted adds how many durable transactions each operation took, and how much time of the processor in this process:
// that of the client too, but not that of PostgreSQL.
func (l *load) counted(do func() ([]Figure, error), n int) ([]Figure, error) {
	before, cpu := l.commits(), cpuTime()
	figures, err := do()
	cpu = cpuTime() - cpu
	return append(figures, Figure{Name: "transactions each", Value: float64(l.commits()-before) / float64(n)},
		Figure{Name: "processor each", Unit: "ms", Value: cpu.Seconds() * 1000 / float64(n)}), err
}

// newClient keeps a connection for each client.
func newClient() *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: mostAtOnce, Protocols: protocols, DisableCompression: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // a load, on loopback
	}}
}

func floorLoad(b *testing.B, db floorDB) *load {
	b.Helper()
	f := newFloor(b, db, mostAtOnce)
	s, client := f.serve(b), newClient()
	b.Cleanup(client.CloseIdleConnections)
	devices := make([]*floorDevice, 0, mostAtOnce)
	for _, d := range f.devices {
		devices = append(devices, d)
	}
	return &load{
		grant: func(i int) (string, error) {
			lease, _, err := f.ask(client, s.URL, devices[i])
			return lease, err
		},
		revoke:  func(lease string) error { return askRevocation(client, s.URL, lease) },
		commits: f.commits.Load,
	}
}

func productLoad(b *testing.B, w *systest.World) *load { return productLoadOf(b, w, mostAtOnce) }

func productLoadOf(b *testing.B, w *systest.World, clients int) *load {
	b.Helper()
	w.AddUser("dana")
	account := w.AddAccount("acme", &v1.AccountSettings{Exclusive: proto.Bool(false), AccessMode: v1.AccessMode_ACCESS_MODE_SHARED_SECRET.Enum()}, "dana")
	devices := make([]*systest.RawDevice, clients)
	for i := range devices {
		devices[i] = w.RawDevice(0, "dana")
	}
	client := newClient()
	b.Cleanup(client.CloseIdleConnections)
	hub := w.Replica[0]
	return &load{
		grant:   func(i int) (string, error) { return askProduct(client, hub.URL(), devices[i], account) },
		revoke:  func(lease string) error { return revokeAtProduct(client, hub.URL(), w.OwnerToken.Reveal(), lease) },
		commits: func() int64 { return hub.Stats().Commits },
	}
}

// askProduct does no more for an answer than the client of the floor does.
func askProduct(client *http.Client, url string, d *systest.RawDevice, account string) (lease string, err error) {
	seq, err := d.Config.Sequence()
	if err != nil {
		return "", err
	}
	body, err := proto.Marshal(&v1.CheckOutRequest{RequestId: hubclient.NewRequestID(), AccountId: account, Reason: "post", Duration: durationpb.New(time.Hour)})
	if err != nil {
		return "", err
	}
	r, err := newRequest(url+keyshiftv1connect.AgentServiceCheckOutProcedure, body)
	if err != nil {
		return "", err
	}
	key := httpsig.RequestKey{DeviceID: d.ID, Seq: seq, Key: d.Config.Key, Now: time.Now()}
	if err := httpsig.SignRequest(r, body, d.Config.Target.HubID, key); err != nil {
		return "", err
	}
	var answer v1.CheckOutResponse
	if err := askProto(client, r, &answer); err != nil {
		return "", err
	}
	return answer.GetLease().GetId(), nil
}

func revokeAtProduct(client *http.Client, url, token, lease string) error {
	body, err := proto.Marshal(&v1.RevokeRequest{RequestId: hubclient.NewRequestID(), Target: &v1.RevokeRequest_LeaseId{LeaseId: lease}, Reason: "over"})
	if err != nil {
		return err
	}
	r, err := newRequest(url+keyshiftv1connect.LeaseServiceRevokeProcedure, body)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return askProto(client, r, &v1.RevokeResponse{})
}

func newRequest(url string, body []byte) (*http.Request, error) {
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body)) //nolint:noctx // a load
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/proto")
	r.Header.Set("Connect-Protocol-Version", "1")
	return r, nil
}

func askProto(client *http.Client, r *http.Request, answer proto.Message) error {
	body, err := send(client, r)
	if err != nil {
		return err
	}
	return proto.Unmarshal(body, answer)
}
