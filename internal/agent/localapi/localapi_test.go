//go:build linux || darwin

package localapi_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/keyshift-hq/keyshift/internal/agent/localapi/localapitest"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

// longTime is far more than any local exchange needs: it turns a hang into a failure.
const longTime = 20 * time.Second

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// enrolled is an agent of dana with one account, a lease on it, and its secrets.
func enrolled() *localapitest.Fake {
	f := localapitest.NewFake()
	f.Change(func(s *localapitest.State) {
		s.Status = &v1.LocalServiceGetStatusResponse{Enrolled: true, User: "dana", Connected: true}
		s.Accounts = []*v1.Lendable{{Network: v1.Network_NETWORK_X, Handle: "acme", AllowShow: true}}
		s.Leases = []*v1.HeldLease{{Lease: &v1.Lease{Id: "l1", Network: v1.Network_NETWORK_X, Handle: "acme"}, TimeLeft: durationpb.New(time.Hour)}}
		s.Findings = []*v1.Finding{{Subject: "hub", Ok: true}}
		s.Credential = keyshift.Credential{Login: "acme@example.com", Password: keyshift.NewSecret("hunter2-canary")}
		s.Code, s.CodeUntil, s.HubTold, s.Now = "493027", noon.Add(30*time.Second), true, noon
	})
	return f
}

// buffer collects a log that several goroutines write.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longTime)
	t.Cleanup(cancel)
	return ctx
}

func TestEveryMethodReachesTheAgent(t *testing.T) {
	f, log := enrolled(), &buffer{}
	c := localclient.New(localapitest.Serve(t, f, log, nil))
	defer c.Close()
	ctx := limited(t)
	lease := f.Leases()[0]
	checkOut := &v1.LocalServiceCheckOutRequest{Account: "x/acme", Reason: "launch", Duration: durationpb.New(time.Hour), RequestId: "r1"}

	tests := []struct {
		method    string
		ask       func() (proto.Message, error)
		args, got proto.Message
	}{
		{"GetStatus", func() (proto.Message, error) { return c.Status(ctx) }, nil, f.Status()},
		{"ListAccounts", func() (proto.Message, error) { return c.Accounts(ctx) },
			&v1.LocalServiceListAccountsRequest{}, &v1.LocalServiceListAccountsResponse{Accounts: []*v1.Lendable{{Network: 1, Handle: "acme", AllowShow: true}}}},
		{"ListLeases", func() (proto.Message, error) { return c.Leases(ctx) }, nil, &v1.LocalServiceListLeasesResponse{Leases: f.Leases()}},
		{"GetCode", func() (proto.Message, error) { return c.Code(ctx, "l1") },
			&v1.LocalServiceGetCodeRequest{Lease: "l1"}, &v1.LocalServiceGetCodeResponse{Code: "493027", ValidUntil: timestamppb.New(noon.Add(30 * time.Second))}},
		{"Reveal", func() (proto.Message, error) { return c.Reveal(ctx, "l1") },
			&v1.LocalServiceRevealRequest{Lease: "l1"}, &v1.LocalServiceRevealResponse{Login: "acme@example.com", Password: "hunter2-canary"}},
		{"Renew", func() (proto.Message, error) { return c.Renew(ctx, "l1", 2*time.Hour) },
			&v1.LocalServiceRenewRequest{Lease: "l1", Duration: durationpb.New(2 * time.Hour)},
			&v1.LocalServiceRenewResponse{Lease: renewed(lease, 2*time.Hour)}},
		{"CheckOut", func() (proto.Message, error) { return c.CheckOut(ctx, checkOut) }, checkOut, nil},
		{"CheckIn", func() (proto.Message, error) { return c.CheckIn(ctx, "l1") }, &v1.LocalServiceCheckInRequest{Lease: "l1"}, nil},
		{"Sync", func() (proto.Message, error) { return c.Sync(ctx) }, &v1.LocalServiceSyncRequest{}, nil},
		{"Diagnose", func() (proto.Message, error) { return c.Diagnose(ctx) },
			&v1.LocalServiceDiagnoseRequest{}, &v1.LocalServiceDiagnoseResponse{Findings: []*v1.Finding{{Subject: "hub", Ok: true}}}},
		{"Unenroll", func() (proto.Message, error) { return c.Unenroll(ctx, true) },
			&v1.LocalServiceUnenrollRequest{Force: true}, &v1.LocalServiceUnenrollResponse{HubTold: true}},
	}
	for _, tt := range tests {
		t.Run(tt.method, func(t *testing.T) {
			before := len(f.Calls())
			got, err := tt.ask()
			if err != nil {
				t.Fatal(err)
			}
			if tt.args != nil {
				want := localapitest.Call{Method: tt.method, Args: tt.args}
				if diff := cmp.Diff([]localapitest.Call{want}, f.Calls()[before:], protocmp.Transform()); diff != "" {
					t.Errorf("asked (-want +got):\n%s", diff)
				}
			}
			if diff := cmp.Diff(tt.got, got, protocmp.Transform()); tt.got != nil && diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if !strings.Contains(log.String(), "/keyshift.v1.LocalService/"+tt.method+" ") {
				t.Error("the log does not have the method")
			}
		})
	}
	for _, secret := range []string{"hunter2", "acme@example", "493027"} {
		if regexp.MustCompile(`\b` + secret + `\b`).MatchString(log.String()) { // such digits may be part of how long something took
			t.Errorf("the log has %s", secret)
		}
	}
}

