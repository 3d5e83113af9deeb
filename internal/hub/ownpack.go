package hub

import (
	"bytes"
	"context"
	"errors"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// PublishOwn publishes the pack of a site that the hub serves itself, in its own name. It does nothing if the same was
// published before, and nothing once a user published or removed one for that site: users say how their company's sites
// look. A pack of a network, or of a host that belongs to one, is refused.
func (h *Hub) PublishOwn(ctx context.Context, p pack.Pack) error {
	host, _ := pack.SiteHost(p.Network)
	if _, err := newSite(host, p.Title, p.LoginURL); err != nil {
		return err
	}
	if h.rollback.Load() {
		return errRollback
	}
	err := h.Store.Write(ctx, Ordinary, func(tx Tx) error {
		next, due, err := dueOwn(tx, p)
		if err != nil || !due {
			return err
		}
		_, err = h.publish(tx, Caller{kind: keyshift.ActorHub, id: h.row.ID}, next, keyshift.ActPackPublished)
		return err
	})
	h.Tree.Poke()
	return err
}

// dueOwn gives a pack the version that it is published with, and tells whether that is due.
func dueOwn(r Reader, p pack.Pack) (pack.Pack, bool, error) {
	before, err := r.SitePack(p.Network)
	if errors.Is(err, keyshift.ErrNotFound) {
		return p, true, nil
	}
	if err != nil || before.PublishedBy != "" {
		return p, false, err
	}
	p.Version = before.Version
	same, err := p.Encode()
	p.Version++
	return p, !bytes.Equal(same, before.Pack), err
}
