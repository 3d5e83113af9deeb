package hubclient_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/hubclient/hubtest"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const deviceID = "01890a5d-ac96-774b-bcce-b302099a8058"

// answers is a hub that says one thing.
type answers struct {
	keyshiftv1connect.UnimplementedAgentServiceHandler
	err error
}

func (a *answers) Sync(context.Context, *v1.SyncRequest) (*v1.SyncResponse, error) {
	if a.err != nil {
		return nil, api.ToConnect(a.err)
	}
	return &v1.SyncResponse{HubName: "the hub", User: "dana"}, nil
}

func (*answers) Enroll(_ context.Context, q *v1.EnrollRequest) (*v1.EnrollResponse, error) {
	return &v1.EnrollResponse{HubId: hubtest.ID, DeviceId: q.GetDeviceId()}, nil
}

type fixture struct {
	hub      *hubtest.Hub
	device   *hubclient.Device
	contacts []hubclient.Contact
	clock    *bootclock.Fake
}

// dial makes a device that knows the hub by target, with keys that the hub knows.
func dial(t *testing.T, hub *hubtest.Hub, change func(*hubclient.DeviceConfig)) *fixture {
	t.Helper()
	keys, err := seal.DeriveKeys(bytes.Repeat([]byte{7}, seal.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	hub.Device = func(id string) ed25519.PublicKey {
		if id != deviceID {
			return nil
		}
		return keys.SigningPublic()
	}
	hub.Start(t)
	f := &fixture{hub: hub, clock: bootclock.NewFake(time.Now())}
	var seq atomic.Uint64
	config := hubclient.DeviceConfig{
		Target: hub.Target(), DeviceID: deviceID, Key: keys.Signing(), Clock: f.clock,
		Sequence:  func() (uint64, error) { return seq.Add(1), nil },
		OnContact: func(c hubclient.Contact) { f.contacts = append(f.contacts, c) },
	}
	if change != nil {
		change(&config)
	}
	f.device = hubclient.NewDevice(config)
	t.Cleanup(f.device.Close)
	return f
}

func TestDeviceHearsTheHub(t *testing.T) {
	hubTime := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	hub := hubtest.New(t, &answers{})
	hub.Now = func() time.Time { return hubTime }
	f := dial(t, hub, nil)
	got, contact, err := hubclient.Ask(t.Context(), f.device.Sync, &v1.SyncRequest{})
	if err != nil {
		t.Fatal(err)
	}
	asked, _ := f.clock.Read()
	if got.GetUser() != "dana" || !contact.HubTime.Equal(hubTime) || contact.Asked != asked {
		t.Errorf("got %v at %+v, want dana at %v", got, contact, hubTime)
	}
	if len(f.contacts) != 1 || f.contacts[0] != contact {
		t.Errorf("got contacts %v, want one, %v", f.contacts, contact)
	}
}

// A new connection costs both sides less when the hub knows the device's ticket; whose key it is is still checked.
func TestADeviceComesBackWithATicket(t *testing.T) {
	for _, pinned := range []bool{true, false} {
		var resumed []bool
		hub := hubtest.New(t, &answers{})
		hub.Around = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				resumed = append(resumed, r.TLS.DidResume)
				next.ServeHTTP(w, r)
			})
		}
		f := dial(t, hub, func(c *hubclient.DeviceConfig) {
			if !pinned {
				c.HTTP = hubclient.NewHTTPClient(c.Target)
				transport, _ := c.HTTP.Transport.(*http.Transport)
				transport.TLSClientConfig.InsecureSkipVerify = true // no root vouches for a test
			}
		})
		for range 3 {
			if _, _, err := hubclient.Ask(t.Context(), f.device.Sync, &v1.SyncRequest{}); err != nil {
				t.Fatal(err)
			}
			f.device.Close()
		}
		if want := []bool{false, true, true}; !slices.Equal(resumed, want) {
			t.Errorf("pinned %v: resumed %v, want %v", pinned, resumed, want)
		}
	}
}

func TestDevicePassesOnWhatTheHubRefuses(t *testing.T) {
	refusal := keyshift.Refuse(keyshift.CodeDeviceNotTrusted, "The hub does not trust this device.", "Ask your admin.").With("state", "lost")
	f := dial(t, hubtest.New(t, &answers{err: refusal}), nil)
	_, contact, err := hubclient.Ask(t.Context(), f.device.Sync, &v1.SyncRequest{})
	got, ok := errors.AsType[*keyshift.Error](err)
	if !ok || got.Code != refusal.Code || got.Text != refusal.Text || got.Hint != refusal.Hint || got.Facts["state"] != "lost" {
		t.Errorf("got %#v, want %#v", got, refusal)
	}
	if contact.HubTime.IsZero() {
		t.Error("a signed refusal is no contact")
	}
}

// around makes a hub behind a proxy.
func around(t *testing.T, proxy func(http.Handler) http.Handler) *hubtest.Hub {
	hub := hubtest.New(t, &answers{})
	hub.Around = proxy
	return hub
}

// rewrite is a proxy that changes answers.
func rewrite(change func(h http.Header, status *int, body *[]byte)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := &recorder{header: http.Header{}, status: http.StatusOK}
			next.ServeHTTP(rec, r)
			body := rec.body.Bytes()
			change(rec.header, &rec.status, &body)
			for name, values := range rec.header {
				w.Header()[name] = values
			}
			w.WriteHeader(rec.status)
			_, _ = w.Write(body)
		})
	}
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

func unsign(h http.Header) {
	h.Del("Signature")
	h.Del("Signature-Input")
}

