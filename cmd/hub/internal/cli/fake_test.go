package cli

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Ids of the fake hub.
const (
	hubID    = "01890a5d-ac96-774b-bcce-b302099a8057"
	danaID   = "01890a5d-ac96-774b-bcce-000000000001"
	leeID    = "01890a5d-ac96-774b-bcce-000000000002"
	acmeID   = "01890a5d-ac96-774b-bcce-0000000000a1"
	grantID  = "01890a5d-ac96-774b-bcce-0000000000b1"
	laptopID = "01890a5d-ac96-774b-bcce-0000000000c1"
	deskID   = "01890a5d-ac96-774b-bcce-0000000000c2"
	leaseID  = "01890a5d-ac96-774b-bcce-0000000000d1"
	lease2ID = "01890a5d-ac96-774b-bcce-0000000000d2"
	batchID  = "01890a5d-ac96-774b-bcce-0000000000e1"
)

// What must never be seen.
const (
	theToken    = "ks_4Xq-the-token-of-dana"
	thePassword = "correct horse battery staple"
	theSeed     = "JBSWY3DPEHPK3PXP"
)

// now is when the tests happen, in a zone one hour ahead of the hub's.
var (
	here = time.FixedZone("CET", 3600)
	now  = time.Date(2026, 11, 22, 14, 0, 0, 0, here)
)

func at(hour, minute int) *timestamppb.Timestamp {
	return timestamppb.New(time.Date(2026, 11, 22, hour, minute, 0, 0, here))
}

func on(day int) *timestamppb.Timestamp {
	return timestamppb.New(time.Date(2026, 11, day, 9, 30, 0, 0, here))
}

// fakeHub is a hub that says what the tests want to hear. The fields may be changed between commands.
type fakeHub struct {
	keyshiftv1connect.UnimplementedAuthServiceHandler
	keyshiftv1connect.UnimplementedUserServiceHandler
	keyshiftv1connect.UnimplementedGroupServiceHandler
	keyshiftv1connect.UnimplementedAccountServiceHandler
	keyshiftv1connect.UnimplementedGrantServiceHandler
	keyshiftv1connect.UnimplementedLeaseServiceHandler
	keyshiftv1connect.UnimplementedDeviceServiceHandler
	keyshiftv1connect.UnimplementedAuditServiceHandler
	keyshiftv1connect.UnimplementedHubServiceHandler
	keyshiftv1connect.UnimplementedWorkServiceHandler
	keyshiftv1connect.UnimplementedSelfReportServiceHandler
	keyshiftv1connect.UnimplementedSitePackServiceHandler
	keyshiftv1connect.UnimplementedBrowserPolicyServiceHandler

	key      ed25519.PrivateKey
	empty    bool
	steps    [][]v1.RemovalStep // of the leases of a revocation, one row for each time they are listed
	revoked  int64
	export   []byte
	note     string
	accounts []*v1.Account
	// onLogin and onList run before a login or a list of leases is answered.
	onLogin, onList func()
	// passAfter is after how many refusals refuse ends by itself; 0 is never.
	passAfter int

	mu     sync.Mutex
	err    error
	asked  []any
	urls   []string
	bearer []string
	server *httptest.Server
}

func newFakeHub(t *testing.T) *fakeHub {
	t.Helper()
	h := &fakeHub{key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), accounts: []*v1.Account{acme(), shop()}}
	methods := connect.NewServer(h.listen)
	keyshiftv1connect.RegisterAuthServiceHandler(methods, h)
	keyshiftv1connect.RegisterUserServiceHandler(methods, h)
	keyshiftv1connect.RegisterGroupServiceHandler(methods, h)
	keyshiftv1connect.RegisterAccountServiceHandler(methods, h)
	keyshiftv1connect.RegisterGrantServiceHandler(methods, h)
	keyshiftv1connect.RegisterLeaseServiceHandler(methods, h)
	keyshiftv1connect.RegisterDeviceServiceHandler(methods, h)
	keyshiftv1connect.RegisterAuditServiceHandler(methods, h)
	keyshiftv1connect.RegisterHubServiceHandler(methods, h)
	keyshiftv1connect.RegisterWorkServiceHandler(methods, h)
	keyshiftv1connect.RegisterSelfReportServiceHandler(methods, h)
	keyshiftv1connect.RegisterSitePackServiceHandler(methods, h)
	keyshiftv1connect.RegisterBrowserPolicyServiceHandler(methods, h)
	mux := http.NewServeMux()
	connecthttp.Mount(mux, methods)
	h.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.urls = append(h.urls, r.URL.String())
		h.bearer = append(h.bearer, r.Header.Get("Authorization"))
		h.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(h.server.Close)
	return h
}

