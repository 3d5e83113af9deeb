// Package osringtest gives tests a keyring.
//
// There are three, from fast to real. Fake keeps items in memory under the real
// limits, time limit and verification of osring, and can be told to lock, hang
// or lie; it needs no OS and works in a testing/synctest bubble.
// MockSecretService is an org.freedesktop.secrets on a D-Bus session bus, for
// go-keyring and whole programs, with prompts that are dismissed or never
// answered and items that somebody planted. Session starts a private session
// bus with its own home, and on demand a real gnome-keyring-daemon in it:
//
//	s := osringtest.StartSession(t)
//	s.StartGnomeKeyring(t, "a login password") // or: mock := s.StartMock(t)
//	s.Setenv(t)                                // or: cmd.Env = append(cmd.Env, s.Env()...)
//
// A Session needs dbus-daemon, and the real keyring gnome-keyring-daemon.
package osringtest

import (
	"maps"
	"slices"
	"sync"

	"github.com/keyshift-hq/keyshift/internal/osring"
)

// Fake is an osring.OS on a store in memory. Its Limit, Get, Set, Delete and
// Probe are those of osring.OS. Safe for concurrent use; make it with NewFake.
type Fake struct {
	*osring.OS
	store *store
}

// NewFake returns an empty keyring that works.
func NewFake() *Fake {
	s := &store{items: map[string][]entry{}}
	return &Fake{OS: osring.NewWith("", s), store: s}
}

// FailWith makes every later call fail with err, one of osring's errors such as
// osring.ErrLocked. Nil makes them work again.
func (f *Fake) FailWith(err error) { f.store.change(func(s *store) { s.fail = err }) }

// LieOnDelete says whether deleting reports success and leaves the item, as a
// provider does whose prompt is dismissed.
func (f *Fake) LieOnDelete(lie bool) { f.store.change(func(s *store) { s.keepDeleted = lie }) }

// LieOnSet says whether storing reports success and stores nothing.
func (f *Fake) LieOnSet(lie bool) { f.store.change(func(s *store) { s.dropStored = lie }) }

// Hang makes every later call hang until Release. In a synctest bubble, Release
// before the bubble ends.
func (f *Fake) Hang() {
	f.store.change(func(s *store) {
		if s.hang == nil {
			s.hang = make(chan struct{})
		}
	})
}

// Release lets the calls that hang go on, and later ones work. Without a Hang
// before it, it does nothing.
func (f *Fake) Release() {
	f.store.change(func(s *store) {
		if s.hang != nil {
			close(s.hang)
			s.hang = nil
		}
	})
}

// Plant adds a foreign item under key, in front of ours: text is what the
// keyring holds, so base64 if it should pass for ours.
func (f *Fake) Plant(key, text string) {
	f.store.change(func(s *store) {
		s.items[key] = slices.Insert(s.items[key], 0, entry{text, true})
	})
}

// Keys returns the keys that have an item, in order.
func (f *Fake) Keys() (keys []string) {
	f.store.change(func(s *store) { keys = slices.Sorted(maps.Keys(s.items)) })
	return keys
}

// Texts returns the raw texts of the items under key, the first match first.
func (f *Fake) Texts(key string) (texts []string) {
	f.store.change(func(s *store) {
		for _, e := range s.items[key] {
			texts = append(texts, e.text)
		}
	})
	return texts
}

type entry struct {
	text    string
	planted bool
}

// store is the backend of a Fake. It has one service, so it ignores the name.
type store struct {
	mu          sync.Mutex
	items       map[string][]entry
	hang        chan struct{}
	fail        error
	keepDeleted bool
	dropStored  bool
}

func (s *store) change(f func(*store)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// call runs f as a call of the keyring would run: after hanging, unless broken.
func (s *store) call(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.hang != nil {
		wait := s.hang
		s.mu.Unlock()
		<-wait
		s.mu.Lock()
	}
	if s.fail != nil {
		return s.fail
	}
	return f()
}

func (s *store) Get(_, key string) (text string, err error) {
	err = s.call(func() error {
		if len(s.items[key]) == 0 {
			return osring.ErrNotFound
		}
		text = s.items[key][0].text
		return nil
	})
	return text, err
}

func (s *store) Set(_, key, text string) error {
	return s.call(func() error {
		if s.dropStored {
			return nil
		}
		foreign := slices.DeleteFunc(s.items[key], func(e entry) bool { return !e.planted })
		s.items[key] = append(foreign, entry{text: text})
		return nil
	})
}

func (s *store) Delete(_, key string) error {
	return s.call(func() error {
		switch {
		case len(s.items[key]) == 0:
			return osring.ErrNotFound
		case s.keepDeleted:
			return nil
		}
		s.items[key] = s.items[key][1:]
		if len(s.items[key]) == 0 {
			delete(s.items, key)
		}
		return nil
	})
}
