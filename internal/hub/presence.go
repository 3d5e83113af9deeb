package hub

import (
	"sync"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// presence keeps who was in contact since the last flush: never a row write per heartbeat.
type presence struct {
	mu   sync.Mutex
	seen map[keyshift.ID]Presence
}

func newPresence() *presence { return &presence{seen: map[keyshift.ID]Presence{}} }

// saw remembers a contact. An older one never moves it back.
func (p *presence) saw(now Presence) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if before, ok := p.seen[now.DeviceID]; ok {
		if before.LastContact.After(now.LastContact) {
			now.LastContact = before.LastContact
		}
		if before.WitnessedSize > now.WitnessedSize {
			now.WitnessedSize, now.WitnessNote, now.WitnessSignature = before.WitnessedSize, before.WitnessNote, before.WitnessSignature
		}
	}
	p.seen[now.DeviceID] = now
}

// contact gives a contact that is not stored yet.
func (p *presence) contact(device keyshift.ID) (Presence, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	got, ok := p.seen[device]
	return got, ok
}

// take empties the memory for a flush.
func (p *presence) take() []Presence {
	p.mu.Lock()
	defer p.mu.Unlock()
	batch := make([]Presence, 0, len(p.seen))
	for _, one := range p.seen {
		batch = append(batch, one)
	}
	clear(p.seen)
	return batch
}

// giveBack returns a batch that could not be stored.
func (p *presence) giveBack(batch []Presence) {
	for _, one := range batch {
		p.saw(one)
	}
}

// withContact puts the newest known contact into a view.
func (h *Hub) withContact(view LeaseView, err error) (LeaseView, error) {
	if got, ok := h.presence.contact(view.DeviceID); err == nil && ok && got.LastContact.After(view.LastContact) {
		view.LastContact = got.LastContact
	}
	return view, err
}
