package checkpoint

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

const testHub = "0193c2a0-7c00-7abc-8def-0123456789ab"

func testKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func publicKey(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// testLog is a log kept the plain way: every stored hash in one slice.
type testLog struct {
	t      testing.TB
	size   int64
	hashes []tlog.Hash
}

func (l *testLog) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	got := make([]tlog.Hash, len(indexes))
	for i, n := range indexes {
		got[i] = l.hashes[n]
	}
	return got, nil
}

func (l *testLog) add(leaf []byte) {
	l.t.Helper()
	added, err := tlog.StoredHashes(l.size, leaf, l)
	if err != nil {
		l.t.Fatal(err)
	}
	l.hashes = append(l.hashes, added...)
	l.size++
}

func (l *testLog) head(size int64) Head {
	l.t.Helper()
	root, err := tlog.TreeHash(size, l)
	if err != nil {
		l.t.Fatal(err)
	}
	return Head{testHub, size, root}
}

func (l *testLog) consistency(old, size int64) [][]byte {
	l.t.Helper()
	if old == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(size, old, l)
	if err != nil {
		l.t.Fatal(err)
	}
	return toBytes(proof)
}

func toBytes(hashes []tlog.Hash) [][]byte {
	var b [][]byte
	for _, h := range hashes {
		b = append(b, h[:])
	}
	return b
}

// newLog has events "event 0", "event 1", ...; from the index changed on, other ones.
func newLog(t testing.TB, size, changed int) *testLog {
	l := &testLog{t: t}
	for i := range size {
		leaf := fmt.Sprintf("event %d", i)
		if i >= changed {
			leaf += " as somebody would have it"
		}
		l.add([]byte(leaf))
	}
	return l
}

func mustSign(t testing.TB, h Head, key ed25519.PrivateKey) string {
	t.Helper()
	text, err := Sign(h, key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
