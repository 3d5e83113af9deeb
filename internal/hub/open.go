package hub

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/keyshift-hq/keyshift/internal/kek"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// kekCheckText is sealed under each version of the key-encryption key, so that a wrong key is known before it is used.
var kekCheckText = []byte("keyshift key-encryption key check v1")

// Open makes the hub of a store: on the first start it is created, later it is read and its key checked. The name is
// only used on the first start.
func Open(ctx context.Context, o Options, name string) (*Hub, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	h := &Hub{Options: o, broker: newBroker(), presence: newPresence(), deviceKeys: newKeys[deviceKey](maxDeviceKeys), sealingKeys: newKeys[seal.DeviceKey](maxSealingKeys), admitted: newKeys[admitted](maxAdmitted),
		limits: newLimiter(o.Limits, o.Clock)}
	h.broker.devices = func(ctx context.Context, topic string, ref keyshift.ID) ([]keyshift.ID, error) {
		if topic == TopicBatch {
			return o.Store.Read(ctx).RevokedDevices(ref)
		}
		return o.Store.Read(ctx).DevicesOf(topic, ref)
	}
	h.broker.hubChanged = h.refreshState
	row, err := o.Store.Read(ctx).Hub()
	if errors.Is(err, keyshift.ErrNotFound) {
		row, err = h.create(ctx, name)
	}
	if err != nil {
		return nil, fmt.Errorf("read hub: %w", err)
	}
	if err := h.checkKEK(ctx, row.ID); err != nil {
		return nil, err
	}
	if err := h.CompareClock(ctx); err != nil {
		return nil, fmt.Errorf("compare clock: %w", err)
	}
	return h, h.use(row)
}

func (h *Hub) use(row HubRow) error {
	seed, err := h.Vault.Open(placeSigning(row.ID), row.SigningSealed)
	if err != nil {
		return fmt.Errorf("open signing key: %w", err)
	}
	if len(seed) != ed25519.SeedSize {
		return keyshift.Refuse(keyshift.CodeIntegrityFailed, "The hub's signing key is damaged.", "Restore a backup.")
	}
	h.row, h.signing = row, ed25519.NewKeyFromSeed(seed)
	if h.codeKey, err = hkdf.Key(sha256.New, seed, nil, "keyshift codes v1", 32); err != nil {
		return fmt.Errorf("derive code key: %w", err)
	}
	h.noteState(row)
	return nil
}

func placeSigning(hub keyshift.ID) kek.Place { return ownPlace(hub, "signing_sealed") }
func placeTLS(hub keyshift.ID) kek.Place     { return ownPlace(hub, "tls_key_sealed") }
func placeKEK(hub keyshift.ID) kek.Place     { return ownPlace(hub, "kek_check") }

func ownPlace(hub keyshift.ID, column string) kek.Place {
	return kek.Place{HubID: string(hub), Table: "hub", Row: string(hub), Column: column}
}

func (h *Hub) create(ctx context.Context, name string) (HubRow, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(h.Random, seed); err != nil {
		return HubRow{}, fmt.Errorf("make signing key: %w", err)
	}
	id := keyshift.NewID(h.Now(), h.Random)
	sealed, version, err := h.Vault.Seal(placeSigning(id), seed)
	if err != nil {
		return HubRow{}, fmt.Errorf("seal signing key: %w", err)
	}
	check, _, err := h.Vault.Seal(placeKEK(id), kekCheckText)
	if err != nil {
		return HubRow{}, fmt.Errorf("seal key check: %w", err)
	}
	public, _ := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	var row HubRow
	err = h.Store.Write(ctx, Closing, func(tx Tx) error {
		var err error
		if row, err = tx.Hub(); err == nil { // another replica was faster
			return nil
		}
		row = HubRow{ID: id, Name: name, CreatedAt: tx.Now(), SigningPublic: public, SigningSealed: sealed, State: Serving}
		return errors.Join(tx.AddHub(row), tx.SaveKEKCheck(version, check), tx.Append(keyshift.AuditEvent{
			Action: keyshift.ActHubCreated, ActorKind: keyshift.ActorHub, ActorID: row.ID, Details: map[string]string{"name": name},
		}))
	})
	return row, err
}