func renewed(h *v1.HeldLease, d time.Duration) *v1.HeldLease {
	h = proto.CloneOf(h)
	h.TimeLeft, h.Lease.EndsAt = durationpb.New(d), timestamppb.New(noon.Add(d))
	return h
}

func TestErrorsOfTheAgent(t *testing.T) {
	tests := []struct {
		name    string
		failure any
		want    keyshift.Code
		logged  string
	}{
		{"for people", keyshift.Refuse(keyshift.CodeAccountInUse, "@acme is with lee until 14:30.", "Ask again then."), keyshift.CodeAccountInUse, "code=account_in_use"},
		{"not for people", errors.New("open /home/dana/.state: permission denied"), keyshift.CodeInternal, "open /home/dana/.state"},
		{"panic", "a secret canary", keyshift.CodeInternal, "panic with a string"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, log := enrolled(), &buffer{}
			f.Change(func(s *localapitest.State) { s.Fail = map[string]any{"CheckOut": tt.failure} })
			c := localclient.New(localapitest.Serve(t, f, log, nil))
			defer c.Close()
			_, err := c.CheckOut(limited(t), &v1.LocalServiceCheckOutRequest{Account: "x/acme"})
			if got := keyshift.CodeOf(err); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if tt.want == keyshift.CodeInternal && strings.Contains(err.Error(), "/home/dana") {
				t.Errorf("told %q", err)
			}
			if !strings.Contains(log.String(), tt.logged) || strings.Contains(log.String(), "canary") {
				t.Errorf("logged %s", log)
			}
			if _, err := c.Status(limited(t)); err != nil {
				t.Errorf("the next request: %v", err)
			}
		})
	}
}

func TestServerOfAnotherUserIsNotReplaced(t *testing.T) {
	path := localapitest.Serve(t, localapitest.NewFake(), nil, nil)
	if _, err := ipc.Listen(path); !errors.Is(err, ipc.ErrInUse) {
		t.Errorf("got %v, want %v", err, ipc.ErrInUse)
	}
}

func TestAskedToStop(t *testing.T) {
	stopped := make(chan struct{})
	c := localclient.New(localapitest.Serve(t, localapitest.NewFake(), nil, func() { close(stopped) }))
	defer c.Close()
	if err := c.Stop(limited(t)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-stopped:
	case <-time.After(longTime):
		t.Error("nobody stops")
	}
}

func TestNobodyMayAskToStop(t *testing.T) {
	c := localclient.New(localapitest.Serve(t, localapitest.NewFake(), nil, nil))
	defer c.Close()
	if got := keyshift.CodeOf(c.Stop(limited(t))); got != keyshift.CodeNotFound {
		t.Errorf("got %s", got)
	}
}

func TestEventsTellTheState(t *testing.T) {
	f := enrolled()
	path := localapitest.Socket(t)
	end := localapitest.ServeAt(t, path, f, nil, nil)
	c := localclient.New(path)
	defer c.Close()
	var seen []string
	for status, err := range c.Events(limited(t)) {
		if err != nil {
			seen = append(seen, string(keyshift.CodeOf(err)))
			break
		}
		seen = append(seen, status.GetUser())
		if len(seen) == 1 {
			f.Change(func(s *localapitest.State) { s.Status = &v1.LocalServiceGetStatusResponse{User: "lee"} })
		} else {
			end() // a stream does not keep the server from stopping
		}
	}
	if got, want := strings.Join(seen, " "), "dana lee unavailable"; got != want {
		t.Errorf("seen %q, want %q", got, want)
	}
	if n := f.Watched(); n != 0 {
		t.Errorf("%d subscriptions are left", n)
	}
}

// dialer makes an HTTP client that is none of ours, over the socket at path.
func dialer(t *testing.T, path string) *http.Client {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: longTime}
}

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "intrude" {
		intrude(os.Args[2])
		return
	}
	goleak.VerifyTestMain(m)
}
