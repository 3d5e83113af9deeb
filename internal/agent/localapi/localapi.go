// Package localapi serves the agent to the programs of its own OS user: command line, tray and native host.
//
// It speaks HTTP/1.1 over a listener of package ipc, never over a port:
//
//	/keyshift.v1.LocalService/METHOD   Connect, unary, as Protobuf or JSON (proto/keyshift/v1/local.proto)
//	GET /events                        server-sent events: "state" with the status as JSON, at once and on every change
//	POST /stop                         asks the agent to end; 202 when it will
//
// Local callers are strangers. Before a byte of a body is read, one gate in front of all routes refuses a caller whom
// the kernel did not name, a Host other than [Host], and everything that a browser would send: Origin and Referer. A
// body has at most [MaxBody] bytes and a message at most 32 levels. A handler that panics fails its own request only.
//
// Errors are those of package api: a stable code, a text for people, what to do. What was not written for people goes
// to the log and is answered as "internal". Neither requests nor answers are ever logged, because some are secrets;
// the log has the method, the caller, the code and the time it took.
//
// Events say what is, not what changed: changes that come faster than a reader reads are told as one. A comment every
// hour shows that the stream lives.
package localapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectproto"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

const (
	// Host is the only Host of a request that is served. It resolves nowhere.
	Host = "keyshift.local"
	// MaxBody is the size of the largest request body in bytes.
	MaxBody = 1 << 20

	maxDepth  = 32
	maxHeader = 16 << 10
	// headerLimit is how long the head of a request may take. Bodies and answers have no limit of their own: a keyring
	// may be waiting for a person.
	headerLimit = 5 * time.Second
)

// Agent is what is served. An error that is a [keyshift.Error] is told as it is, any other as internal. A lease is named
// by its id, or by its account where that is unambiguous among the held ones.
type Agent interface {
	Enrollment
	Lending
	Reminding
	Choosing
	Telling
	Browsing
	Relaying
	Status() *v1.LocalServiceGetStatusResponse
	SyncNow(ctx context.Context) error
	Diagnose(ctx context.Context) []*v1.Finding
	// Subscribe tells on a channel that Status may have changed, several changes as one, until cancel is called.
	Subscribe() (changes <-chan struct{}, cancel func())
}

// Reminding tells what the user was or will be reminded of.
type Reminding interface {
	Reminders() *v1.LocalServiceListRemindersResponse
	DismissReminder(id string) error
	// PauseReminders pauses for d, or until tomorrow; neither ends a pause.
	PauseReminders(d time.Duration, today bool) error
}

// Choosing keeps what the user has chosen for this device, and tells what left it.
type Choosing interface {
	Settings() *v1.LocalSettings
	SetSettings(*v1.LocalSettings) (*v1.LocalSettings, error)
	Sent() *v1.LocalServiceListSentResponse
}

// Telling is what the user reads, and tells the hub.
type Telling interface {
	// ReportMistake keeps a report until the hub has it.
	ReportMistake(ctx context.Context, req *v1.LocalServiceReportMistakeRequest) (*v1.LocalServiceReportMistakeResponse, error)
	Texts() []*v1.LocalText
	// Acknowledge says that one version of a text was read.
	Acknowledge(ctx context.Context, id, version string) (*v1.LocalText, error)
}

// Browsing is about the browsers with the extension.
type Browsing interface {
	BrowserProfiles() []*v1.BrowserProfile
	// AnswerPairing says whether the profile that shows a code is the user's own.
	AnswerPairing(code string, accept bool) (*v1.BrowserProfile, error)
	ForgetBrowserProfile(id string) error
	// OpenAccount opens the network of a held account in the work browser.
	OpenAccount(ctx context.Context, lease string) (*v1.LocalServiceOpenAccountResponse, error)
}

// Relaying passes codes on that this user receives for others.
type Relaying interface {
	// AskRelayFor asks for the code of a held account.
	AskRelayFor(ctx context.Context, lease string) error
	RelayRequests() []*v1.RelayRequest
	// AnswerRelay seals a code for the device that asked; an empty id is the only request there is.
	AnswerRelay(ctx context.Context, id, code string) error
}

// Enrollment makes the device known to a hub, and forgets it.
type Enrollment interface {
	// PreviewCode tells which hub a code is for, and does not use it up.
	PreviewCode(ctx context.Context, code string) (*v1.LocalServicePreviewCodeResponse, error)
	Enroll(ctx context.Context, code, deviceName string) (*v1.LocalServiceEnrollResponse, error)
	Unenroll(ctx context.Context, force bool) (hubTold bool, err error)
}

