// Package rpc serves the hub's API: the contract in proto/ over Connect, as binary or as JSON for a person with curl.
//
// A request passes, in this order: who is asking (identify.go: a device by its signature, a user by a token), so that
// strangers are not listened to for long; limits on size, time and nesting (body.go); the method's handler, which turns
// messages into values of package hub and back; and on the way out the error table of package api and, for devices, the
// hub's signature over the answer. Which methods exist and who may call them is said once, in proto/. A method without
// that does not start.
package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Exporter writes the audit log for offline verification, a piece at a time.
type Exporter func(ctx context.Context, write func(lines []byte) error) error

// Options are what the API needs besides the hub. Log may be nil.
type Options struct {
	Hub    *hub.Hub
	Export Exporter
	Log    *slog.Logger
	// Proxies are the addresses whose X-Forwarded-For is believed.
	Proxies []netip.Prefix
	// Engine and SchemaVersion are told in the status; StorageFull is asked for it.
	Engine        string
	SchemaVersion int64
	StorageFull   func() bool
	// StandbyAsync is asked for the status too: whether a fail-over of the database may lose what was acknowledged.
	StandbyAsync func(context.Context) bool
}

// Server is the hub's API as an HTTP handler.
type Server struct {
	Options
	access  map[string]hub.Access
	handler http.Handler
	streams *streams
}

// New makes the handler. It fails if a method does not declare who may call it.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{Options: o, streams: newStreams(o.Hub.Broker().Drop)}
	methods := connect.NewServer(s.tellErrors)
	s.register(methods)
	var err error
	if s.access, err = accessTable(methods); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	connecthttp.Mount(mux, methods, connecthttp.WithReadMaxBytes(maxBody))
	mux.HandleFunc("GET "+OpenAPIPath, serveOpenAPI)
	mux.HandleFunc("GET "+HealthPath, s.serveHealth)
	s.handler = s.identify(mux)
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close ends the streams that were taken over from the HTTP server, each in order, and refuses new ones. The handler
// has to be shut down by whoever serves it.
func (s *Server) Close() { s.streams.close() }

// Access gives, by procedure, who may call what is served.
func (s *Server) Access() map[string]hub.Access { return s.access }

func (s *Server) register(methods *connect.Server) {
	keyshiftv1connect.RegisterAgentServiceHandler(methods, agentService{s})
	keyshiftv1connect.RegisterAuthServiceHandler(methods, authService{s})
	keyshiftv1connect.RegisterUserServiceHandler(methods, userService{s})
	keyshiftv1connect.RegisterGroupServiceHandler(methods, groupService{s})
	keyshiftv1connect.RegisterAccountServiceHandler(methods, accountService{s})
	keyshiftv1connect.RegisterGrantServiceHandler(methods, grantService{s})
	keyshiftv1connect.RegisterLeaseServiceHandler(methods, leaseService{s})
	keyshiftv1connect.RegisterDeviceServiceHandler(methods, deviceService{s})
	keyshiftv1connect.RegisterAuditServiceHandler(methods, auditService{s})
	keyshiftv1connect.RegisterHubServiceHandler(methods, hubService{s})
	keyshiftv1connect.RegisterWorkServiceHandler(methods, workService{s})
	keyshiftv1connect.RegisterSelfReportServiceHandler(methods, selfReportService{s})
	keyshiftv1connect.RegisterSitePackServiceHandler(methods, sitePackService{s})
	keyshiftv1connect.RegisterBrowserPolicyServiceHandler(methods, browserPolicyService{s})
}

var accessKinds = map[v1.Caller]hub.AccessKind{
	v1.Caller_CALLER_ANYONE: hub.AnyoneAccess, v1.Caller_CALLER_DEVICE: hub.DeviceAccess, v1.Caller_CALLER_USER: hub.UserAccess,
}

func accessTable(methods *connect.Server) (map[string]hub.Access, error) {
	table := map[string]hub.Access{}
	for spec := range methods.Specs() {
		declared, ok := api.AccessOf(spec)
		kind := accessKinds[declared.GetCaller()]
		if !ok || kind == hub.NoAccess {
			return nil, fmt.Errorf("serve %s: it does not declare who may call it", spec.Procedure)
		}
		access := hub.Access{Kind: kind, Effect: declared.GetEffect(), EndsAccess: declared.GetEndsAccess()}
		for _, role := range declared.GetRoles() {
			access.Roles = append(access.Roles, roleOf(role))
		}
		table[spec.Procedure] = access
	}
	return table, nil
}

// tellErrors turns every error into one for the wire, writes those that are the hub's own fault into the log, and keeps a
// panic from ending the process.
func (s *Server) tellErrors(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
			switch {
			case err == nil:
				return
			case errors.Is(err, ctx.Err()) && keyshift.CodeOf(err) == keyshift.CodeInternal:
				err = errGivenUp.Because(err)
			case ownFault(err):
				s.Log.ErrorContext(ctx, "request failed", "procedure", spec.Procedure, "error", err)
			}
			err = s.public(ctx, err)
		}()
		return next(ctx, spec, stream)
	}
}

// ownFault reports whether whoever runs the hub has to know of an error; people are only told to ask them.
func ownFault(err error) bool {
	switch keyshift.CodeOf(err) {
	case keyshift.CodeInternal, keyshift.CodeIntegrityFailed, keyshift.CodeAuditUnavailable, keyshift.CodeStorageFull, keyshift.CodeStorageReadonly, keyshift.CodeUnavailable:
		return true
	}
	return false
}

var errGivenUp = keyshift.Refuse(keyshift.CodeUnavailable, "The request was given up before it was answered.", "Try again, with more time.")

func (s *Server) public(ctx context.Context, err error) error {
	if info, ok := connect.CallInfoForServerContext(ctx); ok {
		api.SetCodeHeader(info.ResponseHeader(), err)
	}
	return api.ToConnect(err)
}
