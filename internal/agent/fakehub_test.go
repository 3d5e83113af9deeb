package agent

import (
	"context"
	"crypto/ed25519"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/hubclient/hubtest"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// fakeHub keeps accounts and leases by the rules of the contract, in memory.
type fakeHub struct {
	keyshiftv1connect.UnimplementedAgentServiceHandler
	secret string // of the enrollment code
	told   told
	key    ed25519.PrivateKey

	mu        sync.Mutex
	device    *v1.EnrollRequest
	refuse    error            // what Sync is refused with
	lie       func(*v1.Lease)  // changes what CheckOut answers
	activated func(*fakeLease) // is called before Activate answers
	accounts  []*fakeAccount
	leases    []*fakeLease
	wakes     []chan struct{}
	mute      bool // streams say nothing, as behind a proxy that collects them
	pushes    bool
	causes    []string
	receipts  []*v1.Receipt
	refused   []*v1.NoteRefusedCallersRequest
	lose      bool // what is noted is answered with an error
	calls     map[string]int
	// activations are the request ids of what was asked to be active.
	activations map[string]bool
	accepted    time.Time // when the admins accepted that the audit log goes back
	pace        pace
	hours       *v1.WorkHours
	log         hashes
	size        int64
	seen        checkpoint.Head // the newest that the device countersigned
}

type fakeAccount struct {
	*v1.Lendable
	grace      time.Duration
	credential keyshift.Credential
}

type fakeLease struct {
	*v1.Lease
	request string
	account *fakeAccount
}

// hashes is the storage of the fake audit log.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, h[i])
	}
	return out, nil
}

const (
	testUser   = "dana"
	password   = "correct horse battery staple"
	acmeID     = "01890a5d-ac96-774b-bcce-b302099a8001"
	brandID    = "01890a5d-ac96-774b-bcce-b302099a8002"
	ephemeraID = "01890a5d-ac96-774b-bcce-b302099a8003"
)

func newFakeHub() *fakeHub {
	h := &fakeHub{calls: map[string]int{}, activations: map[string]bool{}, pushes: true}
	credential := keyshift.Credential{Login: "acme", Password: keyshift.NewSecret(password)}
	add := func(id string, network v1.Network, handle string, mode v1.AccessMode, storage v1.LeaseStorage) {
		h.accounts = append(h.accounts, &fakeAccount{
			Lendable: &v1.Lendable{
				AccountId: id, Network: network, Handle: handle, AccessMode: mode, LeaseStorage: storage, Exclusive: true, AllowShow: true,
				HasCodeSeed: true, MaxDuration: durationpb.New(4 * time.Hour),
			},
			grace: keyshift.DefaultOfflineGrace, credential: credential,
		})
	}
	add(acmeID, v1.Network_NETWORK_X, "acme", v1.AccessMode_ACCESS_MODE_SHARED_SECRET, v1.LeaseStorage_LEASE_STORAGE_KEYRING)
	add(brandID, v1.Network_NETWORK_INSTAGRAM, "acme", v1.AccessMode_ACCESS_MODE_DELEGATED, v1.LeaseStorage_LEASE_STORAGE_KEYRING)
	add(ephemeraID, v1.Network_NETWORK_X, "ephemera", v1.AccessMode_ACCESS_MODE_SHARED_SECRET, v1.LeaseStorage_LEASE_STORAGE_MEMORY)
	return h
}

// with lets f look at or change the hub, and pushes afterwards.
func (h *fakeHub) with(f func()) {
	h.mu.Lock()
	f()
	h.mu.Unlock()
	h.push()
}

func (h *fakeHub) push() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.pushes {
		return
	}
	for _, w := range h.wakes {
		poke(w)
	}
}

func (h *fakeHub) called(method string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls[method]++
}

// asked counts the calls of a method.
func (h *fakeHub) asked(method string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls[method]
}

func (h *fakeHub) Enroll(_ context.Context, q *v1.EnrollRequest) (*v1.EnrollResponse, error) {
	h.called("Enroll")
	h.mu.Lock()
	defer h.mu.Unlock()
	if q.GetCode() != h.secret || h.device != nil && h.device.GetRequestId() != q.GetRequestId() {
		return nil, api.ToConnect(keyshift.ErrCodeInvalid)
	}
	h.device = q
	return &v1.EnrollResponse{HubId: hubtest.ID, HubName: "Acme hub", DeviceId: q.GetDeviceId(), User: testUser}, nil
}