// Lending checks accounts out and in, and opens what is lent.
type Lending interface {
	Accounts(ctx context.Context) ([]*v1.Lendable, error)
	CheckOut(ctx context.Context, req *v1.LocalServiceCheckOutRequest) (*v1.HeldLease, error)
	Leases() []*v1.HeldLease
	Renew(ctx context.Context, lease string, d time.Duration) (*v1.HeldLease, error)
	CheckIn(ctx context.Context, lease string) (*v1.HeldLease, error)
	Code(ctx context.Context, lease string) (code string, validUntil time.Time, err error)
	// Reveal gives what its caller wipes.
	Reveal(ctx context.Context, lease string) (*keyshift.Opened, error)
}

// Server serves one agent. Make it with [New].
type Server struct {
	agent   Agent
	log     *slog.Logger
	stop    func()
	http    *http.Server
	closing chan struct{}
	once    sync.Once
}

// New makes a server for an agent. Stop is called when a caller asks the agent to end; it returns at once. Nil means
// that callers cannot ask. The error says that the contract has a method which is not declared for local callers.
func New(a Agent, log *slog.Logger, stop func()) (*Server, error) {
	s := &Server{agent: a, log: log, stop: stop, closing: make(chan struct{})}
	calls, err := s.calls()
	if err != nil {
		return nil, fmt.Errorf("make local API: %w", err)
	}
	s.http = &http.Server{
		Handler:           s.gate(s.routes(calls)),
		ConnContext:       ipc.ConnContext,
		ReadHeaderTimeout: headerLimit,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	s.http.RegisterOnShutdown(func() { s.once.Do(func() { close(s.closing) }) })
	return s, nil
}

// Handler is what Serve serves. It refuses requests whose context does not carry their peer, see ipc.ConnContext.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Serve answers on l until [Server.Shutdown]; then its error is nil. It closes l.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve local API: %w", err)
	}
	return nil
}

// Shutdown ends the event streams, waits for the requests under way until ctx ends, and then cuts them.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("stop local API: %w", err), s.http.Close())
	}
	return nil
}

// calls registers the methods of the contract.
func (s *Server) calls() (*connect.Server, error) {
	server := connect.NewServer(s.answer)
	keyshiftv1connect.RegisterLocalServiceHandler(server, methods{s.agent})
	server.SetUnknownHandler(func(context.Context, connect.Spec, connect.ServerStream) error {
		return connect.NewError(connect.CodeUnimplemented, "")
	})
	for spec := range server.Specs() {
		if access, ok := api.AccessOf(spec); !ok || access.GetCaller() != v1.Caller_CALLER_LOCAL {
			return nil, fmt.Errorf("read access of %s: it is not declared for local callers", spec.Procedure)
		}
	}
	return server, nil
}

// routes is everything that is served.
func (s *Server) routes(calls *connect.Server) http.Handler {
	mux := http.NewServeMux()
	connecthttp.Mount(mux, calls, connecthttp.WithReadMaxBytes(MaxBody), connecthttp.WithCompressors(), connecthttp.WithCodecs(codecs()...))
	library, _ := mux.Handler(&http.Request{Method: http.MethodPost, URL: &url.URL{Path: keyshiftv1connect.LocalServiceRevealProcedure}})
	mux.Handle("POST "+keyshiftv1connect.LocalServiceRevealProcedure, s.revealed(library))
	mux.HandleFunc("GET /events", s.events)
	mux.HandleFunc("POST /stop", s.askedToStop)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { refuse(w, r, errNoRoute) })
	return mux
}

// codecs are the library's own with a limit to nesting.
func codecs() []connect.Codec {
	binary, text := connectproto.NewBinaryCodec(), connectproto.NewJSONCodec()
	binary.UnmarshalOptions.RecursionLimit = maxDepth
	text.UnmarshalOptions.RecursionLimit = maxDepth
	return []connect.Codec{binary, text}
}

func (s *Server) askedToStop(w http.ResponseWriter, r *http.Request) {
	if s.stop == nil {
		refuse(w, r, errNoRoute)
		return
	}
	peer, _ := ipc.PeerFrom(r.Context())
	s.log.Info("asked to stop", "by", peer.String())
	w.WriteHeader(http.StatusAccepted)
	s.stop()
}
