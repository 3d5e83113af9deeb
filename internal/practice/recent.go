package practice

import (
	"crypto/rand"
	"sync"
)

// recent keeps a limited number of things by an id; the oldest makes room.
type recent[T any] struct {
	limit int

	mu    sync.Mutex
	byID  map[string]T
	order []string // oldest first
}

func newRecent[T any](limit int) *recent[T] { return &recent[T]{limit: limit, byID: map[string]T{}} }

// add keeps a thing under a new id that nobody can guess.
func (r *recent[T]) add(v T) string {
	id := rand.Text()
	r.put(id, v)
	return id
}

func (r *recent[T]) put(id string, v T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(id, v)
}

func (r *recent[T]) keep(id string, v T) {
	if _, known := r.byID[id]; !known {
		r.order = append(r.order, id)
	}
	r.byID[id] = v
	for len(r.byID) > r.limit {
		delete(r.byID, r.order[0])
		r.order = r.order[1:]
	}
}

func (r *recent[T]) get(id string) (T, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.byID[id]
	return v, ok
}

func (r *recent[T]) drop(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.byID[id]; !known {
		return
	}
	delete(r.byID, id)
	for i, o := range r.order {
		if o == id {
			r.order = append(r.order[:i], r.order[i+1:]...)
			return
		}
	}
}
