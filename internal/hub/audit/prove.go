package audit

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// ProveConsistency proves that the tree of the new size begins with the tree of the old size (RFC 6962, 2.1.2). The proof
// is empty when the sizes are equal or the old one is 0. Both must be within the stored tree, and old not above new.
// package checkpoint verifies it.
func ProveConsistency(r TreeReader, oldSize, newSize int64) ([][]byte, error) {
	if oldSize == 0 && newSize >= 0 {
		return nil, nil
	}
	proof, err := tlog.ProveTree(newSize, oldSize, storedTree{r})
	if err != nil {
		return nil, fmt.Errorf("prove tree of %d from %d events: %w", newSize, oldSize, err)
	}
	return toBytes(proof), nil
}

// ProveInclusion proves that the tree of a size holds the event at an index (RFC 6962, 2.1.1).
func ProveInclusion(r TreeReader, size, index int64) ([][]byte, error) {
	proof, err := tlog.ProveRecord(size, index, storedTree{r})
	if err != nil {
		return nil, fmt.Errorf("prove event %d of %d: %w", index, size, err)
	}
	return toBytes(proof), nil
}
