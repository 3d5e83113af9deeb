// Package browser is the agent's side of the browser extension: it answers the native hosts that browsers start, over a
// socket of their own, in the messages of package native.
//
// # Who is at the other end
//
// The kernel says that the peer is the same OS user (package ipc), and where the system tells, that it is this very
// program. Neither makes an extension: a browser profile is known by a key that it made and cannot give away, and the
// user said yes to it once, when profile and tray showed the same six digits. Before that a profile can say hello and ask
// to be paired, and hears nothing else. A program that runs as the user can pretend to be a profile up to that yes, and no
// further; against one that steals into the browser itself nothing here helps.
//
// # What a profile gets
//
// A paired profile gets the state at once and on every change: which leases live, until when, and which ended ones it has to
// clean up after. It asks for one value for one field, signed with its key over the challenge of this connection and an id
// that only grows, so that no request counts twice. The agent asks again what the extension has asked already: that the
// lease lives and the hub was heard lately, that the page's origin is https on exactly a host of the site pack, that frame
// and tab are of one origin, that there were at most six requests in the last minute, and where the gesture is "open", that
// the user did open the account. A value is in memory until it is written, and nowhere after.
//
// # What is owed
//
// Before the first value goes out, it is on the disk that this profile owes a clean-up. From the end of the lease on, state
// says so, until cleanup.done comes with nothing left over; then the hub hears that the session is closed.
//
// Nothing that tells who somebody is comes in: the messages have no place for it.
package browser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/agent"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// Engine is what the agent does for browsers, as package agent has it.
type Engine interface {
	// Files is the folder in which the profiles are kept.
	Files() agent.Files
	// Subscribe tells on a channel that something may have changed; Ring makes it tell.
	Subscribe() (changes <-chan struct{}, cancel func())
	Ring()
	Browsing(profile string) agent.Browsing
	// Owing lists the profiles that owe a clean-up.
	Owing() []string
	FillFor(ctx context.Context, profile, lease string, field native.Field) ([]byte, error)
	SessionBegan(profile, lease string) error
	SessionClosed(profile, lease string, signOut native.SignOut) error
	BrowserConnected(profile string, connected bool)
	Renew(ctx context.Context, lease string, d time.Duration) (*v1.HeldLease, error)
	CheckIn(ctx context.Context, lease string) (*v1.HeldLease, error)
	Leases() []*v1.HeldLease
	Sent() *v1.LocalServiceListSentResponse
	Status() *v1.LocalServiceGetStatusResponse
	Reminders() *v1.LocalServiceListRemindersResponse
	DismissReminder(id string) error
	WorkHoursNow() bool
	// WorkBrowser is how the company wants the account of a lease to be opened: in which browser, and whether it is kept.
	WorkBrowser(ctx context.Context, lease string) (browser string, keep bool)
	// RelayReady reports whether a code that somebody passed on waits for a lease.
	RelayReady(lease string) bool
}

// Notes tells the hub what a browser noticed.
type Notes interface {
	// NoteDraft and NoteGuard tell the hub, now or when it is in reach.
	NoteDraft(native.DraftChecked) error
	NoteGuard(lease native.Lease, hit native.GuardHit) error
}

// Relay asks other people for what only they have.
type Relay interface {
	// AskRelay asks the custodians of a leased account for a one-time code.
	AskRelay(ctx context.Context, lease string) error
}

// Config says with what a Server works. Engine, Packs, Log, Random and Now are required.
type Config struct {
	Engine Engine
	Packs  Packs
	// Work are the browsers that the agent starts; nil is none.
	Work Work
	// Notes tells the hub; nil is a hub that takes none.
	Notes Notes
	// Relay asks custodians; nil is a hub that relays no codes.
	Relay Relay
	// ShowMistake opens the tray's window for mistakes; nil is a computer without a tray.
	ShowMistake func(ctx context.Context, lease string) error
	Log         *slog.Logger
	Random      io.Reader
	Now         func() time.Time
	// Version is what the agent says of itself.
	Version string
	// SameProgram reports an error if a process does not run this program; nil asks the system, as far as it tells.
	SameProgram func(pid int) error
	// Words are the language of reminders; the zero value is English.
	Words i18n.Catalog
}

// Server answers native hosts. Make it with [New].
type Server struct {
	Config
	profiles *profiles
	pairings *pairings
	rates    *rates
	openings *openings
	closers  *closers
	placed   *placed

	mu    sync.Mutex
	conns map[*conn]bool
}

// New reads which profiles are paired.
func New(c Config) (*Server, error) {
	if c.SameProgram == nil {
		c.SameProgram = sameProgram
	}
	if c.Work == nil {
		c.Work = NoWork{}
	}
	if c.Words.Language() == "" {
		c.Words = i18n.For(i18n.English)
	}
	kept, err := openProfiles(c.Engine.Files())
	if err != nil {
		return nil, fmt.Errorf("read browser profiles: %w", err)
	}
	return &Server{
		Config: c, profiles: kept, pairings: &pairings{random: c.Random}, rates: &rates{}, openings: &openings{}, closers: &closers{}, placed: &placed{}, conns: map[*conn]bool{},
	}, nil
}

// mostConns bounds how many native hosts are answered at a time.
const mostConns = 32

// Serve answers on l until ctx ends, and returns when every connection is closed. It closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	group.Go(func() { s.watch(ctx, &group) })
	for {
		raw, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("serve browsers: %w", err)
		}
		group.Go(func() { s.serve(ctx, raw) })
	}
}

// serve answers one native host.
func (s *Server) serve(ctx context.Context, raw net.Conn) {
	defer func() { _ = raw.Close() }()
	if err := s.admit(raw); err != nil {
		s.Log.Warn("native host refused", "error", err)
		return
	}
	c := newConn(s, raw)
	if !s.join(c) {
		s.Log.Warn("native host refused", "error", "there are too many")
		return
	}
	defer s.leave(c)
	if err := c.run(ctx); err != nil {
		s.Log.Debug("native host left", "error", err)
	}
}

// admit refuses a peer that is known not to be this program. The user was compared when it was accepted.
func (s *Server) admit(raw net.Conn) error {
	peer, ok := ipc.PeerOf(raw)
	if !ok {
		return errors.New("the system does not say who it is")
	}
	return s.SameProgram(peer.PID)
}

func (s *Server) join(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) >= mostConns {
		return false
	}
	s.conns[c] = true
	return true
}

func (s *Server) leave(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.pairings.drop(c.profile().id())
	if id := c.profileID(); id != "" {
		s.Engine.BrowserConnected(id, false)
		if err := s.letGo(id); err != nil {
			s.Log.Error("write browser profiles", "error", err)
		}
	}
	s.Engine.Ring()
}

// all lists the connections.
func (s *Server) all() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		list = append(list, c)
	}
	return list
}

// watch shows reminders in browsers and closes work browsers, on every change. While nothing changes it sleeps.
func (s *Server) watch(ctx context.Context, group *sync.WaitGroup) {
	changes, cancel := s.Engine.Subscribe()
	defer cancel()
	for ctx.Err() == nil {
		s.placeReminders()
		for _, account := range s.closers.due(s.Engine.Owing(), s.Engine.Browsing("").Leases) {
			group.Go(func() { s.closeWork(ctx, account) })
		}
		select {
		case <-changes:
		case <-ctx.Done():
		}
	}
}

// lookAgain bounds how long nothing is looked at while a lease is live: timers stand still while the computer sleeps.
const lookAgain = time.Minute
