package bench

import (
	"context"
	"fmt"
	"log"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
)

// The rows that an audit log in a tree takes, and what is left of wake-ups.
const (
	floorPlace      = `UPDATE audit_events SET leaf_index = $2 WHERE id = $1`
	floorHash       = `INSERT INTO audit_hashes (position, hash) VALUES ($1, $2)`
	floorCheckpoint = `INSERT INTO checkpoints (size, note, at) VALUES ($1, $2, $3)`
	floorTold       = `DELETE FROM outbox WHERE at < $1`
)

// floorGather is how long events wait to be put into the tree together, as long as those of the product.
const floorGather = 250 * time.Millisecond

// floorTree is the tree over the events of the floor, all of it in memory too.
type floorTree struct {
	waiting []floorLeaf
	hashes  storedHashes
	size    int64
}

// floorLeaf is an event that was committed and is not in the tree.
type floorLeaf struct {
	event any
	hash  tlog.Hash
}

// take notes the events among statements that were committed.
func (t *floorTree) take(statements []floorStatement) {
	for _, st := range statements {
		if st.text == floorEvent {
			t.waiting = append(t.waiting, floorLeaf{st.values[0], tlog.RecordHash(fmt.Append(nil, st.values...))})
		}
	}
}

// place puts what waits into the tree and signs its head, in a transaction of its own.
func (f *floor) place() {
	if len(f.tree.waiting) == 0 {
		return
	}
	statements, err := f.tree.grow()
	if err == nil {
		var last []floorStatement
		if last, err = f.seal(); err == nil {
			err = f.db.write(context.Background(), append(statements, last...))
		}
	}
	if err != nil {
		log.Panicf("place events of the floor: %v", err)
	}
	f.commits.Add(1)
}

func (t *floorTree) grow() (statements []floorStatement, err error) {
	for _, leaf := range t.waiting {
		added, err := tlog.StoredHashesForRecordHash(t.size, leaf.hash, t.hashes)
		if err != nil {
			return nil, err
		}
		statements = append(statements, floorStatement{floorPlace, []any{leaf.event, t.size}})
		for _, hash := range added {
			statements = append(statements, floorStatement{floorHash, []any{int64(len(t.hashes)), hash[:]}})
			t.hashes = append(t.hashes, hash)
		}
		t.size++
	}
	t.waiting = t.waiting[:0]
	return statements, nil
}

func (f *floor) seal() ([]floorStatement, error) {
	root, err := tlog.TreeHash(f.tree.size, f.tree.hashes)
	if err != nil {
		return nil, err
	}
	note, err := checkpoint.Sign(checkpoint.Head{HubID: f.account, Size: f.tree.size, Root: root}, f.signing)
	now := time.Now()
	return []floorStatement{
		{floorCheckpoint, []any{f.tree.size, note, now.UnixMicro()}},
		{floorTold, []any{now.Add(-time.Second).UnixMicro()}},
	}, err
}