func (h *fakeHub) Unenroll(context.Context, *v1.UnenrollRequest) (*v1.UnenrollResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.leases {
		l.finish(v1.LeaseState_LEASE_STATE_CHECKED_IN, "unenrolled")
	}
	h.device = nil
	return &v1.UnenrollResponse{}, nil
}

// deviceKey is what the hub's edge checks signatures with.
func (h *fakeHub) deviceKey(id string) ed25519.PublicKey {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.device == nil || h.device.GetDeviceId() != id {
		return nil
	}
	return h.device.GetSigningKey()
}

func (h *fakeHub) Sync(_ context.Context, q *v1.SyncRequest) (*v1.SyncResponse, error) {
	h.called("Sync")
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse != nil {
		return nil, api.ToConnect(h.refuse)
	}
	answer := &v1.SyncResponse{
		HubName: "Acme hub", User: testUser,
		StaleAfter: durationpb.New(h.pace.StaleAfter), SyncEvery: durationpb.New(h.pace.SyncEvery), WorkHours: h.hours, ReminderCountsTaken: h.told.takeCounts(q.GetReminderCounts()),
	}
	if !h.accepted.IsZero() {
		answer.RollbackAccepted = timestamppb.New(h.accepted)
	}
	for _, l := range h.leases {
		l.expire()
		switch {
		case liveState(l.Lease):
			answer.Leases = append(answer.Leases, proto.CloneOf(l.Lease))
		case l.Removal.GetStep() < v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED:
			answer.Removals = append(answer.Removals, proto.CloneOf(l.Lease))
		}
	}
	return answer, h.showLog(q, answer)
}

// showLog answers with the newest checkpoint and the proof from the one that the device showed.
func (h *fakeHub) showLog(q *v1.SyncRequest, answer *v1.SyncResponse) error {
	var shown checkpoint.Head
	if q.GetCheckpoint() != "" {
		var err error
		if shown, err = checkpoint.Open(q.GetCheckpoint(), hubtest.ID, h.key.Public().(ed25519.PublicKey)); err != nil {
			return err
		}
		if _, err := checkpoint.VerifyCountersignature(shown, h.device.GetSigningKey(), q.GetCountersignature()); err != nil {
			return err
		}
		h.seen = shown
	}
	if h.size == 0 {
		return nil
	}
	root, err := tlog.TreeHash(h.size, h.log)
	if err != nil {
		return err
	}
	if answer.Checkpoint, err = checkpoint.Sign(checkpoint.Head{HubID: hubtest.ID, Size: h.size, Root: root}, h.key); err != nil {
		return err
	}
	if shown.Size > 0 && shown.Size < h.size {
		proof, err := tlog.ProveTree(h.size, shown.Size, h.log)
		if err != nil {
			return err
		}
		for _, hash := range proof {
			answer.Consistency = append(answer.Consistency, hash[:])
		}
	}
	return nil
}

// record adds an event to the audit log.
func (h *fakeHub) record(event string) {
	more, err := tlog.StoredHashes(h.size, []byte(event), h.log)
	if err != nil {
		panic(err)
	}
	h.log, h.size = append(h.log, more...), h.size+1
}

func (h *fakeHub) Watch(ctx context.Context, _ *v1.WatchRequest, w keyshiftv1connect.AgentServiceWatchServerStream) error {
	h.called("Watch")
	wake := make(chan struct{}, 1)
	h.mu.Lock()
	mute := h.mute
	h.wakes = append(h.wakes, wake)
	h.mu.Unlock()
	if mute {
		<-ctx.Done()
		return nil
	}
	for {
		if err := w.Send(&v1.WatchResponse{}); err != nil {
			return err
		}
		select {
		case <-wake:
			if err := w.Send(&v1.WatchResponse{Sync: true}); err != nil {
				return err
			}
		case <-time.After(20 * time.Second):
		case <-ctx.Done():
			return nil
		}
	}
}

func (h *fakeHub) AwaitNews(ctx context.Context, q *v1.AwaitNewsRequest) (*v1.AwaitNewsResponse, error) {
	h.called("AwaitNews")
	wake := make(chan struct{}, 1)
	h.mu.Lock()
	h.wakes = append(h.wakes, wake)
	h.mu.Unlock()
	select {
	case <-wake:
		return &v1.AwaitNewsResponse{Sync: true}, nil
	case <-time.After(q.GetWait().AsDuration()):
	case <-ctx.Done():
	}
	return &v1.AwaitNewsResponse{}, nil
}

