package agent

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/hubclient/hubtest"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type testRandom struct{}

func (testRandom) Read(b []byte) (int, error) { return rand.Read(b) }

// world is a hub, a computer with its keyring, its disk and its clocks, in a synctest bubble.
type world struct {
	t      *testing.T
	hub    *fakeHub
	server *hubtest.Hub
	ring   *osringtest.Fake
	state  *memoryFiles
	leases *memoryFiles
	clock  *testClock
	cut    *switchable
	fuse   *fuse
	log    *bytes.Buffer
	shown  map[string]bool                        // leases whose secret the user has seen
	spread func(most time.Duration) time.Duration // nil draws it
	desk   *fakeDesk
	atRest func()
	around atomic.Value // of func(method string); see onAnswer
}

// inWorld runs a story in a bubble: time passes as soon as everybody waits for it.
func inWorld(t *testing.T, story func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { story(t, newWorld(t)) })
}

func newWorld(t *testing.T) *world {
	hub := newFakeHub()
	w := &world{
		t: t, hub: hub, ring: osringtest.NewFake(), state: newMemoryFiles(), leases: newMemoryFiles(), clock: newTestClock(), cut: &switchable{},
		fuse: &fuse{}, log: new(bytes.Buffer), shown: map[string]bool{}, desk: newFakeDesk(),
	}
	w.server = hubtest.New(t, hub)
	w.server.Device = hub.deviceKey
	w.server.StartInMemory()
	hub.key = w.server.Key
	t.Cleanup(w.server.Stop)
	return w
}

func (w *world) config() Config {
	return Config{
		StateDir: "state", Ring: fusedRing{w.ring, w.fuse}, Clock: w.clock, Random: rand.Reader, Version: "1.2.3", Spread: w.spread, Desk: w.desk, AtRest: w.atRest,
		Log: slog.New(slog.NewTextHandler(&lockedWriter{b: w.log}, nil)),
		HTTP: func(target hubclient.Target) *http.Client {
			client := w.server.Client(target)
			client.Transport = &fusedTransport{&cuttable{client.Transport, w.cut}, w.fuse, w.did}
			return client
		},
	}
}

func (w *world) did(method string) {
	if do, _ := w.around.Load().(func(string)); do != nil {
		do(method)
	}
}

// onAnswer says what happens when the hub has done what was asked, before it answers; nil is nothing.
func (w *world) onAnswer(do func(method string)) { w.around.Store(do) }

type lockedWriter struct {
	mu sync.Mutex
	b  *bytes.Buffer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// boot starts an agent on the computer. stop ends it and waits.
func (w *world) boot() (a *Agent, stop func()) {
	w.t.Helper()
	a, err := open(w.config(), fusedFiles{w.state, w.fuse}, fusedFiles{w.leases, w.fuse})
	if err != nil {
		w.t.Fatalf("open agent: %v", err)
	}
	return a, w.run(a)
}

func (w *world) run(a *Agent) (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := a.Run(ctx); err != nil {
			w.t.Errorf("run: %v", err)
		}
	}()
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); <-done }) }
	w.t.Cleanup(stop)
	return stop
}

// code gives an enrollment code of the hub.
func (w *world) code() string {
	target := w.server.Target()
	secret := bytes.Repeat([]byte{9}, keyshift.CodeSecretSize)
	invitation := keyshift.Invitation{Kind: keyshift.EnrollmentCode, HubURL: target.URL, HubKey: w.hub.key.Public().(ed25519.PublicKey), TLSPin: target.TLSPin, Secret: secret}
	w.hub.with(func() { w.hub.secret = invitation.SecretText() })
	return invitation.Encode()
}

// enrolled starts an agent that is enrolled and in contact.
func (w *world) enrolled() (a *Agent, stop func()) {
	w.t.Helper()
	a, stop = w.boot()
	if _, err := a.Enroll(w.t.Context(), w.code(), "laptop"); err != nil {
		w.t.Fatalf("enroll: %v", err)
	}
	w.settle(time.Second)
	return a, stop
}

