package systest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/systest/badnet"
)

// company is a CA that every computer of these tests trusts, in the way of the system.
var company *badnet.CA

func TestMain(m *testing.M) { os.Exit(withCompany(m)) }

// atOnce is how many of the tests that call t.Parallel run at once: they wait for each other's pushes, syncs and lost answers
// far longer than they compute. Those in which many meet run alone, before them.
const atOnce = "6"

func withCompany(m *testing.M) int {
	dir, err := os.MkdirTemp("", "keyshift-ca-")
	if err == nil {
		defer os.RemoveAll(dir)
		company, err = badnet.NewCA("a company")
	}
	file := filepath.Join(dir, "ca.pem")
	if err == nil {
		err = os.WriteFile(file, company.PEM(), 0o600)
	}
	if err == nil {
		err = os.Setenv("SSL_CERT_FILE", file)
	}
	if err == nil {
		err = flag.Set("test.parallel", atOnce) //nolint:forbidigo // it is the test's own flag
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "systest:", err)
		return 1
	}
	return m.Run()
}

// inspected is a company whose devices reach the hub only through a proxy that opens TLS. The hub's certificate is one
// that every computer trusts, and so is the proxy's.
func inspected(t *testing.T) (*World, *badnet.Inspector) {
	t.Helper()
	cert, err := company.Issue("localhost")
	if err != nil {
		t.Fatal(err)
	}
	w := SQLite(t)
	w.Stop()
	if w.Config.CertFile, w.Config.KeyFile, err = badnet.Write(cert, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	w.Start()
	w.Owner = w.Admin(0, w.OwnerToken)
	i := badnet.NewInspector(t, company)
	i.Before(hostOf(t, w.Replica[0].URL()))
	w.Replica[0].Hub.PublicURL = i.URL()
	w.AddUser("dana")
	w.AddAccount("acme", &v1.AccountSettings{AllowShow: ptr(true)}, "dana")
	return w, i
}

func hostOf(t *testing.T, url string) net.Addr {
	t.Helper()
	addr, err := net.ResolveTCPAddr("tcp", strings.TrimPrefix(url, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// A25: whoever reads everything between device and hub has read no secret.
func TestAnInspectorSeesNoSecret(t *testing.T) {
	t.Parallel()
	w, inspector := inspected(t)
	desk := w.Desk(0, "dana")
	desk.mustCheckOut("x/acme", time.Hour)
	if got, err := desk.Agent.Reveal(t.Context(), "x/acme"); err != nil || string(got.Password()) != Password {
		t.Fatalf("Reveal: %v", err)
	}
	if _, _, err := desk.Agent.Code(t.Context(), "x/acme"); err != nil {
		t.Fatalf("Code: %v", err)
	}
	if _, err := desk.Agent.Renew(t.Context(), "x/acme", 2*time.Hour); err != nil {
		t.Fatalf("Renew: %v", err)
	}
	if _, err := desk.Agent.CheckIn(t.Context(), "x/acme"); err != nil {
		t.Fatalf("CheckIn: %v", err)
	}
	seen := inspector.Recorded()
	for _, method := range []string{"Enroll", "Sync", "Watch", "CheckOut", "Activate", "NoteReveal", "GetCode", "Renew", "CheckIn"} {
		if !bytes.Contains(seen, []byte("AgentService/"+method)) {
			t.Errorf("%s did not pass the inspector", method)
		}
	}
	for name, secret := range map[string]string{"password": Password, "seed": Seed} {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret))[:16], hex.EncodeToString([]byte(secret))} {
			if bytes.Contains(seen, []byte(form)) {
				t.Errorf("the %s passed in the clear", name)
			}
		}
	}
}

// A hub with a certificate of its own is known by its key: no CA can stand in for it, trusted or not.
func TestAPinIsNotInspected(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("dana")
	i := badnet.NewInspector(t, company)
	i.Before(hostOf(t, w.Replica[0].URL()))
	code := w.EnrollmentCode(0, "dana")
	desk := w.Desk(0, "dana")
	if _, err := desk.Agent.Unenroll(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	invitation, err := keyshift.ParseInvitation(code)
	if err != nil {
		t.Fatal(err)
	}
	invitation.HubURL = i.URL()
	if _, err := desk.Agent.Enroll(t.Context(), invitation.Encode(), ""); keyshift.CodeOf(err) != keyshift.CodeHubIdentityChanged {
		t.Errorf("enroll: %v, want hub_identity_changed", err)
	}
	if seen := i.Recorded(); len(seen) != 0 {
		t.Errorf("the inspector saw %d bytes, want none", len(seen))
	}
}

// changes lists one change of every field of a message, and of the first of every list in it.
func changes(m protoreflect.Message, in string) map[string]func(protoreflect.Message) {
	all := map[string]func(protoreflect.Message){}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		name := in + string(field.Name())
		all[name] = func(m protoreflect.Message) { change(m, field) }
		if !field.IsList() || field.Message() == nil || m.Get(field).List().Len() == 0 {
			continue
		}
		for inner, do := range changes(m.Get(field).List().Get(0).Message(), name+".") {
			all[inner] = func(m protoreflect.Message) {
				if list := m.Mutable(field).List(); list.Len() > 0 {
					do(list.Get(0).Message())
				}
			}
		}
	}
	return all
}

// change makes a field another one.
func change(m protoreflect.Message, field protoreflect.FieldDescriptor) {
	value := m.Get(field)
	switch {
	case m.Has(field) && (field.IsList() || field.Message() != nil && field.Message().Fields().ByName("seconds") == nil):
		m.Clear(field)
	case field.IsList() && field.Message() != nil:
		m.Mutable(field).List().AppendMutable()
	case field.IsList():
		m.Mutable(field).List().Append(protoreflect.ValueOfBytes([]byte{1}))
	case field.Message() != nil:
		inner := m.Mutable(field).Message()
		if seconds := inner.Descriptor().Fields().ByName("seconds"); seconds != nil {
			inner.Set(seconds, protoreflect.ValueOfInt64(inner.Get(seconds).Int()+3600))
		}
	case field.Kind() == protoreflect.StringKind:
		m.Set(field, protoreflect.ValueOfString(value.String()+"x"))
	case field.Kind() == protoreflect.BytesKind:
		m.Set(field, protoreflect.ValueOfBytes(append(bytes.Clone(value.Bytes()), 1)))
	case field.Kind() == protoreflect.BoolKind:
		m.Set(field, protoreflect.ValueOfBool(!value.Bool()))
	case field.Kind() == protoreflect.EnumKind:
		m.Set(field, protoreflect.ValueOfEnum(value.Enum()+1))
	case field.Kind() == protoreflect.Int32Kind:
		m.Set(field, protoreflect.ValueOfInt32(int32(value.Int()+1))) //nolint:gosec // small
	default:
		m.Set(field, protoreflect.ValueOfInt64(value.Int()+1))
	}
}

// rewriting changes the answers of one method. The count says how many it changed.
func rewriting(t *testing.T, method string, empty proto.Message, do func(protoreflect.Message), count *atomic.Int64) func(*badnet.Message) {
	return func(m *badnet.Message) {
		if !strings.HasSuffix(m.Path, "/"+method) || m.Status != http.StatusOK {
			return
		}
		answer := proto.Clone(empty)
		if err := proto.Unmarshal(m.Body, answer); err != nil {
			t.Errorf("decode %s: %v", method, err)
		}
		do(answer.ProtoReflect())
		body, err := proto.Marshal(answer)
		if err != nil {
			t.Errorf("encode %s: %v", method, err)
		}
		if bytes.Equal(body, m.Body) {
			t.Errorf("%s was not changed", method)
		}
		m.Body = body
		count.Add(1)
	}
}

// A25: every field of what the hub says about leases, ends, policy and time is changed on the way, one by one. Each is
// refused, and nothing on the computer follows from it.
func TestNothingThatAnInspectorChangesIsBelieved(t *testing.T) {
	t.Parallel()
	w, inspector := inspected(t)
	w.AddAccount("other", nil, "dana")
	w.AddAccount("third", nil, "dana")
	desk := w.Desk(0, "dana")
	desk.mustCheckOut("x/acme", time.Hour)
	w.leaveRemoval("x/other", desk)
	before := held(desk)

	template := &v1.SyncResponse{Leases: []*v1.Lease{{}}, Removals: []*v1.Lease{{}}}
	for name, do := range changes(template.ProtoReflect(), "") {
		var count atomic.Int64
		inspector.Set(badnet.Rules{Answer: rewriting(t, "Sync", &v1.SyncResponse{}, do, &count)})
		if err := desk.Agent.SyncNow(t.Context()); keyshift.CodeOf(err) != keyshift.CodeHubIdentityChanged || count.Load() == 0 {
			t.Errorf("sync with another %s (%d answers changed): %v, want hub_identity_changed", name, count.Load(), err)
		}
	}
	request := &v1.LocalServiceCheckOutRequest{Account: "x/third", Reason: "post", Duration: durationpb.New(time.Hour), RequestId: hubclient.NewRequestID()}
	lent := changes((&v1.CheckOutResponse{}).ProtoReflect(), "")
	for inner, do := range changes((&v1.Lease{}).ProtoReflect(), "lease.") {
		lent[inner] = func(m protoreflect.Message) {
			do(m.Mutable(m.Descriptor().Fields().ByName("lease")).Message())
		}
	}
	for name, do := range lent {
		var count atomic.Int64
		inspector.Set(badnet.Rules{Answer: rewriting(t, "CheckOut", &v1.CheckOutResponse{}, do, &count)})
		if _, err := desk.Agent.CheckOut(t.Context(), request); keyshift.CodeOf(err) != keyshift.CodeHubIdentityChanged || count.Load() == 0 {
			t.Errorf("check-out with another %s (%d answers changed): %v, want hub_identity_changed", name, count.Load(), err)
		}
	}
	for name, do := range map[string]func(*badnet.Message){
		"time": func(m *badnet.Message) {
			m.Header.Set("Keyshift-Time", fmt.Sprint(time.Now().Add(time.Hour).UnixMicro()))
		},
		"status":           func(m *badnet.Message) { m.Status = http.StatusAccepted },
		"no signature":     func(m *badnet.Message) { m.Header.Del("Signature"); m.Header.Del("Signature-Input") },
		"signature's time": func(m *badnet.Message) { later(m.Header, "Signature-Input") },
		"content type":     func(m *badnet.Message) { m.Header.Set("Content-Type", "application/json") },
	} {
		inspector.Set(badnet.Rules{Answer: do})
		if err := desk.Agent.SyncNow(t.Context()); keyshift.CodeOf(err) != keyshift.CodeHubIdentityChanged && name != "content type" || err == nil {
			t.Errorf("sync with another %s: %v, want hub_identity_changed", name, err)
		}
	}
	if got := held(desk); got != before {
		t.Errorf("held now:\n%s\nbefore:\n%s", got, before)
	}
	inspector.Set(badnet.Rules{})
	if _, err := desk.Agent.CheckOut(t.Context(), request); err != nil {
		t.Errorf("check-out once nothing is changed: %v", err)
	}
	if n := w.countEvents("lease.granted"); n != 3 {
		t.Errorf("granted %d leases, want 3", n)
	}
}

// leaveRemoval leaves a lease that has ended and whose secret could not be removed yet.
func (w *World) leaveRemoval(account string, desk *Desk) {
	w.t.Helper()
	lease := desk.mustCheckOut(account, time.Hour)
	desk.Ring.LieOnDelete(true)
	w.revoke(lease.GetId())
	Eventually(w.t, "the wipe fails", func() bool { return strings.HasPrefix(w.removalText(lease.GetId()), "Not removed") })
}

// held is what the agent shows of its leases, but for times that pass.
func held(d *Desk) string {
	var b strings.Builder
	for _, l := range d.Agent.Leases() {
		fmt.Fprintf(&b, "%s %v until %v epoch %d %s\n", l.GetLease().GetId(), l.GetLease().GetState(), l.GetLease().GetEndsAt().AsTime(), l.GetLease().GetEpoch(), l.GetEnding())
	}
	return b.String()
}

func later(h http.Header, name string) {
	h.Set(name, strings.Replace(h.Get(name), "created=1", "created=2", 1))
}

// What a device asks for is signed too: whoever changes it is refused, and nothing is lent.
func TestNothingThatAnInspectorAsksIsGiven(t *testing.T) {
	t.Parallel()
	w, inspector := inspected(t)
	desk := w.Desk(0, "dana")
	for name, do := range map[string]func(*v1.CheckOutRequest){
		"duration": func(q *v1.CheckOutRequest) { q.Duration = durationpb.New(2 * time.Hour) },
		"reason":   func(q *v1.CheckOutRequest) { q.Reason = "mine" },
		"request":  func(q *v1.CheckOutRequest) { q.RequestId = hubclient.NewRequestID() },
	} {
		inspector.Set(badnet.Rules{Ask: func(m *badnet.Message) {
			if q := (&v1.CheckOutRequest{}); strings.HasSuffix(m.Path, "/CheckOut") && proto.Unmarshal(m.Body, q) == nil {
				do(q)
				m.Body, _ = proto.Marshal(q)
			}
		}})
		if _, err := desk.checkOut("x/acme", time.Hour); keyshift.CodeOf(err) != keyshift.CodeBadSignature {
			t.Errorf("another %s: %v, want bad_signature", name, err)
		}
	}
	if n := w.countEvents("lease.granted"); n != 0 {
		t.Errorf("granted %d leases, want none", n)
	}
}

// I6: a request that arrives twice is one effect, also when only the answer to the second comes back.
func TestRequestsThatArriveTwiceAreOneEffect(t *testing.T) {
	t.Parallel()
	w, inspector := inspected(t)
	desk := w.Desk(0, "dana")
	var sent sync.Map
	inspector.Set(badnet.Rules{TwiceWhen: func(path string) bool {
		_, again := sent.LoadOrStore(path, true)
		return !again
	}})
	lease := desk.mustCheckOut("x/acme", time.Hour)
	if _, err := desk.Agent.Reveal(t.Context(), "x/acme"); err != nil {
		t.Errorf("Reveal: %v", err)
	}
	if _, err := desk.Agent.Renew(t.Context(), "x/acme", 2*time.Hour); err != nil {
		t.Errorf("Renew: %v", err)
	}
	if _, err := desk.Agent.CheckIn(t.Context(), "x/acme"); err != nil {
		t.Errorf("CheckIn: %v", err)
	}
	Eventually(t, "the hub knows", func() bool { return strings.HasPrefix(w.removalText(lease.GetId()), "Secret wiped") })
	for _, action := range []string{"lease.granted", "lease.activated", "lease.secret_shown", "lease.renewed", "lease.checked_in"} {
		if n := w.countEvents(action); n != 1 {
			t.Errorf("%s: %d times, want once", action, n)
		}
	}
}

// A25: an old answer is no answer. A device that hears nothing else stops within five minutes, and ends at its grace.
func TestOldAnswersAreNotBelieved(t *testing.T) {
	t.Parallel()
	w, inspector := inspected(t)
	clock := &Turned{}
	desk := w.DeskAt(clock, 0, "dana")
	lease := desk.mustCheckOut("x/acme", time.Hour)
	old := make(chan badnet.Message, 1)
	inspector.Set(badnet.Rules{Answer: func(m *badnet.Message) {
		if strings.HasSuffix(m.Path, "/Sync") {
			select {
			case old <- badnet.Message{Status: m.Status, Header: m.Header.Clone(), Body: bytes.Clone(m.Body)}:
			default:
			}
		}
	}})
	if err := desk.Agent.SyncNow(t.Context()); err != nil {
		t.Fatal(err)
	}
	recorded := <-old
	inspector.Set(badnet.Rules{Answer: func(m *badnet.Message) {
		if strings.HasSuffix(m.Path, "/Sync") {
			m.Status, m.Header, m.Body = recorded.Status, recorded.Header.Clone(), recorded.Body
		}
	}})
	w.revoke(lease.GetId())
	if err := desk.Agent.SyncNow(t.Context()); keyshift.CodeOf(err) != keyshift.CodeHubIdentityChanged {
		t.Errorf("sync: %v, want hub_identity_changed", err)
	}
	stopsAndEnds(t, clock, desk)
}

// A25: a proxy that lets only those answers through that say nothing of revocations.
func TestRevocationsThatAreKeptBack(t *testing.T) {
	t.Parallel()
	w, inspector := inspected(t)
	clock := &Turned{}
	desk := w.DeskAt(clock, 0, "dana")
	lease := desk.mustCheckOut("x/acme", time.Hour)
	inspector.Set(badnet.Rules{Refuse: func(path string) bool { return strings.HasSuffix(path, "/Sync") || strings.HasSuffix(path, "/Watch") }})
	w.revoke(lease.GetId())
	if _, err := desk.Agent.Accounts(t.Context()); err != nil {
		t.Errorf("Accounts: %v, want what the proxy lets through", err)
	}
	stopsAndEnds(t, clock, desk)
}

// stopsAndEnds lets time pass for a desk that does not hear what is valid.
func stopsAndEnds(t *testing.T, clock *Turned, desk *Desk) {
	t.Helper()
	clock.Turn(keyshift.StaleAfter, keyshift.StaleAfter)
	if got := desk.Agent.Status().GetTrust(); got != v1.Trust_TRUST_STALE && got != v1.Trust_TRUST_CLOCK_SUSPECT {
		t.Errorf("after five minutes: %v, want stale", got)
	}
	if _, err := desk.Agent.Reveal(t.Context(), "x/acme"); keyshift.CodeOf(err) != keyshift.CodeOffline && keyshift.CodeOf(err) != keyshift.CodeClockSuspect {
		t.Errorf("Reveal after five minutes: %v, want offline", err)
	}
	clock.Turn(keyshift.DefaultOfflineGrace-keyshift.StaleAfter, keyshift.DefaultOfflineGrace-keyshift.StaleAfter)
	Eventually(t, "nothing is left", func() bool { return desk.leaseKeys() == 0 })
	if keys, _ := filepath.Glob(filepath.Join(desk.Dir, "*", "*.key")); len(keys) != 0 {
		t.Errorf("key files %v are still there", keys)
	}
}

// A stream that a proxy collects brings no push; a sync finds the revocation all the same.
func TestARevokeArrivesWhereStreamsAreCollected(t *testing.T) {
	t.Parallel()
	promised(t, 30*time.Second, func(patience time.Duration) time.Duration {
		w, inspector := inspected(t)
		inspector.Set(badnet.Rules{Collect: true})
		desk := w.Desk(0, "dana")
		lease := desk.mustCheckOut("x/acme", time.Hour)
		Eventually(t, "the syncs after the check-out are over", func() bool { return desk.Agent.Status().GetConnected() })
		w.revoke(lease.GetId())
		return takesAtMost(t, patience, "the secret is gone", func() bool { return desk.leaseKeys() == 0 })
	})
}
