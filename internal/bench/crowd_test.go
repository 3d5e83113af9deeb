package bench

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/httpsig"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
)

// A crowd is a process full of devices. Each has its own TLS connection with the stream that an agent has, opened by a
// request that is really signed; everything around the stream is left out, so that many fit into one process.
type crowd struct {
	hub     crowdHub
	members []*member
	seq     atomic.Uint64

	mu    sync.Mutex
	woken []int64 // when pushes came, in ns since 1970
}

type member struct {
	n    int
	key  ed25519.PrivateKey
	conn net.Conn
	// tls keeps the hub's ticket for the next connection, as that of an agent does.
	tls *tls.Config
}

func newMember(n int) *member {
	config := crowdTLS.Clone()
	config.ServerName, config.ClientSessionCache = "hub", tls.NewLRUClientSessionCache(1)
	return &member{n: n, key: memberKey(n), tls: config}
}

// crowdQuestion is what a benchmark asks of a crowd; the fields that are set say what.
type crowdQuestion struct {
	// Join opens the streams of members First to First+Count-1, so many at once.
	Join *crowdJoin `json:",omitempty"`
	// Forget forgets the pushes that came.
	Forget bool `json:",omitempty"`
	// Woken waits until so many pushes came, or Within is over.
	Woken  int           `json:",omitempty"`
	Within time.Duration `json:",omitempty"`
	// Sync lets each member ask for news once, so many at a time.
	Sync int `json:",omitempty"`
	// Return lets everybody come back whose stream ended: each as an agent does, waiting first. Woken and Within as above.
	Return bool `json:",omitempty"`
	// Hub is where the hub is now; nil means where it was.
	Hub *crowdHub `json:",omitempty"`
}

type crowdJoin struct{ First, Count, AtOnce int }

type crowdAnswer struct {
	Error string
	Took  time.Duration
	// Woken are when pushes came, in ns since 1970; after Return when streams were open again.
	Woken []int64
	Times []time.Duration
}

// asked asks a crowd something; what it could not do is an error.
func (c *child) asked(q crowdQuestion) (crowdAnswer, error) {
	var a crowdAnswer
	err := c.tell(q, &a)
	if err == nil && a.Error != "" {
		err = errors.New(a.Error)
	}
	return a, err
}

// join opens the streams of some members, and tells how long it took.
func (c *child) join(at crowdHub, first, n int) (time.Duration, error) {
	a, err := c.asked(crowdQuestion{Hub: &at, Join: &crowdJoin{first, n, 32}})
	return a.Took, err
}

func runCrowd(in *json.Decoder, out *json.Encoder) error {
	c := &crowd{}
	for {
		var q crowdQuestion
		if err := in.Decode(&q); err != nil {
			return err
		}
		start := time.Now()
		var a crowdAnswer
		if err := c.do(q, &a); err != nil {
			a.Error = err.Error()
		}
		a.Took = time.Since(start)
		if err := out.Encode(a); err != nil {
			return err
		}
	}
}

func (c *crowd) do(q crowdQuestion, a *crowdAnswer) (err error) {
	if q.Hub != nil {
		c.hub = *q.Hub
	}
	if q.Join != nil {
		err = c.join(*q.Join)
	}
	if q.Forget || q.Return {
		c.mu.Lock()
		c.woken = nil
		c.mu.Unlock()
	}
	if q.Return && err == nil {
		err = c.comeBack(q.Within)
	}
	if q.Woken > 0 && err == nil {
		err = c.await(q.Woken, q.Within)
	}
	if q.Sync > 0 && err == nil {
		a.Times, err = c.sync(q.Sync)
	}
	c.mu.Lock()
	a.Woken = append([]int64{}, c.woken...)
	c.mu.Unlock()
	return err
}

func (c *crowd) join(j crowdJoin) error {
	var group errgroup.Group
	group.SetLimit(j.AtOnce)
	for n := j.First; n < j.First+j.Count; n++ {
		m := newMember(n)
		c.members = append(c.members, m)
		group.Go(func() error { return c.openSoon(m) })
	}
	return group.Wait()
}

// openSoon tries again when the hub has too many others to shake hands with.
func (c *crowd) openSoon(m *member) (err error) {
	backoff := hubclient.Backoff{First: time.Second, Max: 8 * time.Second}
	for range 8 {
		if err = c.open(m); err == nil {
			return nil
		}
		pause(context.Background(), backoff.Next())
	}
	return err
}

