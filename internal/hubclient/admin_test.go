package hubclient_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

const adminToken = "ks_a-token-that-is-told-to-nobody"

// office is a hub for people. Its handlers answer with fixed things; around stands where a proxy would.
type office struct {
	keyshiftv1connect.UnimplementedAuthServiceHandler
	keyshiftv1connect.UnimplementedUserServiceHandler
	keyshiftv1connect.UnimplementedAuditServiceHandler
	around func(http.Handler) http.Handler
	export func(w keyshiftv1connect.AuditServiceExportServerStream) error
	err    error

	mu       sync.Mutex
	requests []*v1.AddUserRequest
	headers  []http.Header
	server   *httptest.Server
}

var officeKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize))

func (*office) GetHub(context.Context, *v1.GetHubRequest) (*v1.GetHubResponse, error) {
	return &v1.GetHubResponse{HubId: "the-hub", HubName: "Acme", SigningKey: officeKey.Public().(ed25519.PublicKey)}, nil
}

func (o *office) AddUser(_ context.Context, q *v1.AddUserRequest) (*v1.AddUserResponse, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.requests = append(o.requests, q)
	if o.err != nil {
		return nil, api.ToConnect(o.err)
	}
	return &v1.AddUserResponse{User: &v1.User{Name: q.GetName()}}, nil
}

// ListUsers has 1,100 users.
func (*office) ListUsers(_ context.Context, q *v1.ListUsersRequest) (*v1.ListUsersResponse, error) {
	const all = 1100
	from, _ := strconv.Atoi(q.GetPageToken())
	to := min(from+int(q.GetPageSize()), all)
	answer := &v1.ListUsersResponse{}
	for i := from; i < to; i++ {
		answer.Users = append(answer.Users, &v1.User{Name: "user" + strconv.Itoa(i)})
	}
	if to < all {
		answer.NextPageToken = strconv.Itoa(to)
	}
	return answer, nil
}

func (o *office) Export(_ context.Context, _ *v1.ExportRequest, w keyshiftv1connect.AuditServiceExportServerStream) error {
	return o.export(w)
}

// open serves o with TLS and gives a client that knows it by its certificate's key.
func (o *office) open(t *testing.T, change func(*hubclient.AdminConfig)) *hubclient.Admin {
	t.Helper()
	methods := connect.NewServer()
	keyshiftv1connect.RegisterAuthServiceHandler(methods, o)
	keyshiftv1connect.RegisterUserServiceHandler(methods, o)
	keyshiftv1connect.RegisterAuditServiceHandler(methods, o)
	mux := http.NewServeMux()
	connecthttp.Mount(mux, methods)
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		o.headers = append(o.headers, r.Header.Clone())
		o.mu.Unlock()
		mux.ServeHTTP(w, r)
	})
	if o.around != nil {
		handler = o.around(handler)
	}
	o.server = httptest.NewTLSServer(handler)
	pin := sha256.Sum256(o.server.Certificate().RawSubjectPublicKeyInfo)
	config := hubclient.AdminConfig{
		Target: hubclient.Target{URL: o.server.URL, HubID: "the-hub", HubKey: officeKey.Public().(ed25519.PublicKey), TLSPin: pin[:]},
		Token:  func(context.Context) (keyshift.Secret, error) { return keyshift.NewSecret(adminToken), nil },
	}
	if change != nil {
		change(&config)
	}
	admin, err := hubclient.NewAdmin(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		admin.Close()
		o.server.Close()
	})
	return admin
}

func TestCallCarriesTheTokenAndARequestID(t *testing.T) {
	o := &office{}
	answer, err := hubclient.Call(t.Context(), o.open(t, nil).Users.AddUser, &v1.AddUserRequest{Name: "lee"})
	if err != nil || answer.GetUser().GetName() != "lee" {
		t.Fatalf("got %v, %v", answer, err)
	}
	if got := o.headers[0].Get("Authorization"); got != "Bearer "+adminToken {
		t.Errorf("the hub got Authorization %q", got)
	}
	if id := o.requests[0].GetRequestId(); keyshift.ValidateRequestID(id) != nil || id == hubclient.NewRequestID() {
		t.Errorf("the request id is %q, want a random one", id)
	}
}

func TestCallKeepsARequestIDThatIsSet(t *testing.T) {
	o := &office{}
	const id = "0123456789abcdef0123456789abcdef"
	if _, err := hubclient.Call(t.Context(), o.open(t, nil).Users.AddUser, &v1.AddUserRequest{RequestId: id}); err != nil {
		t.Fatal(err)
	}
	if got := o.requests[0].GetRequestId(); got != id {
		t.Errorf("got request id %q, want %q", got, id)
	}
}

// lose breaks the connection of the first n requests after the hub did its work.
func lose(n int) func(http.Handler) http.Handler {
	var mu sync.Mutex
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			lost := n > 0
			n--
			mu.Unlock()
			if !lost {
				next.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		})
	}
}

