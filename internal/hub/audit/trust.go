package audit

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"slices"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Trust is what a verification relies on. With the zero Trust a log is only checked against itself: whoever holds it may
// have made all of it, key included.
type Trust struct {
	// HubID is the hub whose log it has to be; "" takes the one that the log names.
	HubID keyshift.ID
	// PublicKey is the hub's Ed25519 key; empty takes the one that comes with the log.
	PublicKey ed25519.PublicKey
	// Witness are signed notes of the hub as devices keep them. The log has to continue each.
	Witness []string
}

// start begins a walk over a log that says to be of a hub and key.
func (t Trust) start(hubID keyshift.ID, key ed25519.PublicKey) (*walk, error) {
	w := &walk{key: key, report: Report{HubID: hubID}}
	var err error
	if w.report.Key, err = checkpoint.VerifierKey(string(hubID), key); err != nil {
		return w, outside(ErrTrust, "The log comes with a public key of %d bytes, which is none.", len(key))
	}
	if t.HubID != "" && t.HubID != hubID {
		return w, outside(ErrTrust, "It is the log of the hub %s, not of the trusted hub %s.", keyshift.CleanText(string(hubID), 60), t.HubID)
	}
	if w.report.KeyTrusted = bytes.Equal(t.PublicKey, key); len(t.PublicKey) > 0 && !w.report.KeyTrusted {
		return w, outside(ErrTrust, "It comes with another public key than the trusted one.")
	}
	return w, w.takeWitnesses(t.Witness)
}

// takeWitnesses opens the devices' notes, smallest first.
func (w *walk) takeWitnesses(notes []string) error {
	for i, note := range notes {
		head, err := checkpoint.Open(note, string(w.report.HubID), w.key)
		if err != nil {
			return outside(ErrTrust, "The device's checkpoint number %d is not signed by this hub and key.", i+1)
		}
		w.witnesses = append(w.witnesses, head)
	}
	slices.SortFunc(w.witnesses, func(a, b checkpoint.Head) int { return cmp.Compare(a.Size, b.Size) })
	return nil
}