// listen remembers what is asked, and refuses everything while the test wants that.
func (h *fakeHub) listen(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		h.mu.Lock()
		err := h.err
		if err != nil && h.passAfter > 0 {
			if h.passAfter--; h.passAfter == 0 {
				h.err = nil
			}
		}
		h.mu.Unlock()
		if err != nil {
			return api.ToConnect(err)
		}
		return next(ctx, spec, heard{stream, h})
	}
}

type heard struct {
	connect.ServerStream
	hub *fakeHub
}

func (s heard) Receive(msg any) error {
	err := s.ServerStream.Receive(msg)
	if err == nil {
		s.hub.mu.Lock()
		defer s.hub.mu.Unlock()
		s.hub.asked = append(s.hub.asked, msg)
	}
	return err
}

// refuse makes every call fail; nil ends that.
func (h *fakeHub) refuse(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
}

// last is the last question of a type.
func last[Q any](t *testing.T, h *fakeHub) *Q {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.asked) - 1; i >= 0; i-- {
		if q, ok := h.asked[i].(*Q); ok {
			return q
		}
	}
	t.Fatalf("the hub was never asked a %T", *new(Q))
	return nil
}

func (h *fakeHub) public() ed25519.PublicKey { return h.key.Public().(ed25519.PublicKey) }

// code is an invitation of this hub.
func (h *fakeHub) code(kind keyshift.CodeKind) string {
	pin := sha256.Sum256(h.server.Certificate().RawSubjectPublicKeyInfo)
	return keyshift.Invitation{Kind: kind, HubURL: h.server.URL, HubKey: h.public(), TLSPin: pin[:], Secret: []byte("sixteen secrets!")}.Encode()
}

func dana() *v1.User {
	return &v1.User{Id: danaID, Name: "dana", Roles: []v1.Role{v1.Role_ROLE_MEMBER, v1.Role_ROLE_OWNER}, Active: true, CreatedAt: on(1)}
}

func lee() *v1.User {
	return &v1.User{Id: leeID, Name: "lee", DisplayName: "Lee \x1b[31mRed\u202e", Roles: []v1.Role{v1.Role_ROLE_MEMBER}, CreatedAt: on(2)}
}

func acme() *v1.Account {
	return &v1.Account{
		Id: acmeID, Network: v1.Network_NETWORK_X, Handle: "acme", AccessMode: v1.AccessMode_ACCESS_MODE_SHARED_SECRET, Exclusive: true, Enabled: true,
		MaxDuration: durationpb.New(4 * time.Hour), OfflineGrace: durationpb.New(15 * time.Minute), LeaseStorage: v1.LeaseStorage_LEASE_STORAGE_KEYRING,
		HasCredential: true, HasCodeSeed: true, Rotation: v1.Rotation_ROTATION_DUE, CreatedAt: on(3),
	}
}

func shop() *v1.Account {
	return &v1.Account{
		Id: "01890a5d-ac96-774b-bcce-0000000000a2", Network: v1.Network_NETWORK_FACEBOOK, Handle: "acme.shop", AccessMode: v1.AccessMode_ACCESS_MODE_SHARED_SECRET,
		MaxDuration: durationpb.New(90 * time.Minute), OfflineGrace: durationpb.New(0), LeaseStorage: v1.LeaseStorage_LEASE_STORAGE_MEMORY, AllowShow: true, CreatedAt: on(4),
	}
}

func lease(id string, step v1.RemovalStep) *v1.Lease {
	l := &v1.Lease{
		Id: id, AccountId: acmeID, Network: v1.Network_NETWORK_X, Handle: "acme", User: "Dana", UserName: "dana", DeviceId: laptopID, Device: "laptop", Reason: "answer comments",
		State: v1.LeaseState_LEASE_STATE_ACTIVE, StartedAt: at(13, 0), EndsAt: at(15, 0),
	}
	if id == lease2ID {
		l.Handle, l.User, l.UserName, l.Device, l.DeviceId = "acme_help", "lee", "lee", "desk", deskID
	}
	if step == v1.RemovalStep_REMOVAL_STEP_UNSPECIFIED {
		return l
	}
	l.State, l.EndedAt, l.Removal = v1.LeaseState_LEASE_STATE_REVOKED, at(14, 0), &v1.Removal{Step: step, Text: removalTexts[step]}
	if step != v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED {
		l.Removal.EndsBy = at(14, 17)
	}
	return l
}

var removalTexts = map[v1.RemovalStep]string{
	v1.RemovalStep_REMOVAL_STEP_REQUESTED:      "Ends by 13:17 at the latest: last contact 13:02, offline limit 15m",
	v1.RemovalStep_REMOVAL_STEP_DELIVERED:      "The device knows; the wipe is not confirmed yet",
	v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED:   "Secret wiped; the end of the browser session is not confirmed",
	v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED: "Access removed",
}
