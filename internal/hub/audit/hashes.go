package audit

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// errHashes marks tree hashes that were read and cannot be hashes.
var errHashes = errors.New("stored tree hashes have the wrong form")

// storedTree reads tree hashes out of the store for tlog.
type storedTree struct{ r TreeReader }

// ReadHashes implements [tlog.HashReader].
func (s storedTree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	if len(indexes) == 0 {
		return nil, nil
	}
	raw, err := s.r.TreeHashes(indexes)
	if err != nil {
		return nil, fmt.Errorf("read tree hashes: %w", err)
	}
	if len(raw) != len(indexes) {
		return nil, ErrDamaged.Because(fmt.Errorf("read %d of %d tree hashes: %w", len(raw), len(indexes), errHashes))
	}
	hashes := make([]tlog.Hash, len(raw))
	for i, b := range raw {
		if len(b) != tlog.HashSize {
			return nil, ErrDamaged.Because(fmt.Errorf("read tree hash %d of %d bytes: %w", indexes[i], len(b), errHashes))
		}
		hashes[i] = tlog.Hash(b)
	}
	return hashes, nil
}

func toBytes(hashes []tlog.Hash) [][]byte {
	raw := make([][]byte, len(hashes))
	for i := range hashes {
		raw[i] = hashes[i][:]
	}
	return raw
}
