package soak

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
	"github.com/keyshift-hq/keyshift/internal/systest"
	"github.com/keyshift-hq/keyshift/internal/systest/realhub"
)

const (
	shortAbuse = 12 * time.Second
	longAbuse  = 5 * time.Minute
	// revokeUnderAbuse and memoryUnderAbuse are A38 and I11.
	revokeUnderAbuse = 2 * time.Second
	memoryUnderAbuse = 512
)

// A38: somebody in the network does what they can, and a curious user and a hostile device help. Admins revoke as ever.
func TestTheHubIsAbused(t *testing.T) {
	lasts, long := form(shortAbuse)
	scale := 10
	if long {
		lasts, scale = min(lasts, longAbuse), 1
	}
	hub := realhub.SQLite(t)
	g := newGood(t, hub)
	calm := g.revokeFor(t.Context(), time.Second)
	ctx, cancel := context.WithCancel(t.Context()) // without a deadline: dials would look at it
	defer cancel()
	m := newMeter()
	a := newAttacker(hub.Target.URL, g.memberToken)
	a.begin(ctx, scale)
	streams := g.floodStreams(ctx, 1000/scale)
	go m.watch(ctx, hub)
	var newcomers speeds
	a.all.Go(func() { g.arrive(ctx, &newcomers) })
	under := g.revokeFor(ctx, lasts)
	cancel()
	a.all.Wait()
	limit := revokeUnderAbuse
	if !long {
		limit *= 5 // other tests use the machine at the same time
	}
	waited, came := newcomers.percentile(50)
	t.Logf("%d newcomers let in, p50 %v; %d revocations before, p99 %v; %d under abuse, p50 %v, p99 %v, at most %v; hub at most %.0f MiB and %.0f descriptors; attacks %v, answers %v, failed %v; %d streams",
		came, waited, len(calm), p99(calm), len(under), under[len(under)/2], p99(under), under[len(under)-1], m.most("hub 0: memory"), m.most("hubs: descriptors"),
		a.done, a.answers, a.failed, streams.Load())
	if got := p99(under); got > limit {
		t.Errorf("p99 of a revocation under abuse is %v, want at most %v", got, limit)
	}
	if got := m.most("hub 0: memory"); got > memoryUnderAbuse || got == 0 {
		t.Errorf("the hub had %.0f MiB, want at most %d", got, memoryUnderAbuse)
	}
	a.wantRefusals(t)
	g.goHome()
	wantNothingLeftOpen(t, hub.Replica[0])
}

// begin starts every attack, a part of each in a short test.
func (a *attacker) begin(ctx context.Context, scale int) {
	const login, revoke = "/keyshift.v1.AuthService/Login", "/keyshift.v1.LeaseService/Revoke"
	who, sync := "/keyshift.v1.AuthService/WhoAmI", "/keyshift.v1.AgentService/Sync"
	start := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\n", login, a.host)
	a.repeat(ctx, "slow headers", 1500/scale, 0, a.drip(start, "X"))
	a.repeat(ctx, "slow bodies", 500/scale, 0, a.drip(start+"Content-Type: application/json\r\nContent-Length: 9000\r\n\r\n", " "))
	a.repeat(ctx, "idle", 1000/scale, 0, a.idle)
	a.repeat(ctx, "mute", 500/scale, 0, a.mute)
	a.repeat(ctx, "handshakes", 4, 10*time.Millisecond, a.handshake)
	a.repeat(ctx, "header floods", 2, 100*time.Millisecond, a.drip(a.headers(1000), "X"))
	mb100 := zeros(100 << 20)
	for kind, body := range map[string]func() io.Reader{"100 MB": mb100, "10,000 deep": deep(10_000), "1,000,000 names": keys(1_000_000, 100<<20)} {
		a.repeat(ctx, kind, 1, 100*time.Millisecond, a.post(login, "", body))
		a.repeat(ctx, kind+" with a wrong token", 1, 100*time.Millisecond, a.post(revoke, "ks_wrong", body))
		a.repeat(ctx, kind+" with a token", 2, 100*time.Millisecond, a.post(who, a.token, body))
		a.repeat(ctx, kind+" for a device", 1, 100*time.Millisecond, a.post(sync, "", body))
	}
	a.repeat(ctx, "names in 1 MiB with a token", 2, 100*time.Millisecond, a.post(who, a.token, keys(1_000_000, 1<<20-100)))
	a.repeat(ctx, "wrong codes", 4, 50*time.Millisecond, a.post(login, "", keys(0, 100)))
}