func (h *fakeHub) CheckOut(_ context.Context, q *v1.CheckOutRequest) (*v1.CheckOutResponse, error) {
	h.called("CheckOut")
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.accounts, func(a *fakeAccount) bool { return a.GetAccountId() == q.GetAccountId() })
	if i < 0 {
		return nil, api.ToConnect(keyshift.NotFound("account", q.GetAccountId()))
	}
	lease := h.byRequest(q.GetRequestId())
	if lease == nil {
		if held := h.holding(h.accounts[i]); held != nil {
			return nil, api.ToConnect(keyshift.Refuse(keyshift.CodeAccountInUse, "It is in use.", "Wait."))
		}
		lease = h.lend(h.accounts[i], q)
	}
	answer, err := h.hand(lease)
	if err == nil && h.lie != nil {
		h.lie(answer.Lease)
	}
	return answer, err
}

func (h *fakeHub) byRequest(id string) *fakeLease {
	for _, l := range h.leases {
		if l.expire(); l.request == id {
			return l
		}
	}
	return nil
}

// holding gives the lease that keeps an exclusive account taken.
func (h *fakeHub) holding(a *fakeAccount) *fakeLease {
	for _, l := range h.leases {
		l.expire()
		if l.account == a && (liveState(l.Lease) || l.Removal.GetStep() < v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED) {
			return l
		}
	}
	return nil
}

func (h *fakeHub) lend(a *fakeAccount, q *v1.CheckOutRequest) *fakeLease {
	now := time.Now()
	lease := &fakeLease{request: q.GetRequestId(), account: a, Lease: &v1.Lease{
		Id: string(keyshift.NewID(now, testRandom{})), AccountId: a.GetAccountId(), Network: a.GetNetwork(), Handle: a.GetHandle(), User: testUser,
		DeviceId: h.device.GetDeviceId(), Reason: q.GetReason(), State: v1.LeaseState_LEASE_STATE_PENDING, Epoch: 1,
		StartedAt: timestamppb.New(now), ActivateBy: timestamppb.New(now.Add(keyshift.ActivateWithin)), EndsAt: timestamppb.New(now.Add(q.GetDuration().AsDuration())),
		AccessMode: a.GetAccessMode(), LeaseStorage: a.GetLeaseStorage(), OfflineGrace: durationpb.New(a.grace), MaxDuration: a.GetMaxDuration(),
		AllowShow: a.GetAllowShow(), HasCodeSeed: a.GetHasCodeSeed(), Exclusive: true, Removal: &v1.Removal{},
	}}
	h.leases = append(h.leases, lease)
	return lease
}

func (h *fakeHub) hand(l *fakeLease) (*v1.CheckOutResponse, error) {
	answer := &v1.CheckOutResponse{Lease: proto.CloneOf(l.Lease)}
	if !liveState(l.Lease) || delegated(l.Lease) {
		return answer, nil
	}
	sealed, err := seal.SealToDevice(h.device.GetSealingKey(), h.context(l, seal.PurposeCredential, uint64(l.Epoch), l.EndsAt.AsTime()), l.account.credential.Encode())
	answer.SealedCredential = sealed
	return answer, err
}

func (h *fakeHub) context(l *fakeLease, purpose seal.Purpose, epoch uint64, until time.Time) seal.Context {
	return seal.Context{
		Purpose: purpose, HubID: hubtest.ID, DeviceID: l.DeviceId, LeaseID: l.Id, AccountID: l.AccountId, Epoch: epoch, EndsAtMicros: until.UnixMicro(),
	}
}

// expire writes down what time did to a lease.
func (l *fakeLease) expire() {
	now := time.Now()
	if l.State == v1.LeaseState_LEASE_STATE_PENDING && !now.Before(l.ActivateBy.AsTime()) || liveState(l.Lease) && !now.Before(l.EndsAt.AsTime()) {
		l.finish(v1.LeaseState_LEASE_STATE_EXPIRED, "expired")
	}
}

func (l *fakeLease) finish(state v1.LeaseState, reason string) {
	if !liveState(l.Lease) {
		return
	}
	l.State, l.EndReason, l.EndedAt, l.Epoch = state, reason, timestamppb.Now(), l.Epoch+1
	l.Removal.Step = v1.RemovalStep_REMOVAL_STEP_REQUESTED
}

// of gives a lease by id, or refuses.
func (h *fakeHub) of(id string) (*fakeLease, error) {
	for _, l := range h.leases {
		if l.expire(); l.Id == id {
			return l, nil
		}
	}
	return nil, api.ToConnect(keyshift.NotFound("lease", id))
}

