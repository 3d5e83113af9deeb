package hub

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/keyshift-hq/keyshift/internal/kek"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// Rewrap seals everything anew under the primary version of the key-encryption key, a batch at a time, so that older
// versions can be dropped. It gives how many credentials it touched.
func (h *Hub) Rewrap(ctx context.Context) (int, error) {
	total, after := 0, keyshift.ID("")
	for {
		batch, err := h.Store.Read(ctx).CredentialsAfter(after, 100)
		if err != nil || len(batch) == 0 {
			if err == nil {
				err = h.rewrapReports(ctx)
			}
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

// rewrapReports seals the texts of self-reports anew.
func (h *Hub) rewrapReports(ctx context.Context) error {
	for after := keyshift.ID(""); ; {
		batch, err := h.Store.Read(ctx).SealedReportsAfter(after, 100)
		if err != nil || len(batch) == 0 {
			return err
		}
		for i := range batch {
			if batch[i].Sealed, _, err = h.reseal(h.placeReport(batch[i].ID), batch[i].Sealed); err != nil {
				return err
			}
			after = batch[i].ID
		}
		err = h.Store.Write(ctx, Ordinary, func(tx Tx) error {
			for _, report := range batch {
				if err := tx.ReplaceReport(report); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

func (h *Hub) reseal(place kek.Place, sealed []byte) ([]byte, uint32, error) {
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

// OnlyPrimary reports whether everything in the database is sealed under the primary version of the key-encryption key, so
// that the older ones can be dropped. It looks at every value: a hub that goes on serving may have stored one under an
// older version after everything was sealed anew.
func (h *Hub) OnlyPrimary(ctx context.Context) (bool, error) {
	own, err := h.ownSealed(ctx)
	if err != nil || !h.allPrimary(own...) {
		return false, err
	}
	for after := keyshift.ID(""); ; {
		batch, err := h.Store.Read(ctx).CredentialsAfter(after, 100)
		if err == nil && len(batch) == 0 {
			return h.reportsPrimary(ctx)
		}
		if err != nil {
			return false, err
		}
		for _, c := range batch {
			if !h.allPrimary(c.Sealed, c.Seed) {
				return false, nil
			}
			after = c.AccountID
		}
	}
}

func (h *Hub) reportsPrimary(ctx context.Context) (bool, error) {
	for after := keyshift.ID(""); ; {
		batch, err := h.Store.Read(ctx).SealedReportsAfter(after, 100)
		if err != nil || len(batch) == 0 {
			return err == nil, err
		}
		for _, report := range batch {
			if !h.allPrimary(report.Sealed) {
				return false, nil
			}
			after = report.ID
		}
	}
}

// ownSealed gives the hub's own sealed values.
func (h *Hub) ownSealed(ctx context.Context) ([][]byte, error) {
	r := h.Store.Read(ctx)
	row, err := r.Hub()
	if err != nil {
		return nil, err
	}
	checks, err := r.KEKChecks()
	return append(slices.Collect(maps.Values(checks)), row.SigningSealed, row.TLSKeySealed), err
}

// allPrimary reports whether each value is sealed under the primary version; one that is not there counts as sealed.
func (h *Hub) allPrimary(sealed ...[]byte) bool {
	return !slices.ContainsFunc(sealed, func(value []byte) bool {
		version, err := kek.SealedVersion(value)
		return len(value) > 0 && (err != nil || version != h.Vault.Primary())
	})
}
