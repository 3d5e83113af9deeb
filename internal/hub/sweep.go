package hub

import (
	"context"
	"errors"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// Times of the hub's own work.
const (
	flushEvery  = 30 * time.Second
	sweepAtMost = 30 * time.Second
	pruneEvery  = time.Hour
	// rememberFor is how long repeated requests are recognized and used codes kept.
	rememberFor = 30 * 24 * time.Hour
)

// Run does the hub's own work until ctx ends: it writes down that leases expired, marks rotation where a removal stays
// unconfirmed, stores contacts, and forgets old requests. Several replicas may do it at once: each step is one
// statement on what is due.
func (h *Hub) Run(ctx context.Context) error {
	sweep, flush, prune := time.NewTimer(0), time.NewTicker(flushEvery), time.NewTicker(pruneEvery)
	defer sweep.Stop()
	defer flush.Stop()
	defer prune.Stop()
	for {
		select {
		case <-ctx.Done():
			return h.FlushPresence(context.WithoutCancel(ctx))
		case <-sweep.C:
			h.note("sweep leases", h.Sweep(ctx))
			sweep.Reset(h.untilDue(ctx))
		case <-flush.C:
			h.note("store contacts", h.FlushPresence(ctx))
			h.note("read hub state", h.refreshState(ctx))
		case <-prune.C:
			h.note("prune", h.Store.Write(ctx, Ordinary, func(tx Tx) error { return tx.Prune(tx.Now().Add(-rememberFor)) }))
		}
	}
}

// note logs what went wrong in work that nobody waits for; it is done again at its next turn.
func (h *Hub) note(work string, err error) {
	if err != nil {
		h.Log.Error("own work failed", "work", work, "error", err)
	}
}

// Sweep writes down what ended by time.
func (h *Hub) Sweep(ctx context.Context) error {
	changed := false
	err := h.Store.Write(ctx, Ordinary, func(tx Tx) error {
		batch := tx.NewID()
		expired, err := tx.ExpireDue(batch)
		if err != nil {
			return err
		}
		if _, err := tx.MarkUnconfirmed(); err != nil {
			return err
		}
		if changed = expired > 0; !changed {
			return nil
		}
		return tx.Notify(TopicBatch, string(batch))
	})
	if err == nil && changed {
		h.Tree.Poke()
	}
	return err
}

// untilDue is how long to sleep until a lease ends by time.
func (h *Hub) untilDue(ctx context.Context) time.Duration {
	due, err := h.Store.Read(ctx).NextDue()
	if err != nil || due.IsZero() {
		return sweepAtMost
	}
	return min(max(due.Sub(h.Now())+50*time.Millisecond, 100*time.Millisecond), sweepAtMost)
}

// FlushPresence stores the contacts that are only in memory.
func (h *Hub) FlushPresence(ctx context.Context) error {
	batch := h.presence.take()
	if len(batch) == 0 {
		return nil
	}
	err := h.Store.Write(ctx, Ordinary, func(tx Tx) error { return tx.SavePresence(batch) })
	if err != nil {
		h.presence.giveBack(batch)
	}
	return err
}

// refreshState reads whether another replica detected or ended a rollback.
func (h *Hub) refreshState(ctx context.Context) error {
	h.looking.Lock()
	defer h.looking.Unlock()
	row, err := h.Store.Read(ctx).Hub()
	if err == nil {
		h.noteState(row)
	}
	return err
}

// noteState mirrors the acceptance first: until then, what was accepted must not be found anew.
func (h *Hub) noteState(row HubRow) {
	h.rollbackAccepted.Store(row.RollbackAcceptedAt.UnixMicro())
	h.rollback.Store(row.State == RollbackDetected)
}

// Rewrap seals everything anew under the primary version of the key-encryption key, a batch at a time, so that older
// versions can be dropped. It gives how many credentials it touched.
func (h *Hub) Rewrap(ctx context.Context) (int, error) {
	total, after := 0, keyshift.ID("")
	for {
		batch, err := h.Store.Read(ctx).CredentialsAfter(after, 100)
		if err != nil || len(batch) == 0 {
			if err == nil {
				err = h.rewrapOwn(ctx)
			}
			return total, err
		}
		if err := h.rewrapBatch(ctx, batch); err != nil {
			return total, err
		}
		total, after = total+len(batch), batch[len(batch)-1].AccountID
	}
}

func (h *Hub) rewrapBatch(ctx context.Context, batch []SealedCredential) error {
	for i := range batch {
		c := &batch[i]
		var err error
		if c.Sealed, c.KEKVersion, err = h.reseal(h.placeCredential(c.AccountID), c.Sealed); err != nil {
			return err
		}
		if len(c.Seed) > 0 {
			if c.Seed, _, err = h.reseal(h.placeSeed(c.AccountID), c.Seed); err != nil {
				return err
			}
		}
	}
	return h.Store.Write(ctx, Ordinary, func(tx Tx) error {
		for _, c := range batch {
			if err := tx.ReplaceSealed(c); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h *Hub) reseal(place seal.Place, sealed []byte) ([]byte, uint32, error) {
	plain, err := h.Vault.Open(place, sealed)
	if err != nil {
		return nil, 0, err
	}
	defer seal.Wipe(plain)
	return h.Vault.Seal(place, plain)
}

// rewrapOwn seals the hub's own keys and the key check anew.
func (h *Hub) rewrapOwn(ctx context.Context) error {
	check, version, err := h.Vault.Seal(placeKEK(h.row.ID), kekCheckText)
	if err != nil {
		return err
	}
	return h.Store.Write(ctx, Closing, func(tx Tx) error {
		row, err := tx.Hub()
		if err != nil {
			return err
		}
		if row.SigningSealed, _, err = h.reseal(placeSigning(row.ID), row.SigningSealed); err != nil {
			return err
		}
		if len(row.TLSKeySealed) > 0 {
			if row.TLSKeySealed, _, err = h.reseal(placeTLS(row.ID), row.TLSKeySealed); err != nil {
				return err
			}
		}
		return errors.Join(tx.SaveHub(row), tx.SaveKEKCheck(version, check), tx.DropKEKChecksExcept(version), tx.Append(keyshift.AuditEvent{
			Action: keyshift.ActKeyRotated, ActorKind: keyshift.ActorHub, ActorID: row.ID,
		}))
	})
}
