package extension

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/extensionid"
	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// relayVariable makes of this test binary a native host: the socket that it hands on to.
const relayVariable = "KEYSHIFT_TEST_RELAY"

func TestMain(m *testing.M) {
	if socket := os.Getenv(relayVariable); socket != "" {
		relay(socket)
		return
	}
	os.Exit(m.Run())
}

// relay is a native host that does nothing but hand on.
func relay(socket string) {
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "unix", socket)
	if err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(conn, os.Stdin)
		_ = conn.Close()
	}()
	_, _ = io.Copy(os.Stdout, conn)
}

// agent stands in for the agent: it answers as a table says, and notes what it was asked. Signatures are verified as the
// contract says.
type agent struct {
	t        *testing.T
	socket   string
	listener net.Listener

	mu      sync.Mutex
	conn    net.Conn
	state   native.State
	welcome native.Welcome
	key     *ecdsa.PublicKey
	asked   map[string][]json.RawMessage
	values  map[native.Field]string
	refuse  map[string]native.Error
	newer   int64 // by how much versions of packs and words are higher than the first
	changed *sync.Cond
}

func newAgent(t *testing.T, mode native.ProfileMode) *agent {
	t.Helper()
	a := &agent{t: t, socket: filepath.Join(t.TempDir(), "agent.sock"), asked: map[string][]json.RawMessage{}, refuse: map[string]native.Error{}}
	a.changed = sync.NewCond(&a.mu)
	a.values = map[native.Field]string{native.FieldUsername: "acme", native.FieldPassword: "hunter2", native.FieldCode: "492817"}
	a.welcome = native.Welcome{AgentVersion: "v1.2.3", Paired: true, Mode: mode, Versions: []int64{native.Version}, Challenge: "Y2hhbGxlbmdl", Packs: []native.PackVersion{{Network: "x", Version: 1}}}
	a.state = native.State{Leases: []native.Lease{}, Ended: []native.Ended{}}
	a.listen()
	t.Cleanup(a.stop)
	return a
}

func (a *agent) listen() {
	a.t.Helper()
	_ = os.Remove(a.socket)
	l, err := net.Listen("unix", a.socket)
	if err != nil {
		a.t.Fatal(err)
	}
	a.listener = l
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go a.serve(conn)
		}
	}()
}

// stop ends the agent as a crash would.
func (a *agent) stop() {
	_ = a.listener.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conn != nil {
		_ = a.conn.Close()
	}
}

func (a *agent) serve(conn net.Conn) {
	a.mu.Lock()
	a.conn = conn
	a.mu.Unlock()
	for {
		message, err := native.ReadFrame(conn, nil)
		if err != nil {
			return
		}
		e, err := native.DecodeEnvelope(message)
		if err != nil {
			a.t.Errorf("the extension sent a message that is none: %v", err)
			return
		}
		body, err := a.answer(e)
		kind := native.TypeOK
		if refused, ok := errors.AsType[*native.Refusal](err); ok {
			kind, body = native.TypeError, native.Error{Code: refused.Code, Text: refused.Text}
		} else if err != nil {
			kind, body = native.TypeError, native.Error{Code: native.Code(err.Error()), Text: "no"}
		}
		a.send(conn, e.ID, kind, body)
	}
}

func (a *agent) send(conn net.Conn, id int64, kind string, body any) {
	message, err := native.Encode(id, kind, body)
	if err != nil {
		a.t.Errorf("encode %s: %v", kind, err)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	_ = native.WriteFrame(conn, message) // a browser that is gone does not read
}

// tell sends an event.
func (a *agent) tell(kind string, body any) {
	a.mu.Lock()
	conn := a.conn
	a.mu.Unlock()
	if conn != nil {
		a.send(conn, 0, kind, body)
	}
}

func (a *agent) answer(e native.Envelope) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked[e.Type] = append(a.asked[e.Type], e.Body)
	a.changed.Broadcast()
	if refused, ok := a.refuse[e.Type]; ok {
		return nil, native.Refuse(refused.Code, "%s", refused.Text)
	}
	switch e.Type {
	case native.TypeHello:
		return a.welcome, a.takeKey(e.Body)
	case native.TypePairBegin:
		return native.PairCode{Code: "482913", TTLMS: 60_000}, nil
	case native.TypeStateGet:
		a.state.ServerTime = native.Millis(time.Now().UnixMilli())
		return a.state, nil
	case native.TypePackGet:
		return a.sitePack(e.Body)
	case native.TypeWordsGet:
		return native.Words{Version: 1 + a.newer, Salt: "c2FsdA", Hashes: []string{}, Patterns: []native.WordPattern{}, Hosts: []string{}}, nil
	case native.TypeFillGet:
		return a.fill(e)
	case native.TypeSentList:
		return native.SentList{Since: 1_760_000_000_000, Entries: sentExamples}, nil
	}
	return native.Empty{}, nil
}

var sentExamples = []native.Sent{
	{Text: "The reason that you wrote, and for how long", Account: "@acme on X", Count: 3, Last: 1},
	{Text: "That you signed in", Account: "@acme on X", Count: 2, Last: 1},
	{Text: "That this computer is there, and which version it runs", Count: 412, Last: 1},
}

