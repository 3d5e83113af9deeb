package simulation

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/kek"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

const (
	password = "c4n4ry-p4ssw0rd"
	codeSeed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // that of RFC 6238
)

// accounts are what the company has: one that is shared out to several, and exclusive ones of each kind.
var accounts = []struct {
	name     string
	settings hub.AccountSettings
}{
	{"x/acme", hub.AccountSettings{Exclusive: new(true), AllowShow: new(true), OfflineGrace: new(2 * time.Minute)}},
	{"x/brand", hub.AccountSettings{Exclusive: new(false), AllowShow: new(true), OfflineGrace: new(15 * time.Minute)}},
	{"x/memo", hub.AccountSettings{Exclusive: new(true), AllowShow: new(true), LeaseStorage: new(keyshift.StorageMemory), OfflineGrace: new(time.Duration(0))}},
	{"facebook/role", hub.AccountSettings{Exclusive: new(true)}},
}

// people are who sits at which desk.
var people = []struct{ desk, user string }{{"dana-1", "dana"}, {"lee-1", "lee"}, {"kim-1", "kim"}, {"dana-2", "dana"}}

// company is a world before anything happened in it: files to begin with.
type company struct {
	database, key []byte
	owner         []byte            // the hash of the owner's token
	accounts      map[string]string // ids by name
	desks         []savedDesk
}

type savedDesk struct {
	name, user, id string
	disk           *disk
	ring           map[string][]byte
}

var founded = struct {
	sync.Once
	company
}{}

// newWorld begins a world at the same moment and in the same state each time. It has to be called in a bubble.
func newWorld(t testing.TB, d dice, random seeded, desks int) *world {
	w := &world{t: t, ctx: context.Background(), dice: d, random: random, lazy: true}
	w.hub = &server{w: w, dir: fastDir(t)}
	w.must(errors.Join(os.MkdirAll(filepath.Dir(w.hub.data()), 0o700), os.MkdirAll(filepath.Dir(w.hub.key()), 0o700)))
	w.must(errors.Join(os.WriteFile(w.hub.data(), founded.database, 0o600), os.WriteFile(w.hub.key(), founded.key, 0o600)))
	w.must(w.hub.start(w.ctx, ""))
	for _, saved := range founded.desks[:desks] {
		one := w.addDesk(saved.name, saved.user)
		one.id, one.disk = saved.id, saved.disk.clone()
		for key, value := range saved.ring {
			w.must(one.ring.Set(w.ctx, key, value))
		}
	}
	w.ledger = newLedger()
	return w
}

func (w *world) addDesk(name, user string) *desk {
	d := &desk{w: w, name: name, user: user, disk: newDisk(), ring: osringtest.NewFake(), bootedAt: time.Now(), handedOut: map[string]bool{}, requests: map[string]*question{}}
	w.desks = append(w.desks, d)
	return d
}

// fastDir is a directory in memory, where there is one: fsync is not what is tested here.
func fastDir(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "keyshift-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// found makes the company, once.
func found(t *testing.T) {
	founded.Do(func() {
		synctest.Test(t, func(t *testing.T) {
			random := newDice(1)
			w := &world{t: t, ctx: context.Background(), dice: random, random: random}
			w.hub = &server{w: w, dir: fastDir(t)}
			w.must(errors.Join(os.MkdirAll(filepath.Dir(w.hub.key()), 0o700), kek.Create(w.hub.key())))
			w.must(w.hub.start(w.ctx, "Acme"))
			founded.owner = w.becomeOwner()
			w.hire()
			w.must(w.hub.tellAgain(w.ctx))
			_, err := w.hub.tree.Sequence(w.ctx)
			w.must(err)
			w.must(w.hub.stop())
			founded.database, err = os.ReadFile(w.hub.data())
			w.must(err)
			founded.key, err = os.ReadFile(w.hub.key())
			w.must(err)
			w.close()
			if len(w.bad) > 0 {
				t.Fatal(w.bad)
			}
		})
	})
}

func (w *world) becomeOwner() []byte {
	code, err := w.hub.hub.FirstOwnerCode(w.ctx)
	w.must(err)
	call := w.byOwner()
	call.Access = hub.Access{Kind: hub.AnyoneAccess, Effect: true}
	got, err := w.hub.hub.Login(w.ctx, call, hub.LoginRequest{Code: secretOf(code), UserName: "alice"})
	w.must(err)
	return hub.HashToken(got.Token.Reveal())
}

func secretOf(code string) string {
	i, err := keyshift.ParseInvitation(code)
	if err != nil {
		return ""
	}
	return i.SecretText()
}

// hire adds users, accounts, grants and desks.
func (w *world) hire() {
	h := w.hub.hub
	for _, user := range []string{"dana", "lee", "kim"} {
		_, err := h.AddUser(w.ctx, w.byOwner(), user, "", nil)
		w.must(err)
	}
	founded.accounts = map[string]string{}
	for _, a := range accounts {
		network, handle, _ := strings.Cut(a.name, "/")
		added, err := h.AddAccount(w.ctx, w.byOwner(), keyshift.Network(network), handle, a.settings)
		w.must(err)
		founded.accounts[a.name] = string(added.Account.ID)
		if network == "x" {
			w.must(w.setCredential(a.name, 1))
		}
		for _, user := range []string{"dana", "lee", "kim"} {
			_, err := h.AddGrant(w.ctx, w.byOwner(), a.name, user, "")
			w.must(err)
		}
	}
	for _, p := range people {
		w.enroll(p.desk, p.user)
	}
}

func (w *world) setCredential(account string, version int) error {
	credential := keyshift.Credential{Login: "acme", Password: keyshift.NewSecret(password + "-" + string(rune('0'+version%10)))}
	_, err := w.hub.hub.SetCredential(w.ctx, w.byOwner(), account, credential, keyshift.NewSecret(codeSeed))
	return err
}

func (w *world) enroll(name, user string) {
	d := w.addDesk(name, user)
	code, err := w.hub.hub.CreateCode(w.ctx, w.byOwner(), user, keyshift.EnrollmentCode)
	w.must(err)
	d.start()
	got, err := d.run.agent.Enroll(w.ctx, code.Code, name)
	w.must(err)
	d.kill()
	saved := savedDesk{name: name, user: user, id: got.GetDeviceId(), disk: d.disk.clone(), ring: map[string][]byte{}}
	for _, key := range d.ring.Keys() {
		value, err := d.ring.Get(w.ctx, key)
		w.must(err)
		saved.ring[key] = bytes.Clone(value)
	}
	founded.desks = append(founded.desks, saved)
}

// byOwner is a fresh call of the owner.
func (w *world) byOwner() hub.Call {
	return hub.Call{
		Access: hub.Access{Kind: hub.UserAccess, Effect: true}, Procedure: "simulated", RequestID: string(keyshift.NewID(time.Now(), w.random)),
		TokenHash: founded.owner,
	}
}