func TestALostAnswerIsAskedForAgainInTheSameName(t *testing.T) {
	o := &office{around: lose(2)}
	if _, err := hubclient.Call(t.Context(), o.open(t, nil).Users.AddUser, &v1.AddUserRequest{Name: "lee"}); err != nil {
		t.Fatal(err)
	}
	if len(o.requests) != 3 || o.requests[0].GetRequestId() != o.requests[2].GetRequestId() {
		t.Errorf("the hub got %v, want one request three times", o.requests)
	}
}

func TestARefusalIsNotAskedForAgain(t *testing.T) {
	refusal := keyshift.Refuse(keyshift.CodeForbidden, "Your roles do not allow this.", "Ask an owner of the hub.").With("role", "admin")
	o := &office{err: refusal}
	_, err := hubclient.Call(t.Context(), o.open(t, nil).Users.AddUser, &v1.AddUserRequest{Name: "lee"})
	got, ok := errors.AsType[*keyshift.Error](err)
	if !ok || got.Code != refusal.Code || got.Text != refusal.Text || got.Hint != refusal.Hint || got.Facts["role"] != "admin" {
		t.Errorf("got %v, want %v", err, refusal)
	}
	if len(o.requests) != 1 {
		t.Errorf("asked %d times, want once", len(o.requests))
	}
}

// saying answers every request with a page of somebody in between.
func saying(status int, text string) func(http.Handler) http.Handler {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://127.0.0.1:1/elsewhere")
			http.Error(w, text, status)
		})
	}
}

func TestAdminErrors(t *testing.T) {
	locked := keyshift.Refuse(keyshift.CodeKeyringLocked, "locked", "unlock it")
	for _, tt := range []struct {
		name   string
		around func(http.Handler) http.Handler
		change func(*hubclient.AdminConfig)
		want   keyshift.Code
	}{
		{name: "another certificate key", change: func(c *hubclient.AdminConfig) { c.Target.TLSPin = bytes.Repeat([]byte{1}, 32) }, want: keyshift.CodeHubIdentityChanged},
		{name: "a certificate that nobody vouches for", change: func(c *hubclient.AdminConfig) { c.Target.TLSPin = nil }, want: keyshift.CodeHubUnreachable},
		{name: "nobody there", change: func(c *hubclient.AdminConfig) { c.Target.URL = "https://127.0.0.1:1" }, want: keyshift.CodeHubUnreachable},
		{name: "a proxy that misses the hub", around: saying(http.StatusBadGateway, "bad gateway"), want: keyshift.CodeHubUnreachable},
		{name: "a proxy that refuses", around: saying(http.StatusForbidden, "not here"), want: keyshift.CodeForbidden},
		{name: "a redirect", around: saying(http.StatusTemporaryRedirect, "elsewhere"), want: keyshift.CodeHubUnreachable},
		{name: "a web page", around: saying(http.StatusOK, "<html>"), want: keyshift.CodeHubUnreachable},
		{name: "no token to be had", change: func(c *hubclient.AdminConfig) {
			c.Token = func(context.Context) (keyshift.Secret, error) { return keyshift.Secret{}, locked }
		}, want: keyshift.CodeKeyringLocked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := &office{around: tt.around}
			_, err := hubclient.Call(t.Context(), o.open(t, tt.change).Users.AddUser, &v1.AddUserRequest{Name: "lee"})
			if got := keyshift.CodeOf(err); got != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if e, ok := errors.AsType[*keyshift.Error](err); !ok || e.Text == "" || e.Hint == "" {
				t.Errorf("not for people: %#v", err)
			}
			if err != nil && strings.Contains(err.Error(), adminToken) {
				t.Error("the error tells the token")
			}
			if len(o.requests) != 0 {
				t.Errorf("the hub was reached: %v", o.requests)
			}
		})
	}
}