func (a *agent) takeKey(body json.RawMessage) error {
	var hello native.Hello
	if err := native.Decode(body, &hello); err != nil {
		return err
	}
	point, err := base64.RawURLEncoding.DecodeString(hello.ProfileKey)
	if err != nil {
		return err
	}
	a.key, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	return err
}

func (a *agent) sitePack(body json.RawMessage) (any, error) {
	var get native.PackGet
	if err := native.Decode(body, &get); err != nil {
		return nil, err
	}
	p, ok := pack.Embedded(get.Network)
	if !ok {
		return nil, fmt.Errorf("%s", native.CodeRefused)
	}
	p.Version += a.newer
	text, err := p.Encode()
	return native.Pack{Network: p.Network, Version: p.Version, Pack: text}, err
}

// fill gives a value for a signature of the profile, and for nothing else.
func (a *agent) fill(e native.Envelope) (any, error) {
	var get native.FillGet
	if err := native.Decode(e.Body, &get); err != nil {
		return nil, err
	}
	signature, err := base64.RawURLEncoding.DecodeString(get.Signature)
	if err != nil || len(signature) != 64 {
		return nil, fmt.Errorf("%s", native.CodeBadSignature)
	}
	sum := sha256.Sum256(native.SignedFill(a.welcome.Challenge, e.ID, get))
	if !ecdsa.Verify(a.key, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return nil, fmt.Errorf("%s", native.CodeBadSignature)
	}
	return native.Fill{Value: a.values[get.Field], TTLMS: 5000}, nil
}

// wait gives the nth body of a type, counted from 1, as soon as it was sent.
func (a *agent) wait(kind string, n int) json.RawMessage {
	a.t.Helper()
	late := time.AfterFunc(browsertest.Patience, func() { a.changed.Broadcast() })
	defer late.Stop()
	until := time.Now().Add(browsertest.Patience)
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.asked[kind]) < n {
		if time.Now().After(until) {
			a.t.Fatalf("the extension did not send %s the %d. time", kind, n)
		}
		a.changed.Wait()
	}
	return a.asked[kind][n-1]
}

func (a *agent) count(kind string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.asked[kind])
}

// refuses makes it answer requests of a type so; no code takes that back.
func (a *agent) refuses(kind string, code native.Code, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if delete(a.refuse, kind); code != "" {
		a.refuse[kind] = native.Error{Code: code, Text: text}
	}
}

// everything is all that the extension ever sent, as text.
func (a *agent) everything() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all strings.Builder
	for kind, bodies := range a.asked {
		for _, body := range bodies {
			fmt.Fprintf(&all, "%s %s\n", kind, body)
		}
	}
	return all.String()
}

// watch says whether personal accounts are to be pointed out.
func (a *agent) watch(on bool) {
	a.mu.Lock()
	a.state.WatchPersonal = on
	a.mu.Unlock()
	a.hold()
}

// lease is a lease of @acme on X that ends in so long.
func lease(left time.Duration) native.Lease {
	now := time.Now()
	return native.Lease{
		ID: "lease-" + rand.Text()[:8], Network: "x", Handle: "acme", AccountRef: "1001", Hosts: []string{"x.com"},
		StartedAt: native.Millis(now.Add(-10 * time.Minute).UnixMilli()), EndsAt: native.Millis(now.Add(left).UnixMilli()), Mode: native.AccessSharedSecret,
		HasCode: true, Fields: []native.Field{native.FieldUsername, native.FieldPassword, native.FieldCode}, AllowedGuards: []native.PageClass{},
	}
}

// hold makes these the live leases, and says so.
func (a *agent) hold(leases ...native.Lease) {
	a.mu.Lock()
	a.state.Leases, a.state.Ended = append([]native.Lease{}, leases...), []native.Ended{}
	a.state.ServerTime = native.Millis(time.Now().UnixMilli())
	state := a.state
	a.mu.Unlock()
	a.tell(native.TypeState, state)
}

// installHost makes the native host known to browsers that are started with this profile and home folder.
func (a *agent) installHost(profile, home string) {
	a.t.Helper()
	a.putManifest(filepath.Join(profile, "NativeMessagingHosts"), "allowed_origins", "chrome-extension://"+extensionid.Chromium+"/")
	a.putManifest(filepath.Join(home, ".mozilla/native-messaging-hosts"), "allowed_extensions", extensionid.Firefox)
}

// putManifest writes the native host's manifest into a folder where a browser looks for it.
func (a *agent) putManifest(folder, who, extension string) {
	a.t.Helper()
	program, err := os.Executable()
	if err != nil {
		a.t.Fatal(err)
	}
	script := filepath.Join(a.t.TempDir(), "host")
	text := fmt.Sprintf("#!/bin/sh\n%s='%s' exec '%s'\n", relayVariable, a.socket, program)
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		a.t.Fatal(err)
	}
	manifest, err := json.Marshal(map[string]any{"name": native.Name, "description": "test", "path": script, "type": "stdio", who: []string{extension}})
	if err == nil {
		err = write(filepath.Join(folder, native.Name+".json"), manifest)
	}
	if err != nil {
		a.t.Fatal(err)
	}
}
