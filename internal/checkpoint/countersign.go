package checkpoint

import (
	"crypto"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// ErrCountersignature: the device's key did not countersign this checkpoint.
var ErrCountersignature = errors.New("checkpoint is not countersigned by the device's key")

// countersignatureSize is a moment in seconds and an Ed25519 signature.
const countersignatureSize = 8 + ed25519.SignatureSize

// CountersignText is what a device signs to witness a head: two lines that keep it apart from everything else that the
// key signs, and the checkpoint's text (C2SP tlog-cosignature, cosignature/v1).
func CountersignText(h Head, at time.Time) []byte {
	return countersignText(h, uint64(max(at.Unix(), 0)))
}

func countersignText(h Head, seconds uint64) []byte {
	return []byte("cosignature/v1\ntime " + strconv.FormatUint(seconds, 10) + "\n" + h.Text())
}

// Countersign is a device's word that it has seen the head, that it continues all heads which the device has seen before,
// and when by its clock. The 72 bytes are a timestamped_signature of C2SP tlog-cosignature. It fails with ErrKey if key
// is not an Ed25519 key.
func Countersign(h Head, key crypto.Signer, at time.Time) ([]byte, error) {
	if _, err := publicOf(key); err != nil {
		return nil, fmt.Errorf("countersign checkpoint: %w", err)
	}
	sig, err := signBytes(key, CountersignText(h, at))
	if err != nil {
		return nil, fmt.Errorf("countersign checkpoint: %w", err)
	}
	return append(binary.BigEndian.AppendUint64(nil, uint64(max(at.Unix(), 0))), sig...), nil
}

// VerifyCountersignature checks a device's countersignature of a head and gives the moment that the device put into it,
// which is no better than the device's clock. ErrCountersignature if it does not fit, ErrKey if pub is no key.
func VerifyCountersignature(h Head, pub ed25519.PublicKey, countersignature []byte) (time.Time, error) {
	if len(pub) != ed25519.PublicKeySize {
		return time.Time{}, fmt.Errorf("check countersignature: %w", ErrKey)
	}
	if len(countersignature) != countersignatureSize {
		return time.Time{}, fmt.Errorf("check countersignature of %d bytes: %w", len(countersignature), ErrCountersignature)
	}
	seconds := binary.BigEndian.Uint64(countersignature)
	if seconds > math.MaxInt64 || !ed25519.Verify(pub, countersignText(h, seconds), countersignature[8:]) {
		return time.Time{}, fmt.Errorf("check countersignature: %w", ErrCountersignature)
	}
	return time.Unix(int64(seconds), 0), nil
}