// checkKEK proves that the key-encryption key opens what the database holds, and names the version that is missing or
// wrong.
func (h *Hub) checkKEK(ctx context.Context, id keyshift.ID) error {
	checks, err := h.Store.Read(ctx).KEKChecks()
	if err != nil {
		return fmt.Errorf("read key checks: %w", err)
	}
	for version, sealed := range checks {
		if text, err := h.Vault.Open(placeKEK(id), sealed); err != nil || !bytes.Equal(text, kekCheckText) {
			return keyshift.Refuse(keyshift.CodeIntegrityFailed,
				fmt.Sprintf("The key-encryption key does not fit the database: the database needs version %d, the key file has %v.", version, h.Vault.Versions()),
				"Give the key file that belongs to this database with --kek-file.").Because(err)
		}
	}
	return nil
}

// TLSKey gives the hub's own certificate and key as kept in the database, so that all replicas present the same one.
// Both are empty until SaveTLSKey.
func (h *Hub) TLSKey() (cert, key []byte, err error) {
	if len(h.row.TLSKeySealed) == 0 {
		return nil, nil, nil
	}
	key, err = h.Vault.Open(placeTLS(h.row.ID), h.row.TLSKeySealed)
	return h.row.TLSCert, key, err
}

// SaveTLSKey keeps the hub's own certificate (DER) and key (PKCS #8). When another replica was faster, its pair stays
// and is to be read with TLSKey.
func (h *Hub) SaveTLSKey(ctx context.Context, cert, key []byte) error {
	sealed, _, err := h.Vault.Seal(placeTLS(h.row.ID), key)
	if err != nil {
		return fmt.Errorf("seal TLS key: %w", err)
	}
	return h.Store.Write(ctx, Closing, func(tx Tx) error {
		row, err := tx.Hub()
		if err != nil {
			return err
		}
		if len(row.TLSKeySealed) == 0 {
			row.TLSCert, row.TLSKeySealed = cert, sealed
			if err := tx.SaveHub(row); err != nil {
				return err
			}
		}
		h.row = row
		return nil
	})
}

// FirstOwnerCode gives a code that makes the first owner while the hub has no user, and "" later. Each call makes a new
// code and ends the older ones.
func (h *Hub) FirstOwnerCode(ctx context.Context) (string, error) {
	secret := make([]byte, keyshift.CodeSecretSize)
	if _, err := io.ReadFull(h.Random, secret); err != nil {
		return "", fmt.Errorf("make first-owner code: %w", err)
	}
	wanted := false
	// Closing, because replicas that start together each ask for one, and no login may happen between the look and the code.
	err := h.Store.Write(ctx, Closing, func(tx Tx) error {
		users, err := tx.Users("", 1)
		if wanted = err == nil && len(users) == 0; !wanted {
			return err
		}
		if err := tx.VoidCodes(""); err != nil {
			return err
		}
		return tx.AddCode(newCode(tx, keyshift.FirstOwnerCode, "", secret, keyshift.FirstOwnerLifetime))
	})
	if err != nil || !wanted {
		return "", err
	}
	return h.invitation(keyshift.FirstOwnerCode, secret), nil
}

func newCode(tx Tx, kind keyshift.CodeKind, user keyshift.ID, secret []byte, lifetime time.Duration) CodeRow {
	hash := sha256.Sum256(secret)
	return CodeRow{ID: tx.NewID(), Hash: hash[:], Kind: kind, UserID: user, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(lifetime)}
}

func (h *Hub) invitation(kind keyshift.CodeKind, secret []byte) string {
	public, _ := h.signing.Public().(ed25519.PublicKey)
	return keyshift.Invitation{Kind: kind, HubURL: h.PublicURL, HubKey: public, TLSPin: h.TLSPin, Secret: secret}.Encode()
}
