package hub_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store"
	"github.com/keyshift-hq/keyshift/internal/kek"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// noTree stands for the Merkle tree where a test is not about it.
type noTree struct{ fault error }

func (noTree) Judge(hub.AuditReader, string) (hub.Judgment, error) { return hub.Judgment{}, nil }
func (noTree) Poke()                                               {}
func (t noTree) Fault() error                                      { return t.fault }

// clock is a hub's clock that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a hub on a real SQLite file, with a clock that a test sets and without any transport.
type world struct {
	t     *testing.T
	hub   *hub.Hub
	clock *clock
	vault *hub.FileVault
	kek   string
	tree  *noTree
	owner []byte // token hash
	keys  seal.Keys
	seq   uint64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, clock: &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}, kek: filepath.Join(dir, "key", "kek"), tree: &noTree{}}
	st, err := store.Open(t.Context(), store.Options{Database: filepath.Join(dir, "data", "hub.db"), Migrate: true, Clock: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := kek.Create(w.kek); err != nil {
		t.Fatal(err)
	}
	if w.vault, err = hub.OpenVault(w.kek, filepath.Join(dir, "data")); err != nil {
		t.Fatal(err)
	}
	w.hub, err = hub.Open(t.Context(), hub.Options{
		Store: st, Vault: w.vault, Tree: w.tree, Clock: w.clock.Now, Random: rand.Reader, PublicURL: "https://hub.example",
		Limits: hub.Limits{CheckOutsPerMinute: 1000, CodeTriesPerMinute: 1000},
	}, "Acme")
	if err != nil {
		t.Fatal(err)
	}
	if w.keys, err = seal.DeriveKeys(seal.NewSeed()); err != nil {
		t.Fatal(err)
	}
	code, err := w.hub.FirstOwnerCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.owner = w.login(code, "alice")
	return w
}

func requestID() string { return string(keyshift.NewID(time.Now(), rand.Reader)) }

func (w *world) anyone() hub.Call {
	return hub.Call{Access: hub.Access{Kind: hub.AnyoneAccess, Effect: true}, Procedure: "test", RequestID: requestID(), Source: "192.0.2.1"}
}

// as is a call of a user, as the contract would let an owner make it.
func (w *world) as(token []byte) hub.Call {
	return hub.Call{Access: hub.Access{Kind: hub.UserAccess, Effect: true}, Procedure: "test", RequestID: requestID(), TokenHash: token}
}

func (w *world) byOwner() hub.Call { return w.as(w.owner) }

func (w *world) login(code, name string) []byte {
	w.t.Helper()
	got, err := w.hub.Login(w.t.Context(), w.anyone(), hub.LoginRequest{Code: w.secret(code), UserName: name})
	if err != nil {
		w.t.Fatalf("log in: %v", err)
	}
	return hub.HashToken(got.Token.Reveal())
}

func (w *world) secret(code string) string {
	w.t.Helper()
	i, err := keyshift.ParseInvitation(code)
	if err != nil {
		w.t.Fatal(err)
	}
	return i.SecretText()
}

// by is a signed call of a device.
func (w *world) by(device keyshift.ID) hub.Call {
	w.seq++
	return hub.Call{Access: hub.Access{Kind: hub.DeviceAccess, Effect: true}, Procedure: "test", RequestID: requestID(), DeviceID: device, UserID: "u", Seq: w.seq}
}

// ending is a call by which a device gives something back.
func (w *world) ending(device keyshift.ID) hub.Call {
	call := w.by(device)
	call.Access.EndsAccess = true
	return call
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) addUser(name string, roles ...keyshift.Role) {
	w.t.Helper()
	_, err := w.hub.AddUser(w.t.Context(), w.byOwner(), name, strings.ToUpper(name[:1])+name[1:], roles)
	w.must(err)
}

// device enrolls a computer for a user.
func (w *world) device(user string) keyshift.ID {
	w.t.Helper()
	code, err := w.hub.CreateCode(w.t.Context(), w.byOwner(), user, keyshift.EnrollmentCode)
	w.must(err)
	call := w.anyone()
	w.seq++
	call.DeviceID, call.Seq = keyshift.NewID(time.Now(), rand.Reader), w.seq
	_, err = w.hub.Enroll(w.t.Context(), call, hub.EnrollRequest{Code: w.secret(code.Code), DeviceName: "desk", OS: "linux", SigningKey: w.keys.SigningPublic(), SealingKey: w.keys.SealingPublic()})
	w.must(err)
	return call.DeviceID
}

const canary = "c4n4ry-p4ssw0rd"

// account adds x/HANDLE with a credential and grants it.
func (w *world) account(handle string, users ...string) keyshift.ID {
	w.t.Helper()
	ctx := w.t.Context()
	added, err := w.hub.AddAccount(ctx, w.byOwner(), keyshift.X, handle, hub.AccountSettings{})
	w.must(err)
	_, err = w.hub.SetCredential(ctx, w.byOwner(), "x/"+handle, keyshift.Credential{Login: handle, Password: keyshift.NewSecret(canary)}, keyshift.NewSecret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))
	w.must(err)
	for _, user := range users {
		_, err := w.hub.AddGrant(ctx, w.byOwner(), "x/"+handle, user, "")
		w.must(err)
	}
	return added.Account.ID
}

func (w *world) checkOut(device, account keyshift.ID) (hub.Lent, error) {
	return w.hub.CheckOut(w.t.Context(), w.by(device), hub.CheckOutRequest{AccountID: account, Reason: "post", Duration: time.Hour})
}

func (w *world) mustCheckOut(device, account keyshift.ID) hub.LeaseView {
	w.t.Helper()
	lent, err := w.checkOut(device, account)
	w.must(err)
	view, err := w.hub.Activate(w.t.Context(), w.by(device), lent.Lease.ID)
	w.must(err)
	return view
}

func (w *world) lease(id keyshift.ID) hub.LeaseView {
	w.t.Helper()
	view, err := w.hub.Store.Read(context.Background()).LeaseView(id)
	w.must(err)
	return view
}

func (w *world) actions() map[keyshift.AuditAction]int {
	w.t.Helper()
	events, err := w.hub.Store.Read(context.Background()).Events(hub.EventFilter{Limit: 500})
	w.must(err)
	seen := map[keyshift.AuditAction]int{}
	for _, e := range events {
		seen[e.Action]++
	}
	return seen
}
