package audit

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// frontier is a tree reduced to what appending needs: the roots of its full subtrees, largest first, one for each bit
// that is set in the size. The zero value is the empty tree.
//
// tlog asks a tree of n events for its last full subtrees only: for all of them to compute the root, for as many as the
// next event completes to append. So the answer to whatever it asks is the tail of nodes.
type frontier struct {
	size  int64
	nodes []tlog.Hash
}

// loadFrontier reads the frontier of a stored tree at a size, and gives the root that it makes.
func loadFrontier(size int64, stored tlog.HashReader) (frontier, tlog.Hash, error) {
	f := frontier{size: size}
	root, err := tlog.TreeHash(size, tlog.HashReaderFunc(func(indexes []int64) (hashes []tlog.Hash, err error) {
		f.nodes, err = stored.ReadHashes(indexes)
		return f.nodes, err
	}))
	if err != nil {
		return frontier{}, tlog.Hash{}, fmt.Errorf("read tree of %d events: %w", size, err)
	}
	return f, root, nil
}

// ReadHashes implements [tlog.HashReader] for the two questions above.
func (f *frontier) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	if len(indexes) > len(f.nodes) {
		return nil, fmt.Errorf("read %d of %d subtrees", len(indexes), len(f.nodes))
	}
	return f.nodes[len(f.nodes)-len(indexes):], nil
}

// add appends a record hash and gives the hashes to store, the first at tlog.StoredHashIndex(0, size before).
func (f *frontier) add(record tlog.Hash) []tlog.Hash {
	added, err := tlog.StoredHashesForRecordHash(f.size, record, f)
	if err != nil {
		panic("audit: append to tree: " + err.Error()) // it reads nothing but f
	}
	completed := len(added) - 1
	f.nodes = append(f.nodes[:len(f.nodes)-completed], added[completed])
	f.size++
	return added
}

// root is the root over all that was added.
func (f *frontier) root() tlog.Hash {
	root, err := tlog.TreeHash(f.size, f)
	if err != nil {
		panic("audit: hash tree: " + err.Error()) // it reads nothing but f
	}
	return root
}