// wantRefusals: whatever the attacker sent was refused as theirs, never as the hub's fault (I13).
func (a *attacker) wantRefusals(t *testing.T) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	refused := 0
	for status, n := range a.answers {
		switch status[0] {
		case '4':
			refused += n
		case '5':
			t.Errorf("%d answers with %s", n, status)
		}
	}
	if refused == 0 {
		t.Errorf("nothing was refused: %v", a.answers)
	}
}

// idleDescriptors is more than a hub without any connection has.
const idleDescriptors = 30

// wantNothingLeftOpen: when it is over, the hub has neither connections nor goroutines of it (I12).
func wantNothingLeftOpen(t *testing.T, p *realhub.Process) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); ; hubclient.Wait(t.Context(), 200*time.Millisecond) {
		use, err := p.Usage()
		if err == nil && use.Descriptors < idleDescriptors {
			break
		}
		if time.Now().After(limit) {
			t.Errorf("the hub has %d descriptors a minute after everybody left, %v", use.Descriptors, err)
			break
		}
	}
	if stacks := p.Goroutines(); len(stacks) > idleGoroutines {
		t.Errorf("the hub has %d goroutines after everybody left, like %s", len(stacks), stacks[len(stacks)-1])
	}
}

// good is a company that goes on working: devices that check out, and an admin who revokes.
type good struct {
	t           *testing.T
	hub         *realhub.Cluster
	devices     []*hubclient.Device
	account     string
	memberToken string
	next        atomic.Int64
}

func newGood(t *testing.T, hub *realhub.Cluster) *good {
	t.Helper()
	g := &good{t: t, hub: hub}
	added := systest.Do(t, hub.Owner.Accounts.AddAccount, &v1.AddAccountRequest{Network: v1.Network_NETWORK_X, Handle: "acme", Settings: &v1.AccountSettings{
		AccessMode: v1.AccessMode_ACCESS_MODE_SHARED_SECRET.Enum(), Exclusive: new(bool),
	}})
	g.account = added.GetAccount().GetId()
	systest.Do(t, hub.Owner.Accounts.SetCredential, &v1.SetCredentialRequest{Account: "x/acme", Login: "acme", Password: canary})
	for i := range 10 {
		name := fmt.Sprintf("user%d", i)
		systest.Do(t, hub.Owner.Users.AddUser, &v1.AddUserRequest{Name: name})
		systest.Do(t, hub.Owner.Grants.AddGrant, &v1.AddGrantRequest{Account: "x/acme", User: name})
		for range 4 {
			g.devices = append(g.devices, g.enroll(name))
		}
	}
	g.memberToken = g.login("user0")
	return g
}

func (g *good) code(user string, kind v1.CodeKind) (hubclient.Target, keyshift.Invitation) {
	g.t.Helper()
	return systest.Target(g.t, systest.Do(g.t, g.hub.Owner.Users.CreateCode, &v1.CreateCodeRequest{User: user, Kind: kind}).GetCode())
}

func (g *good) login(user string) string {
	g.t.Helper()
	target, code := g.code(user, v1.CodeKind_CODE_KIND_LOGIN)
	nobody, err := hubclient.NewAdmin(hubclient.AdminConfig{Target: target})
	if err != nil {
		g.t.Fatal(err)
	}
	defer nobody.Close()
	return systest.Do(g.t, nobody.Auth.Login, &v1.LoginRequest{Code: code.SecretText()}).GetToken()
}