func (h *fakeHub) live(id string) (*fakeLease, error) {
	l, err := h.of(id)
	if err == nil && !liveState(l.Lease) {
		err = api.ToConnect(keyshift.ErrLeaseOver)
	}
	return l, err
}

func (h *fakeHub) Activate(_ context.Context, q *v1.ActivateRequest) (*v1.ActivateResponse, error) {
	h.called("Activate")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.activations[q.GetRequestId()] = true
	l, err := h.live(q.GetLeaseId())
	if err != nil {
		return nil, err
	}
	if l.State == v1.LeaseState_LEASE_STATE_PENDING {
		l.State, l.Epoch = v1.LeaseState_LEASE_STATE_ACTIVE, l.Epoch+1
	}
	if h.activated != nil {
		h.activated(l)
	}
	return &v1.ActivateResponse{Lease: proto.CloneOf(l.Lease)}, nil
}

func (h *fakeHub) Renew(_ context.Context, q *v1.RenewRequest) (*v1.RenewResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l, err := h.live(q.GetLeaseId())
	if err != nil {
		return nil, err
	}
	l.EndsAt, l.Epoch = timestamppb.New(time.Now().Add(q.GetDuration().AsDuration())), l.Epoch+1
	return &v1.RenewResponse{Lease: proto.CloneOf(l.Lease)}, nil
}

func (h *fakeHub) CheckIn(_ context.Context, q *v1.CheckInRequest) (*v1.CheckInResponse, error) {
	h.called("CheckIn")
	h.mu.Lock()
	defer h.mu.Unlock()
	l, err := h.of(q.GetLeaseId())
	if err != nil {
		return nil, err
	}
	h.causes = append(h.causes, q.GetCause())
	state := v1.LeaseState_LEASE_STATE_CHECKED_IN
	if keyshift.EndCause(q.GetCause()).State() == keyshift.LeaseExpired {
		state = v1.LeaseState_LEASE_STATE_EXPIRED
	}
	l.finish(state, q.GetCause())
	h.take(l, q.GetReceipt())
	return &v1.CheckInResponse{Lease: proto.CloneOf(l.Lease)}, nil
}

func (h *fakeHub) Report(_ context.Context, q *v1.ReportRequest) (*v1.ReportResponse, error) {
	h.called("Report")
	h.mu.Lock()
	defer h.mu.Unlock()
	answer := &v1.ReportResponse{}
	for _, r := range q.GetReceipts() {
		if l, err := h.of(r.GetLeaseId()); err == nil {
			l.finish(v1.LeaseState_LEASE_STATE_CHECKED_IN, "reported")
			h.take(l, r)
			answer.LeaseIds = append(answer.LeaseIds, l.Id)
		}
	}
	return answer, nil
}

func (h *fakeHub) take(l *fakeLease, r *v1.Receipt) {
	h.receipts = append(h.receipts, r)
	l.Removal.Step = max(l.Removal.Step, r.GetStep())
	l.Removal.WipeFailure = r.GetWipeFailure()
}

func (h *fakeHub) NoteReveal(_ context.Context, q *v1.NoteRevealRequest) (*v1.NoteRevealResponse, error) {
	h.called("NoteReveal")
	h.mu.Lock()
	defer h.mu.Unlock()
	l, err := h.live(q.GetLeaseId())
	if err != nil {
		return nil, err
	}
	l.Epoch++
	return &v1.NoteRevealResponse{}, nil
}

func (h *fakeHub) NoteRefusedCallers(_ context.Context, q *v1.NoteRefusedCallersRequest) (*v1.NoteRefusedCallersResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse != nil {
		return nil, h.refuse
	}
	h.refused = append(h.refused, q)
	if h.lose {
		return nil, keyshift.Refuse(keyshift.CodeUnavailable, "Not now.", "")
	}
	return &v1.NoteRefusedCallersResponse{}, nil
}

func (h *fakeHub) GetCode(_ context.Context, q *v1.GetCodeRequest) (*v1.GetCodeResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l, err := h.live(q.GetLeaseId())
	if err != nil {
		return nil, err
	}
	until := time.Now().Truncate(30 * time.Second).Add(30 * time.Second)
	sealed, err := seal.SealToDevice(h.device.GetSealingKey(), h.context(l, seal.PurposeCode, 0, until), []byte("123456"))
	return &v1.GetCodeResponse{SealedCode: sealed, ValidUntil: timestamppb.New(until)}, err
}

// one gives the only lease of the hub.
func (h *fakeHub) one() *v1.Lease {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.leases) != 1 {
		return nil
	}
	h.leases[0].expire()
	return proto.CloneOf(h.leases[0].Lease)
}