// settle lets time pass, and then everything that it set off.
func (w *world) settle(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (w *world) request(account string) *v1.LocalServiceCheckOutRequest {
	return &v1.LocalServiceCheckOutRequest{
		Account: account, Reason: "post the release", Duration: durationpb.New(time.Hour), RequestId: string(keyshift.NewID(time.Now(), rand.Reader)),
	}
}

// checkedOut gives an active lease of x/acme.
func (w *world) checkedOut(a *Agent) *v1.HeldLease {
	w.t.Helper()
	held, err := a.CheckOut(w.t.Context(), w.request("x/acme"))
	if err != nil {
		w.t.Fatalf("check out: %v", err)
	}
	return held
}

// wantNothingLeft fails if something of a secret is still on the computer.
func (w *world) wantNothingLeft() {
	w.t.Helper()
	for _, key := range w.ring.Keys() {
		if strings.HasPrefix(key, "lease:") {
			w.t.Errorf("the keyring still has %s", key)
		}
	}
	names, _ := w.leases.Names()
	for _, name := range names {
		w.t.Errorf("the lease folder still has %s", name)
	}
}

func (w *world) wantNoKeys() {
	w.t.Helper()
	names, _ := w.leases.Names()
	for _, name := range names {
		if strings.HasSuffix(name, ".key") {
			w.t.Errorf("the key %s is still there", name)
		}
	}
}

func (w *world) wantCode(err error, want keyshift.Code) {
	w.t.Helper()
	if got := keyshift.CodeOf(err); got != want {
		w.t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

// wantRemoval checks how far the hub knows the removal of its only lease to be.
func (w *world) wantRemoval(state v1.LeaseState, step v1.RemovalStep) {
	w.t.Helper()
	l := w.hub.one()
	if l.GetState() != state || l.GetRemoval().GetStep() != step {
		w.t.Errorf("the hub has %v, %v, want %v, %v", l.GetState(), l.GetRemoval().GetStep(), state, step)
	}
}

// memoryFiles is a folder in memory. full is what it answers to a write, and if it is EROFS, to any change.
type memoryFiles struct {
	mu    sync.Mutex
	files map[string][]byte
	full  error
}

func newMemoryFiles() *memoryFiles { return &memoryFiles{files: map[string][]byte{}} }

func (m *memoryFiles) Read(name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.files[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return bytes.Clone(data), nil
}

func (m *memoryFiles) Write(name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full != nil {
		return &fs.PathError{Op: "write", Path: name, Err: m.full}
	}
	m.files[name] = bytes.Clone(data)
	return nil
}

// Begin has nothing to settle: whatever is in memory is there.
func (m *memoryFiles) Begin(name string, data []byte) (settle func() error, err error) {
	return func() error { return nil }, m.Write(name, data)
}

func (m *memoryFiles) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if errors.Is(m.full, syscall.EROFS) {
		return &fs.PathError{Op: "remove", Path: name, Err: m.full}
	}
	delete(m.files, name)
	return nil
}

func (m *memoryFiles) Names() ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for name := range m.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

func (m *memoryFiles) fill(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.full = err
}

// testClock follows the bubble's time, and can be turned.
type testClock struct {
	mu    sync.Mutex
	start time.Time
	wall  time.Duration
	boot  time.Duration
	boots int
	reads int
	last  time.Time // when it was read last
	woke  int
	dead  bool
}

func newTestClock() *testClock { return &testClock{start: time.Now().Add(-time.Hour)} }

func (c *testClock) Read() (bootclock.Reading, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads++
	if now := time.Now(); now != c.last {
		c.last = now
		c.woke++
	}
	if c.dead {
		return bootclock.Reading{}, fs.ErrInvalid
	}
	return bootclock.Reading{
		Wall: time.Now().Add(c.wall).Round(0).UTC(), Boot: time.Since(c.start) + c.boot, BootID: "boot " + string(rune('A'+c.boots)),
	}, nil
}

// turn moves the wall clock and boot time away from the bubble's.
func (c *testClock) turn(wall, boot time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall += wall
	c.boot += boot
}

// count tells how often the clock was read.
func (c *testClock) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reads
}

// instants tells at how many moments the clock was read: whatever the agent does begins with that.
func (c *testClock) instants() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.woke
}

func (c *testClock) fail(dead bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = dead
}

func (c *testClock) reboot() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.start, c.boot, c.boots = time.Now(), 0, c.boots+1
}

// switchable is a network cable. Somebody may sit on it and change what is asked at some paths.
type switchable struct {
	mu      sync.Mutex
	off     bool
	changed string
}

func (s *switchable) change(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = path
}

func (s *switchable) changes(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed != "" && strings.HasSuffix(path, s.changed)
}

func (s *switchable) set(off bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = off
}

func (s *switchable) isOff() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.off
}

type cuttable struct {
	next  http.RoundTripper
	cable *switchable
}

func (c *cuttable) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.cable.isOff() {
		return nil, &fs.PathError{Op: "dial", Path: r.URL.Host, Err: fs.ErrClosed}
	}
	if c.cable.changes(r.URL.Path) {
		r = r.Clone(r.Context())
		r.Body, r.ContentLength, r.GetBody = io.NopCloser(strings.NewReader("changed")), int64(len("changed")), nil
	}
	return c.next.RoundTrip(r)
}

func (c *cuttable) CloseIdleConnections() {
	if t, ok := c.next.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// unplug cuts the network, also for the stream that is open.
func (w *world) unplug() {
	w.cut.set(true)
	w.server.Drop()
}

func (w *world) plug() { w.cut.set(false) }
