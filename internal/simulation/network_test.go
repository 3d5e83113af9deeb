package simulation

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
)

var errNoAnswer = errors.New("connection refused")

// fate is what happens to one message and its answer on their way.
type fate struct {
	late, lateAnswer time.Duration
	lost, lostAnswer bool
	// hung: who waits is not told that it was lost.
	hung bool
	// doubled: the hub gets it twice; second: the second answer is the one that arrives.
	doubled, second bool
	// kept: somebody keeps a copy, and sends it again much later.
	kept bool
}

// letter is a request on its way.
type letter struct {
	from   *desk
	method string
	send   func() *http.Response
	// taken: the hub did what it asks for, and said so.
	taken bool
}

// cable is the network between one run of an agent and the hub.
type cable struct {
	desk *desk
	run  *run
}

// RoundTrip implements [http.RoundTripper].
func (c *cable) RoundTrip(req *http.Request) (*http.Response, error) {
	w := c.desk.w
	if err := c.run.fuse.step(); err != nil {
		return nil, err
	}
	l, err := c.letter(req)
	if err != nil {
		return nil, err
	}
	left, f := time.Now(), w.fateOf(l)
	w.meanwhile(c.desk, f.late)
	if f.kept {
		w.kept = append(w.kept, l)
	}
	answer := c.deliver(l, f)
	if answer == nil && f.hung {
		w.hang(req.Context(), c.desk)
	}
	if answer != nil {
		w.meanwhile(c.desk, f.lateAnswer)
	}
	switch {
	case c.run.fuse.step() != nil:
		return nil, errDead
	case req.Context().Err() != nil:
		return nil, req.Context().Err()
	case answer == nil:
		return nil, errNoAnswer
	}
	if strings.HasSuffix(l.method, "/Sync") && answer.StatusCode == http.StatusOK && left.After(c.desk.contact) {
		c.desk.contact = left
	}
	return answer, nil
}

func (c *cable) letter(req *http.Request) (*letter, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	l := &letter{from: c.desk, method: req.URL.Path}
	l.send = func() *http.Response {
		again := req.Clone(context.Background())
		again.Body, again.RemoteAddr = io.NopCloser(bytes.NewReader(body)), "192.0.2.1:1"
		answer := c.desk.w.hub.serve(again)
		c.desk.w.once(l, answer)
		return answer
	}
	return l, nil
}

// once checks that the hub takes no signed request for an effect twice: repetitions are asked for under a new number.
func (w *world) once(l *letter, answer *http.Response) {
	access := w.hub.api.Access()[l.method]
	if answer == nil || answer.StatusCode != http.StatusOK || access.Kind != hub.DeviceAccess || !access.Effect {
		return
	}
	if l.taken {
		w.violated("class 9: a signed request of %s was taken twice: %s", l.from.name, l.method)
	}
	l.taken = true
}

// deliver takes a letter to the hub and gives the answer; nil when none arrives.
func (c *cable) deliver(l *letter, f fate) *http.Response {
	if f.lost || c.desk.cut || c.desk.muffled && strings.HasSuffix(l.method, "/Sync") || c.run.fuse.dead {
		return nil
	}
	answer := l.send()
	if f.doubled {
		if second := l.send(); f.second {
			answer = second
		}
	}
	if f.lostAnswer || c.desk.cut {
		return nil
	}
	return answer
}

// hang lets somebody wait until shortly before they give up.
func (w *world) hang(ctx context.Context, d *desk) {
	if deadline, ok := ctx.Deadline(); ok && w.depth == 0 {
		w.meanwhile(d, time.Until(deadline)-time.Millisecond)
	}
}

// meanwhile lets the world go on while somebody waits for the network. Who waits inside of that waits for nothing.
func (w *world) meanwhile(waits *desk, d time.Duration) {
	if d <= 0 || w.depth > 0 {
		return
	}
	w.depth++
	w.overlap(waits)
	w.pass(d)
	w.depth--
}