func TestDeviceBelievesOnlyTheHub(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(h http.Header, status *int, body *[]byte)
		want   keyshift.Code
	}{
		{"the answer is changed", func(_ http.Header, _ *int, body *[]byte) { *body = append(*body, 0) }, keyshift.CodeHubIdentityChanged},
		{"the time is changed", func(h http.Header, _ *int, _ *[]byte) { h.Set("Keyshift-Time", "1795356000000000") }, keyshift.CodeHubIdentityChanged},
		{"the status is changed", func(_ http.Header, status *int, _ *[]byte) { *status = http.StatusTeapot }, keyshift.CodeHubIdentityChanged},
		{"a success without a signature", func(h http.Header, _ *int, _ *[]byte) { unsign(h) }, keyshift.CodeHubIdentityChanged},
		{"a proxy's bad gateway", func(h http.Header, status *int, _ *[]byte) { unsign(h); *status = http.StatusBadGateway }, keyshift.CodeHubUnreachable},
		{"a proxy's refusal", func(h http.Header, status *int, _ *[]byte) { unsign(h); *status = http.StatusForbidden }, keyshift.CodeHubUnreachable},
		{"a login page", func(h http.Header, status *int, _ *[]byte) {
			unsign(h)
			h.Set("Location", "https://127.0.0.1:1/login")
			*status = http.StatusFound
		}, keyshift.CodeHubUnreachable},
		{"too much", func(_ http.Header, _ *int, body *[]byte) { *body = make([]byte, 5<<20) }, keyshift.CodeHubUnreachable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := dial(t, around(t, rewrite(tt.change)), nil)
			answer, contact, err := hubclient.Ask(t.Context(), f.device.Sync, &v1.SyncRequest{})
			if got := keyshift.CodeOf(err); got != tt.want || answer != nil {
				t.Errorf("got %v, %v, want %s", answer, err, tt.want)
			}
			if !contact.HubTime.IsZero() || len(f.contacts) != 0 {
				t.Errorf("got a contact at %v, want none", contact.HubTime)
			}
		})
	}
}

func TestDeviceRefusesAnotherHub(t *testing.T) {
	other, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*hubclient.DeviceConfig)
		want   keyshift.Code
	}{
		{"another signing key", func(c *hubclient.DeviceConfig) { c.Target.HubKey = other }, keyshift.CodeHubIdentityChanged},
		{"another certificate key", func(c *hubclient.DeviceConfig) { c.Target.TLSPin = bytes.Repeat([]byte{1}, 32) }, keyshift.CodeHubIdentityChanged},
		{"a certificate without issuer and no pin", func(c *hubclient.DeviceConfig) { c.Target.TLSPin = nil }, keyshift.CodeHubUnreachable},
		{"nobody there", func(c *hubclient.DeviceConfig) { c.Target.URL = "https://127.0.0.1:1" }, keyshift.CodeHubUnreachable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := dial(t, hubtest.New(t, &answers{}), tt.change)
			if _, _, err := hubclient.Ask(t.Context(), f.device.Sync, &v1.SyncRequest{}); keyshift.CodeOf(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestEnrollmentAcceptsAnyIDTheKeyVouchesFor(t *testing.T) {
	f := dial(t, hubtest.New(t, &answers{}), func(c *hubclient.DeviceConfig) { c.Target.HubID = "" })
	got, _, err := hubclient.Ask(t.Context(), f.device.Enroll, &v1.EnrollRequest{DeviceId: deviceID})
	if err != nil || got.GetHubId() != hubtest.ID {
		t.Errorf("got %v, %v, want hub %s", got, err, hubtest.ID)
	}
}

func TestRequestsAreNotSentWithoutANumberOrTheTime(t *testing.T) {
	full := keyshift.Refuse(keyshift.CodeStorageFull, "full", "")
	f := dial(t, hubtest.New(t, &answers{}), func(c *hubclient.DeviceConfig) {
		c.Sequence = func() (uint64, error) { return 0, full }
	})
	if _, _, err := hubclient.Ask(t.Context(), f.device.Sync, &v1.SyncRequest{}); keyshift.CodeOf(err) != keyshift.CodeStorageFull {
		t.Errorf("got %v, want %v", err, full)
	}
	f.clock.Fail(io.ErrUnexpectedEOF)
	if _, _, err := hubclient.Ask(t.Context(), f.device.Sync, &v1.SyncRequest{}); keyshift.CodeOf(err) != keyshift.CodeClockSuspect {
		t.Errorf("got %v, want %s", err, keyshift.CodeClockSuspect)
	}
}

func TestRetryRepeatsOnlyWhatDidNotArrive(t *testing.T) {
	for _, tt := range []struct {
		code keyshift.Code
		want int
	}{
		{keyshift.CodeHubUnreachable, 3},
		{keyshift.CodeReplayed, 3},
		{keyshift.CodeGrantMissing, 1},
		{keyshift.CodeHubIdentityChanged, 1},
	} {
		got := 0
		err := hubclient.Retry(t.Context(), 3, hubclient.Backoff{}, func() error {
			got++
			return keyshift.Refuse(tt.code, "no", "")
		})
		if got != tt.want || keyshift.CodeOf(err) != tt.code {
			t.Errorf("%s: got %d attempts and %v, want %d", tt.code, got, err, tt.want)
		}
	}
}

func TestBackoffIsSpreadAndBounded(t *testing.T) {
	b := hubclient.Backoff{First: time.Second, Max: 8 * time.Second}
	for i, bound := range []time.Duration{1, 2, 4, 8, 8, 8} {
		if got := b.Next(); got < 0 || got >= bound*time.Second {
			t.Errorf("wait %d: got %v, want less than %v", i, got, bound*time.Second)
		}
	}
	b.Reset()
	if got := b.Next(); got >= time.Second {
		t.Errorf("after Reset: got %v, want less than %v", got, time.Second)
	}
}
