package simulation

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/audit"
	"github.com/keyshift-hq/keyshift/internal/hub/rpc"
	"github.com/keyshift-hq/keyshift/internal/hub/store"
	"github.com/keyshift-hq/keyshift/internal/kek"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// server is the hub's computer: its disk, its clock, and the hub that runs on it.
type server struct {
	w     *world
	dir   string
	runs  int
	clock time.Duration // how far its clock is from the true time

	up    bool
	fuse  fuse
	store *store.Store
	hub   *hub.Hub
	tree  *audit.Sequencer
	api   *rpc.Server
	next  time.Time // when it does its own work

	full  bool // the storage takes nothing new
	keyed bool // the key-encryption key can be used
	rows  []hub.OutboxRow
}

func (s *server) now() time.Time { return time.Now().Add(s.clock) }

func (s *server) data() string {
	return filepath.Join(s.dir, "run", string(rune('a'+s.runs%26)), "hub.db")
}

func (s *server) key() string { return filepath.Join(s.dir, "key", "kek.json") }

// start opens the hub on what is on the disk.
func (s *server) start(ctx context.Context, name string) error {
	var err error
	s.store, err = store.Open(ctx, store.Options{
		Database: s.data(), Migrate: true, Clock: s.now, Random: s.w.random, OnCommit: func(rows []hub.OutboxRow) { s.rows = append(s.rows, rows...) },
	})
	if err != nil {
		return err
	}
	s.fuse, s.full, s.keyed, s.rows, s.w.ledger.commits = fuse{}, false, true, nil, -1 // it counts anew
	vault, err := hub.OpenVault(s.key(), filepath.Dir(s.data()))
	if err != nil {
		return err
	}
	s.tree = audit.NewSequencer(fusedStore{s.store, s}, nil)
	s.hub, err = hub.Open(ctx, hub.Options{
		Store: fusedStore{s.store, s}, Vault: locked{vault, s}, Tree: s.tree, Clock: s.now, Random: s.w.random, PublicURL: "https://hub.example",
		Limits: hub.Limits{CheckOutsPerMinute: 1e6, UsesPerMinute: 1e6, CodeTriesPerMinute: 1e6},
	}, name)
	if err != nil {
		return err
	}
	s.tree.Use(s.hub.ID(), s.hub.SigningKey())
	s.api, err = rpc.New(rpc.Options{Hub: s.hub})
	s.up, s.next = true, time.Now()
	return err
}

// crash ends the hub as kill -9 does: what is in the files stays, the rest is gone.
func (s *server) crash() {
	if !s.up {
		return
	}
	s.up, s.fuse.dead = false, true
	for _, d := range s.w.desks {
		d.deaf()
	}
	before := s.data()
	s.runs++
	s.w.must(os.MkdirAll(filepath.Dir(s.data()), 0o700))
	for _, part := range []string{"", "-wal"} {
		s.w.must(copyFile(before+part, s.data()+part))
	}
	s.w.must(s.store.Close())
	s.w.must(os.RemoveAll(filepath.Dir(before)))
}

// copyFile copies what is there; nothing is fine too.
func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}

// stop ends the hub for good.
func (s *server) stop() error {
	if !s.up {
		return nil
	}
	s.up = false
	return s.store.Close()
}

// serve answers one request; nil when the hub is not there, or dies meanwhile.
func (s *server) serve(req *http.Request) *http.Response {
	if !s.up {
		return nil
	}
	answer := httptest.NewRecorder()
	s.api.ServeHTTP(answer, req)
	s.w.look()
	if s.dies() {
		return nil
	}
	return answer.Result()
}

// dies ends a hub whose fuse is blown.
func (s *server) dies() bool {
	if s.up && s.fuse.dead {
		s.w.say("the hub died")
		s.crash()
	}
	return !s.up
}

// work does what the hub's own loops would do by now: expire leases, place audit events, store contacts, tell wake-ups.
func (s *server) work(ctx context.Context) {
	s.next = time.Now().Add(between(s.w.dice, 5*time.Second, 30*time.Second))
	for _, job := range []func() error{
		func() error { return s.hub.Sweep(ctx) },
		func() error { _, err := s.tree.Sequence(ctx); return err },
		func() error { return s.hub.FlushPresence(ctx) },
		func() error { return s.tellAgain(ctx) },
	} {
		if err := job(); err != nil && !s.fuse.dead && !s.full {
			s.w.violated("the hub's own work failed: %v", err)
		}
		s.w.look()
		if s.dies() {
			return
		}
	}
}

// tell wakes who was told to be woken.
func (s *server) tell() {
	rows := s.rows
	s.rows = nil
	for _, row := range rows {
		s.hub.Broker().Wake(row.Topic, row.Ref)
	}
}

// tellAgain tells what is still in the outbox and removes it.
func (s *server) tellAgain(ctx context.Context) error {
	rows, err := s.store.Read(ctx).OutboxBefore(s.now(), 100)
	if err != nil || len(rows) == 0 {
		return err
	}
	var ids []string
	for _, row := range rows {
		s.hub.Broker().Wake(row.Topic, row.Ref)
		ids = append(ids, row.ID)
	}
	return fusedStore{s.store, s}.Write(ctx, hub.Releasing, func(tx hub.Tx) error { return tx.RemoveOutbox(ids) })
}

// fusedStore is the store of a hub that may die before, in, or after each transaction.
type fusedStore struct {
	*store.Store
	server *server
}

var errFull = keyshift.Refuse(keyshift.CodeStorageFull, "The storage is full.", "Make room.")

func (s fusedStore) Write(ctx context.Context, kind hub.WriteKind, fn func(hub.Tx) error, ahead ...hub.Ahead) error {
	if s.server.full && kind != hub.Closing && kind != hub.Releasing {
		return errFull
	}
	if err := s.server.fuse.step(); err != nil {
		return err
	}
	err := s.Store.Write(ctx, kind, func(tx hub.Tx) error {
		err := fn(tx)
		if dead := s.server.fuse.step(); dead != nil {
			return dead
		}
		return err
	}, ahead...)
	if dead := s.server.fuse.step(); dead != nil {
		return dead
	}
	return err
}

// locked is a vault whose key may be out of reach.
type locked struct {
	hub.Vault
	server *server
}

var errNoKEK = errors.New("the key-encryption key is out of reach")

func (l locked) Open(place kek.Place, sealed []byte) ([]byte, error) {
	if !l.server.keyed {
		return nil, errNoKEK
	}
	return l.Vault.Open(place, sealed)
}
