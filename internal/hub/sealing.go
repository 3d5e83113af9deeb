package hub

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// sealing is a seal under way. It ends by itself.
type sealing struct {
	done   chan struct{}
	sealed []byte
	err    error
}

// forget wipes what was opened.
func (g *granted) forget() {
	if g.beside != nil {
		<-g.beside.done
	}
	g.credential.wipe()
}

// sealBeside begins to seal before the lease is durable: the processor would only wait for the disk meanwhile. Nobody gets the
// seal before that. One at a time, because many would take the processor from those who wait for the commit.
func (h *Hub) sealBeside(g *granted) {
	if g.credential.plain == nil || !h.sealingBeside.TryLock() {
		return
	}
	s, plain, view, public := &sealing{done: make(chan struct{})}, g.credential.plain, g.view, g.sealingKey
	g.beside = s
	go func() {
		defer close(s.done)
		defer h.sealingBeside.Unlock()
		defer func() { // no request ends the hub
			if p := recover(); p != nil {
				s.err = fmt.Errorf("seal credential: panic: %v\n%s", p, debug.Stack())
			}
		}()
		s.sealed, s.err = h.seal(view, public, plain)
	}()
}

func (h *Hub) seal(view LeaseView, public, plain []byte) ([]byte, error) {
	key, err := h.sealingKey(view.DeviceID, public)
	if err != nil {
		return nil, err
	}
	return key.Seal(h.sealContext(view.Lease, seal.PurposeCredential, view.EndsAt), plain)
}

func (h *Hub) sealContext(l keyshift.Lease, purpose seal.Purpose, until time.Time) seal.Context {
	c := seal.Context{Purpose: purpose, HubID: string(h.row.ID), DeviceID: string(l.DeviceID), LeaseID: string(l.ID), AccountID: string(l.AccountID),
		EndsAtMicros: until.UnixMicro()}
	if purpose == seal.PurposeCredential {
		c.Epoch = uint64(l.Epoch) //nolint:gosec // epochs start at 1
	}
	return c
}
