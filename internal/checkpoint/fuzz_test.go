package checkpoint

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// FuzzFollow looks for a note and a proof by which a device follows to something that its hub never signed, or away from
// what it has seen. The hub of this test has also signed a log in which event 3 is another one.
func FuzzFollow(f *testing.F) {
	key := testKey("hub")
	honest, forged := newLog(f, 12, 12), newLog(f, 12, 3)
	seen := heads(honest)
	signed := map[Head]bool{}
	note := func(l *testLog, size int64) string {
		h := l.head(size)
		signed[h] = true
		return mustSign(f, h, key)
	}
	kept := note(honest, 5)
	notes := []string{"", note(honest, 0), note(honest, 4), note(honest, 12), note(forged, 5), note(forged, 12)}
	for _, offered := range notes {
		f.Add(offered, join(honest.consistency(5, 12)))
		f.Add(offered, join(forged.consistency(5, 12)))
		f.Add(offered, []byte{})
	}
	f.Add(kept, []byte{})
	f.Fuzz(func(t *testing.T, offered string, proof []byte) {
		h, err := Follow(kept, offered, split(proof), testHub, publicKey(key))
		if err != nil {
			if h != (Head{}) {
				t.Fatalf("refused with head %v", h)
			}
			return
		}
		if !signed[h] || h.Size < 5 || h != seen[h.Size] || !strings.HasPrefix(offered, h.Text()) {
			t.Fatalf("followed to %v", h)
		}
	})
}

// FuzzVerifyConsistency looks for a proof that shows one log to continue another which it does not, and for sizes from
// which the check does not come back.
func FuzzVerifyConsistency(f *testing.F) {
	honest, forged := newLog(f, 12, 12), newLog(f, 12, 3)
	f.Add(int64(5), int64(12), false, join(honest.consistency(5, 12)))
	f.Add(int64(5), int64(12), true, join(forged.consistency(5, 12)))
	f.Add(int64(3), int64(12), true, join(forged.consistency(3, 12)))
	f.Add(int64(0), int64(12), true, []byte{})
	f.Add(int64(-1), int64(1)<<62, false, []byte{1})
	f.Add(int64(7), int64(1)<<60, false, join(honest.consistency(5, 12)))
	logs := map[bool][]Head{false: heads(honest), true: heads(forged)}
	f.Fuzz(func(t *testing.T, oldSize, size int64, other bool, proof []byte) {
		old, next := headAt(logs[false], oldSize), headAt(logs[other], size)
		err := VerifyConsistency(old, next, split(proof))
		if err != nil {
			if !errors.Is(err, ErrRewritten) && !errors.Is(err, ErrShrunk) && !errors.Is(err, ErrMalformed) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		if size > 12 && oldSize != size && oldSize != 0 {
			t.Fatalf("sizes %d and %d with made-up roots were accepted", oldSize, size)
		}
		if other && min(oldSize, size) > 3 && size <= 12 { // behind that both are the same made-up head
			t.Fatalf("a log with another event 3 continues %d events", oldSize)
		}
	})
}

// heads are those of a log at each size.
func heads(l *testLog) (list []Head) {
	for size := range l.size + 1 {
		list = append(list, l.head(size))
	}
	return list
}

// headAt is the head of a size, with a made-up root where the log does not have it.
func headAt(list []Head, size int64) Head {
	if 0 <= size && size < int64(len(list)) {
		return list[size]
	}
	return Head{HubID: testHub, Size: size}
}

func join(proof [][]byte) (b []byte) {
	for _, hash := range proof {
		b = append(b, hash...)
	}
	return b
}

// split cuts bytes into hashes; the last may be short.
func split(b []byte) (proof [][]byte) {
	for len(b) > tlog.HashSize {
		proof, b = append(proof, b[:tlog.HashSize]), b[tlog.HashSize:]
	}
	if len(b) > 0 {
		proof = append(proof, b)
	}
	return proof
}