func TestWithoutTokenNoneIsSent(t *testing.T) {
	o := &office{}
	admin := o.open(t, func(c *hubclient.AdminConfig) { c.Token = nil })
	if _, err := admin.CheckIdentity(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, there := o.headers[0]["Authorization"]; there {
		t.Errorf("sent Authorization %q", got)
	}
}

func TestATokenIsSentOnlyToHTTPSOrThisComputer(t *testing.T) {
	for _, tt := range []struct {
		url string
		ok  bool
	}{
		{"https://hub.example", true}, {"http://127.0.0.1:8443", true}, {"http://localhost:1", true},
		{"http://hub.example", false}, {"ftp://hub.example", false}, {"https://lee@hub.example", false}, {"https://hub.example/path", false}, {"", false},
	} {
		if _, err := hubclient.NewAdmin(hubclient.AdminConfig{Target: hubclient.Target{URL: tt.url}}); (err == nil) != tt.ok {
			t.Errorf("%s: got %v, want usable %v", tt.url, err, tt.ok)
		}
	}
}

func TestTheSystemsRootsDecideWithoutPin(t *testing.T) {
	o := &office{}
	admin := o.open(t, func(c *hubclient.AdminConfig) {
		c.Target.TLSPin = nil
		c.HTTP = hubclient.NewHTTPClient(c.Target)
		roots := o.server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		c.HTTP.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	})
	if _, err := admin.CheckIdentity(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCheckIdentity(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*hubclient.AdminConfig)
		want   keyshift.Code
	}{
		{"the hub", nil, ""},
		{"id not known yet", func(c *hubclient.AdminConfig) { c.Target.HubID = "" }, ""},
		{"another key", func(c *hubclient.AdminConfig) { c.Target.HubKey = bytes.Repeat([]byte{1}, 32) }, keyshift.CodeHubIdentityChanged},
		{"another id", func(c *hubclient.AdminConfig) { c.Target.HubID = "other" }, keyshift.CodeHubIdentityChanged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := (&office{}).open(t, tt.change).CheckIdentity(t.Context())
			if got := keyshift.CodeOf(err); got != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestGivingUpIsAnInterruption(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := &office{around: func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client left
			cancel()
			<-r.Context().Done()
		})
	}}
	_, err := hubclient.Call(ctx, o.open(t, nil).Users.AddUser, &v1.AddUserRequest{})
	if api.ExitOf(err) != api.ExitInterrupted {
		t.Errorf("got %v, want an error that ends with %d", err, api.ExitInterrupted)
	}
}

func TestListsAreReadPageByPage(t *testing.T) {
	o := &office{}
	admin := o.open(t, nil)
	n := 0
	for user, err := range admin.EachUser(t.Context()) {
		if want := "user" + strconv.Itoa(n); err != nil || user.GetName() != want {
			t.Fatalf("got %v, %v, want %s", user, err, want)
		}
		n++
	}
	if n != 1100 || len(o.headers) != 3 {
		t.Errorf("got %d users in %d requests, want 1100 in 3", n, len(o.headers))
	}
	for _, err := range admin.EachUser(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if len(o.headers) != 4 {
		t.Errorf("the first of a list took %d requests, want 1", len(o.headers)-3)
	}
}

func TestAListEndsWithItsError(t *testing.T) {
	o := &office{around: saying(http.StatusForbidden, "no")}
	var errs []error
	for user, err := range o.open(t, nil).EachUser(t.Context()) {
		errs = append(errs, err)
		if user != nil {
			t.Errorf("got %v beside an error", user)
		}
	}
	if len(errs) != 1 || keyshift.CodeOf(errs[0]) != keyshift.CodeForbidden {
		t.Errorf("got %v", errs)
	}
}

// roundUsers has a list that never ends.
type roundUsers struct {
	keyshiftv1connect.UserServiceClient
}

func (roundUsers) ListUsers(context.Context, *v1.ListUsersRequest) (*v1.ListUsersResponse, error) {
	return &v1.ListUsersResponse{NextPageToken: "again"}, nil
}

func TestAListThatGoesRoundIsGivenUp(t *testing.T) {
	admin := (&office{}).open(t, nil)
	admin.Users = roundUsers{}
	for _, err := range admin.EachUser(t.Context()) {
		if err == nil {
			t.Fatal("got a row")
		}
	}
}

func TestExport(t *testing.T) {
	full := errors.New("disk is full")
	for _, tt := range []struct {
		name   string
		export func(keyshiftv1connect.AuditServiceExportServerStream) error
		w      *limited
		want   string
		err    keyshift.Code
	}{
		{name: "whole", export: sending("a\n", "b\nc\n"), w: &limited{left: 100}, want: "a\nb\nc\n"},
		{name: "the hub breaks off", export: func(w keyshiftv1connect.AuditServiceExportServerStream) error {
			return errors.Join(sending("a\n")(w), api.ToConnect(keyshift.Refuse(keyshift.CodeIntegrityFailed, "damaged", "restore")))
		}, w: &limited{left: 100}, want: "a\n", err: keyshift.CodeIntegrityFailed},
		{name: "the disk is full", export: sending("a\n", "b\n"), w: &limited{left: 2, err: full}, want: "a\n", err: keyshift.CodeInternal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, err := (&office{export: tt.export}).open(t, nil).Export(t.Context(), tt.w)
			if tt.w.String() != tt.want || n != int64(len(tt.want)) || keyshift.CodeOf(err) != tt.err {
				t.Errorf("got %q (%d bytes), %v, want %q, %q", tt.w.String(), n, err, tt.want, tt.err)
			}
		})
	}
}

func sending(parts ...string) func(keyshiftv1connect.AuditServiceExportServerStream) error {
	return func(w keyshiftv1connect.AuditServiceExportServerStream) error {
		for _, p := range parts {
			if err := w.Send(&v1.ExportResponse{Lines: []byte(p)}); err != nil {
				return err
			}
		}
		return nil
	}
}

// limited takes so many bytes.
type limited struct {
	bytes.Buffer
	left int
	err  error
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.left {
		return 0, l.err
	}
	l.left -= len(p)
	return l.Buffer.Write(p)
}

func TestRequestIDsDiffer(t *testing.T) {
	a, b := hubclient.NewRequestID(), hubclient.NewRequestID()
	if a == b || keyshift.ValidateRequestID(a) != nil {
		t.Errorf("got %q and %q", a, b)
	}
}