// open makes the stream of a member and returns when the hub has begun it.
func (c *crowd) open(m *member) error {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: c.hub.sourceOf(m.n)}, Timeout: time.Minute}
	raw, err := dialer.Dial("tcp", c.hub.Address)
	if err != nil {
		return fmt.Errorf("member %d: %w", m.n, err)
	}
	m.conn = tls.Client(raw, m.tls)
	request, err := c.request(m)
	if err == nil {
		_, err = m.conn.Write(request)
	}
	buf := make([]byte, 1024)
	n := 0
	if err == nil {
		n, err = m.conn.Read(buf)
	}
	if err == nil && !bytes.HasPrefix(buf[:n], []byte("HTTP/1.1 200")) {
		err = fmt.Errorf("refused: %.300s", buf[:n])
	}
	if err != nil {
		return errors.Join(fmt.Errorf("member %d: %w", m.n, err), raw.Close())
	}
	go c.listen(m)
	return nil
}

// perAddress is how many members share an address. Linux gives one address 28,000 ports, first every other one; to find one
// of the other half it looks at all of the first, and with thousands who do so the whole machine stands still.
const perAddress = 10_000

// sourceOf is the address that a member calls from; none means any.
func (h crowdHub) sourceOf(member int) net.IP {
	ip := net.ParseIP(h.Source).To4()
	if ip != nil {
		ip[3] += byte(member / perAddress)
	}
	return ip
}

var crowdTLS = &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13} //nolint:gosec // whose certificate it is, is not what is measured

// request is a signed request for a stream, as the real client makes it.
func (c *crowd) request(m *member) ([]byte, error) {
	body := []byte{0, 0, 0, 0, 0} // an empty message in its envelope
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "https://"+c.hub.Address+keyshiftv1connect.AgentServiceWatchProcedure, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/connect+proto")
	r.Header.Set("Connect-Protocol-Version", "1")
	r.Header.Set("Accept-Encoding", "identity")
	key := httpsig.RequestKey{DeviceID: memberID(deviceKind, m.n), Seq: c.seq.Add(1), Key: m.key, Now: time.Now()}
	if c.hub.HubID != "" {
		if err := httpsig.SignRequest(r, body, c.hub.HubID, key); err != nil {
			return nil, err
		}
	}
	var wire bytes.Buffer
	err = r.Write(&wire)
	return wire.Bytes(), err
}

// pushed is the message that says "sync", as it travels.
var pushed = []byte("\r\n\x00\x00\x00\x00\x02\x08\x01\r\n")

// listen notes when pushes come. The first message of a stream was read by open.
func (c *crowd) listen(m *member) {
	buf := make([]byte, 64)
	for {
		n, err := m.conn.Read(buf)
		if err != nil {
			_ = m.conn.Close()
			return
		}
		if bytes.Contains(buf[:n], pushed) {
			c.note()
		}
	}
}

func (c *crowd) note() {
	now := time.Now().UnixNano()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.woken = append(c.woken, now)
}

func (c *crowd) await(n int, within time.Duration) error {
	for deadline := time.Now().Add(within); ; pause(context.Background(), 2*time.Millisecond) {
		c.mu.Lock()
		got := len(c.woken)
		c.mu.Unlock()
		if got >= n {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d came within %v", got, n, within)
		}
	}
}

// comeBack lets every member open its stream again, with the waits of an agent that holds nothing.
func (c *crowd) comeBack(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	var group errgroup.Group
	for _, m := range c.members {
		group.Go(func() error {
			backoff := hubclient.Backoff{First: 30 * time.Second, Max: 60 * time.Second}
			for hubclient.Wait(ctx, backoff.Next()) {
				if c.open(m) == nil {
					c.note()
					return nil
				}
			}
			return fmt.Errorf("member %d did not come back", m.n)
		})
	}
	return group.Wait()
}

// sync asks for news in the name of every member, with the real client.
func (c *crowd) sync(atOnce int) ([]time.Duration, error) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	times := make([]time.Duration, len(c.members))
	for i, m := range c.members {
		group.Go(func() error {
			device := hubclient.NewDevice(hubclient.DeviceConfig{
				Target: hubclient.Target{URL: "https://" + c.hub.Address, HubID: c.hub.HubID, HubKey: c.hub.HubKey}, DeviceID: memberID(deviceKind, m.n), Key: m.key,
				Clock: bootclock.System(), Sequence: func() (uint64, error) { return c.seq.Add(1), nil }, HTTP: syncClient,
			})
			start := time.Now()
			_, _, err := hubclient.Ask(context.WithValue(context.Background(), whoAsks{}, m), device.Sync, &v1.SyncRequest{AgentVersion: "crowd"})
			times[i] = time.Since(start)
			return err
		})
	}
	return times, group.Wait()
}

// syncClient makes a new connection for each question, as an agent does that holds nothing, with the ticket of the last one.
var syncClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialTLSContext: dialForMember}}

type whoAsks struct{}

func dialForMember(ctx context.Context, network, address string) (net.Conn, error) {
	m, _ := ctx.Value(whoAsks{}).(*member)
	return (&tls.Dialer{Config: m.tls}).DialContext(ctx, network, address)
}
