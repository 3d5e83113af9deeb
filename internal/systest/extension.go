package systest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/native"
)

// Extension plays a browser's extension at one end of a native host, or of the agent's socket for them. It makes its own key
// as the real one does, and keeps what it is told unasked.
type Extension struct {
	t   testing.TB
	rw  io.ReadWriter
	Key *ecdsa.PrivateKey
	// Welcome is the answer to hello.
	Welcome native.Welcome

	mu      sync.Mutex
	lastID  int64
	waiting map[int64]chan native.Envelope
	events  []native.Envelope
	ended   error
}

// NewExtension begins to listen. A nil key makes a profile that nobody knows.
func NewExtension(t testing.TB, rw io.ReadWriter, key *ecdsa.PrivateKey) *Extension {
	t.Helper()
	if key == nil {
		var err error
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	x := &Extension{t: t, rw: rw, Key: key, waiting: map[int64]chan native.Envelope{}}
	go x.listen()
	return x
}

func (x *Extension) listen() {
	for {
		raw, err := native.ReadFrame(x.rw, nil)
		var e native.Envelope
		if err == nil {
			err = json.Unmarshal(raw, &e)
		}
		x.mu.Lock()
		if err != nil {
			x.ended = err
			for _, c := range x.waiting {
				close(c)
			}
			x.waiting = nil
			x.mu.Unlock()
			return
		}
		if c := x.waiting[e.ID]; c != nil {
			delete(x.waiting, e.ID)
			c <- e
		} else {
			x.events = append(x.events, e)
		}
		x.mu.Unlock()
	}
}

// NextID gives the number of the next request.
func (x *Extension) NextID() int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.lastID++
	return x.lastID
}

// Ask asks with a fresh number, and reads the answer's body into answer, if that is not nil. What the agent refuses is a
// *native.Refusal.
func (x *Extension) Ask(kind string, body, answer any) error {
	x.t.Helper()
	return x.AskAs(x.NextID(), kind, body, answer)
}

var errNoAnswer = errors.New("no answer")

// AskAs is Ask with a number of the caller's choice.
func (x *Extension) AskAs(id int64, kind string, body, answer any) error {
	x.t.Helper()
	raw, err := native.Encode(id, kind, body)
	if err != nil {
		x.t.Fatal(err)
	}
	c := make(chan native.Envelope, 1)
	x.mu.Lock()
	if x.waiting == nil {
		x.mu.Unlock()
		return errNoAnswer
	}
	x.waiting[id] = c
	x.mu.Unlock()
	if err := native.WriteFrame(x.rw, raw); err != nil {
		return errors.Join(errNoAnswer, err)
	}
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	select {
	case e, ok := <-c:
		if !ok {
			return errNoAnswer
		}
		return read(e, answer)
	case <-limit.C:
		return errNoAnswer
	}
}

func read(e native.Envelope, answer any) error {
	if e.Type == native.TypeError {
		var refused native.Error
		if err := native.Decode(e.Body, &refused); err != nil {
			return err
		}
		return native.Refuse(refused.Code, "%s", refused.Text)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(e.Body, answer)
}

// Code is the code of a refusal; "" is none.
func Code(err error) native.Code {
	if refusal, ok := errors.AsType[*native.Refusal](err); ok {
		return refusal.Code
	}
	if err != nil {
		return native.Code(err.Error())
	}
	return ""
}

// Hello says hello in a browser of the user's own.
func (x *Extension) Hello(mode native.ProfileMode) native.Welcome {
	x.t.Helper()
	point, err := x.Key.PublicKey.Bytes()
	if err != nil {
		x.t.Fatal(err)
	}
	hello := native.Hello{
		ExtensionVersion: "1.0.0", Browser: native.Chromium, BrowserVersion: "156.0", ProfileKey: base64.RawURLEncoding.EncodeToString(point),
		Mode: mode, Nonce: "AAAAAAAAAAAAAAAAAAAAAA",
	}
	if err := x.Ask(native.TypeHello, hello, &x.Welcome); err != nil {
		x.t.Fatalf("hello: %v", err)
	}
	return x.Welcome
}

// Fill asks for one value as the real extension does.
func (x *Extension) Fill(lease string, field native.Field, origin string) (native.Fill, error) {
	x.t.Helper()
	return x.FillWith(x.NextID(), native.FillGet{LeaseID: lease, Field: field, Origin: origin, TopOrigin: origin, DocumentID: "D1", PackVersion: 1, Gesture: native.GesturePopup})
}

// FillWith signs a request and sends it.
func (x *Extension) FillWith(id int64, q native.FillGet) (fill native.Fill, err error) {
	x.t.Helper()
	q.Signature = x.Sign(native.SignedFill(x.Welcome.Challenge, id, q))
	return fill, x.AskAs(id, native.TypeFillGet, q, &fill)
}

// Sign signs with the profile's key, as WebCrypto would.
func (x *Extension) Sign(message []byte) string {
	x.t.Helper()
	sum := sha256.Sum256(message)
	r, s, err := ecdsa.Sign(rand.Reader, x.Key, sum[:])
	if err != nil {
		x.t.Fatal(err)
	}
	raw := make([]byte, 64)
	r.FillBytes(raw[:32])
	s.FillBytes(raw[32:])
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Events gives what was said unasked so far, of one type.
func (x *Extension) Events(kind string) (bodies []json.RawMessage) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range x.events {
		if e.Type == kind {
			bodies = append(bodies, e.Body)
		}
	}
	return bodies
}

// State is the last state that it was told; the zero State before the first.
func (x *Extension) State() (state native.State) {
	x.t.Helper()
	if all := x.Events(native.TypeState); len(all) > 0 {
		if err := native.Decode(all[len(all)-1], &state); err != nil {
			x.t.Fatalf("state: %v", err)
		}
	}
	return state
}