// enroll makes a device without an agent: the least that can hold a lease.
func (g *good) enroll(user string) *hubclient.Device {
	g.t.Helper()
	keys, err := seal.DeriveKeys(seal.NewSeed())
	if err != nil {
		g.t.Fatal(err)
	}
	target, code := g.code(user, v1.CodeKind_CODE_KIND_ENROLLMENT)
	var seq atomic.Uint64
	config := hubclient.DeviceConfig{
		Target: target, DeviceID: string(keyshift.NewID(time.Now(), rand.Reader)), Key: keys.Signing(), Clock: bootclock.System(),
		Sequence: func() (uint64, error) { return seq.Add(1), nil },
	}
	enrolling := hubclient.NewDevice(config)
	defer enrolling.Close()
	answer := systest.Do(g.t, enrolling.Enroll, &v1.EnrollRequest{
		RequestId: hubclient.NewRequestID(), Code: code.SecretText(), DeviceId: config.DeviceID, DeviceName: user, Os: "linux", SigningKey: keys.SigningPublic(), SealingKey: keys.SealingPublic(),
	})
	config.Target.HubID = answer.GetHubId()
	device := hubclient.NewDevice(config)
	g.t.Cleanup(device.Close)
	return device
}

// revokeFor checks out and revokes for a time, and gives how long each revocation took, in order. Nothing may fail.
func (g *good) revokeFor(ctx context.Context, lasts time.Duration) (took []time.Duration) {
	g.t.Helper()
	for end := time.Now().Add(lasts); time.Now().Before(end) || len(took) == 0; {
		device := g.devices[int(g.next.Add(1))%len(g.devices)]
		answer, err := checkOut(context.WithoutCancel(ctx), device, g.account)
		switch {
		case keyshift.CodeOf(err) == keyshift.CodeRateLimited: // this user has checked out ten times a minute
			hubclient.Wait(ctx, 50*time.Millisecond)
		case err != nil:
			g.t.Errorf("check out: %v", err)
		}
		target := &v1.RevokeRequest{Reason: "test", Target: &v1.RevokeRequest_LeaseId{LeaseId: answer.GetLease().GetId()}}
		if err != nil {
			target.Target = &v1.RevokeRequest_Account{Account: "x/acme"}
		}
		began := time.Now()
		if _, err := hubclient.Call(context.WithoutCancel(ctx), g.hub.Owner.Leases.Revoke, target); err != nil {
			g.t.Errorf("revoke: %v", err)
		}
		took = append(took, time.Since(began))
	}
	return slices.SortedFunc(slices.Values(took), cmp.Compare[time.Duration])
}

// checkOut asks as an agent does, again when the answer is lost: the hub closes many connections here, and one of them may be
// the one that was to be used next.
func checkOut(ctx context.Context, device *hubclient.Device, account string) (answer *v1.CheckOutResponse, err error) {
	request := &v1.CheckOutRequest{RequestId: hubclient.NewRequestID(), AccountId: account, Reason: "post", Duration: durationpb.New(time.Hour)}
	err = hubclient.Retry(ctx, 3, hubclient.Backoff{First: 50 * time.Millisecond, Max: time.Second}, func() error {
		answer, _, err = hubclient.Ask(ctx, device.CheckOut, request)
		return err
	})
	return answer, err
}

// arrive has somebody new come every second, over a connection of their own in the queue with all the others: slow they may
// become, but they are let in.
func (g *good) arrive(ctx context.Context, speed *speeds) {
	refused := 0
	for hubclient.Wait(ctx, time.Second) {
		newcomer := g.hub.Admin(0)
		began := time.Now()
		_, err := hubclient.Call(ctx, newcomer.Auth.WhoAmI, &v1.WhoAmIRequest{})
		newcomer.Close()
		switch {
		case ctx.Err() != nil:
		case err != nil:
			refused++
		default:
			speed.add(time.Since(began))
		}
	}
	if _, came := speed.percentile(50); came < refused || came == 0 {
		g.t.Errorf("%d newcomers were let in and %d not", came, refused)
	}
}

// floodStreams has one device open stream after stream, as many as it can.
func (g *good) floodStreams(ctx context.Context, n int) *atomic.Int64 {
	var opened atomic.Int64
	hostile := g.devices[0]
	for range n {
		go func() {
			for hubclient.Wait(ctx, 200*time.Millisecond) {
				opened.Add(1)
				_, _ = hostile.Watch(ctx, func(bool) {}) // however it ends
			}
		}()
	}
	return &opened
}

// goHome ends the connections of the good.
func (g *good) goHome() {
	for _, d := range g.devices {
		d.Close()
	}
	g.hub.Owner.Close()
}

func p99(sorted []time.Duration) time.Duration { return sorted[min(len(sorted)*99/100, len(sorted)-1)] }
