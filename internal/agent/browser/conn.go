package browser

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

const (
	// writeLimit is how long a native host may leave a message unread.
	writeLimit = 10 * time.Second
	// usualFrame is what requests fit into; larger ones get memory of their own.
	usualFrame = 4 << 10
	// atOnce is how many requests of one profile are worked on at the same time.
	atOnce = 8
)

// conn is one connection of a native host.
type conn struct {
	s         *Server
	raw       net.Conn
	challenge string
	busy      chan struct{}
	news      chan struct{} // tell again

	writing sync.Mutex

	mu      sync.Mutex
	who     profile // zero before hello
	work    string  // the account in whose work browser it is, if it is in one
	greeted bool
	welcome bool // the answer to hello is written: from now on it is told of changes
	mode    native.ProfileMode
	focused bool
	lastID  int64
	told    told
}

func newConn(s *Server, raw net.Conn) *conn {
	return &conn{s: s, raw: raw, busy: make(chan struct{}, atOnce), news: make(chan struct{}, 1)}
}

func (c *conn) profile() profile {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.who
}

// profileID names the profile: by its key, or in a work browser by the account.
func (c *conn) profileID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.work != "" {
		return workPrefix + c.work
	}
	return c.who.id()
}

// paired reports whether the user said yes to the profile. Opening an account is a yes to the browser that the agent starts
// for it.
func (c *conn) paired() bool {
	p, id := c.profile(), c.profileID()
	return p.Key != "" && (id != p.id() || c.s.profiles.paired(id))
}

// modeOf is what keeps a lease apart in this browser: nobody but the agent says that a browser is a work browser.
func (c *conn) modeOf(said native.ProfileMode) native.ProfileMode {
	peer, _ := ipc.PeerOf(c.raw)
	account, ok := c.s.Work.AccountOf(peer.PID)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case ok:
		c.work = account
		return native.ModeWork
	case said == native.ModeWork:
		return native.ModeSameProfile
	}
	return said
}

// run reads requests until the connection ends.
func (c *conn) run(ctx context.Context) error {
	random := make([]byte, 32)
	if _, err := io.ReadFull(c.s.Random, random); err != nil {
		return fmt.Errorf("make challenge: %w", err)
	}
	c.challenge = base64.RawURLEncoding.EncodeToString(random)
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = c.raw.Close() })()
	group.Go(func() { c.watch(ctx) })
	in, buf := bufio.NewReader(c.raw), make([]byte, 0, usualFrame)
	for {
		raw, err := native.ReadFrame(in, buf)
		if err != nil {
			return c.sayCut(err)
		}
		if err := c.take(ctx, &group, raw); err != nil {
			return err
		}
	}
}

// sayCut tells the other side why nothing more is read, where it can be told.
func (c *conn) sayCut(err error) error {
	code := native.CodeBadMessage
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return nil
	case errors.Is(err, native.ErrTooLarge):
		code = native.CodeTooLarge
	}
	return errors.Join(err, c.fail(0, native.Refuse(code, "the message cannot be read")))
}

// take answers one request: at once, or beside the next ones when it may wait for keyring or hub. It keeps nothing of raw.
func (c *conn) take(ctx context.Context, group *sync.WaitGroup, raw []byte) error {
	e, err := native.DecodeEnvelope(raw)
	if err == nil {
		err = c.inTurn(e)
	}
	if err != nil {
		return c.fail(e.ID, err)
	}
	h, known := handlers[e.Type]
	switch {
	case !known:
		return c.fail(e.ID, native.Refuse(native.CodeUnknownType, "this request is not known here"))
	case !h.slow:
		return c.answer(ctx, h, e)
	}
	select {
	case c.busy <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	group.Go(func() {
		defer func() { <-c.busy }()
		if err := c.answer(ctx, h, e); err != nil {
			_ = c.raw.Close()
		}
	})
	return nil
}

// inTurn refuses a request whose number was used before, and anything before hello.
func (c *conn) inTurn(e native.Envelope) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.ID <= c.lastID {
		return native.Refuse(native.CodeBadMessage, "the id of a request has to be larger than the one before")
	}
	c.lastID = e.ID
	if c.greeted != (e.Type != native.TypeHello) {
		return native.Refuse(native.CodeBadMessage, "hello comes first, and once")
	}
	return nil
}

func (c *conn) answer(ctx context.Context, h handler, e native.Envelope) error {
	if !h.unpaired && !c.paired() {
		return c.fail(e.ID, native.Refuse(native.CodeNotPaired, "this browser profile is not paired with the agent"))
	}
	body, err := h.do(ctx, c, e)
	if err != nil {
		return c.fail(e.ID, err)
	}
	defer body.wipe()
	if err := c.write(e.ID, native.TypeOK, body); err != nil {
		return err
	}
	if e.Type == native.TypeHello {
		c.mu.Lock()
		c.welcome = true
		c.mu.Unlock()
		c.tellSoon()
	}
	return nil
}

// tellSoon makes watch look.
func (c *conn) tellSoon() {
	select {
	case c.news <- struct{}{}:
	default: // it is about to
	}
}

// watch tells the profile of changes, and of leases that will end soon. It alone does, so that what is newer comes later.
func (c *conn) watch(ctx context.Context) {
	changes, cancel := c.s.Engine.Subscribe()
	defer cancel()
	timer := time.NewTimer(lookAgain)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Stop()
		if next, again := c.tell(); again {
			timer.Reset(next)
		}
		select {
		case <-changes:
		case <-c.news:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

// fail answers with why not. It is an error only if that cannot be said.
func (c *conn) fail(id int64, why error) error {
	body, err := plain(refusalOf(why))
	if err != nil {
		return err
	}
	return c.write(id, native.TypeError, body)
}

// event says something unasked.
func (c *conn) event(kind string, message any) {
	body, err := plain(message)
	if err == nil {
		err = c.write(0, kind, body)
	}
	if err != nil {
		c.s.Log.Debug("native host not told", "type", kind, "error", err)
		_ = c.raw.Close()
	}
}

// write sends one message, and forgets it.
func (c *conn) write(id int64, kind string, body *body) error {
	frame, err := body.frame(id, kind)
	if err != nil {
		return err
	}
	defer seal.Wipe(frame)
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.raw.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return fmt.Errorf("limit answer: %w", err)
	}
	if _, err := c.raw.Write(frame); err != nil {
		return fmt.Errorf("write %s: %w", kind, err)
	}
	return nil
}
