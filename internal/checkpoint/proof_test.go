package checkpoint

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// The tree and proofs that the Certificate Transparency project tests its implementations of RFC 6962 with.
var (
	ctLeaves = []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	ctRoots  = map[int64]string{
		1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	ctConsistency = []struct {
		old, next int64
		proof     []string
	}{
		{1, 1, nil},
		{1, 8, []string{
			"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
			"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
		}},
		{6, 8, []string{
			"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
			"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
			"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		}},
	}
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func ctHead(t testing.TB, size int64) Head {
	return Head{testHub, size, tlog.Hash(unhex(t, ctRoots[size]))}
}

func TestConsistencyOfCertificateTransparency(t *testing.T) {
	for _, tt := range ctConsistency {
		var proof [][]byte
		for _, h := range tt.proof {
			proof = append(proof, unhex(t, h))
		}
		if err := VerifyConsistency(ctHead(t, tt.old), ctHead(t, tt.next), proof); err != nil {
			t.Errorf("%d to %d: %v", tt.old, tt.next, err)
		}
		slices.Reverse(proof)
		if err := VerifyConsistency(ctHead(t, tt.old), ctHead(t, tt.next), proof); len(proof) > 0 && !errors.Is(err, ErrRewritten) {
			t.Errorf("%d to %d in the wrong order: %v, want ErrRewritten", tt.old, tt.next, err)
		}
	}
}

func TestInclusionOfCertificateTransparency(t *testing.T) {
	l := &testLog{t: t}
	for _, leaf := range ctLeaves {
		l.add(unhex(t, leaf))
	}
	for i, leaf := range ctLeaves {
		p, err := tlog.ProveRecord(8, int64(i), l)
		if err != nil {
			t.Fatal(err)
		}
		if err := VerifyInclusion(ctHead(t, 8), int64(i), unhex(t, leaf), toBytes(p)); err != nil {
			t.Errorf("event %d: %v", i, err)
		}
	}
}

func TestEveryLaterLogContinuesEveryEarlierOne(t *testing.T) {
	const n = 20
	l := newLog(t, n, n)
	for next := range int64(n + 1) {
		for old := range next + 1 {
			if err := VerifyConsistency(l.head(old), l.head(next), l.consistency(old, next)); err != nil {
				t.Errorf("%d to %d: %v", old, next, err)
			}
		}
	}
}

func TestRewrittenLogIsNoticedFromEverySize(t *testing.T) {
	const n, changed = 20, 7
	honest, forged := newLog(t, n, n), newLog(t, n, changed)
	for old := int64(1); old <= n; old++ {
		err := VerifyConsistency(honest.head(old), forged.head(n), forged.consistency(old, n))
		if old <= changed && err != nil {
			t.Errorf("from %d: %v, but nothing before it was changed", old, err)
		}
		if old > changed && !errors.Is(err, ErrRewritten) {
			t.Errorf("from %d: %v, want ErrRewritten", old, err)
		}
	}
}

func TestVerifyConsistencyRefuses(t *testing.T) {
	l := newLog(t, 9, 9)
	proof := l.consistency(5, 9)
	changed := slices.Clone(proof)
	changed[0] = bytes.Clone(changed[0])
	changed[0][31] ^= 1
	stranger := l.head(9)
	stranger.HubID = "another"
	for _, tt := range []struct {
		name      string
		old, next Head
		proof     [][]byte
		want      error
	}{
		{"another hub", l.head(5), stranger, proof, ErrOtherHub},
		{"shorter", l.head(9), l.head(5), proof, ErrShrunk},
		{"from something to nothing", l.head(9), l.head(0), nil, ErrShrunk},
		{"no proof", l.head(5), l.head(9), nil, ErrRewritten},
		{"cut proof", l.head(5), l.head(9), proof[:len(proof)-1], ErrRewritten},
		{"longer proof", l.head(5), l.head(9), append(slices.Clone(proof), proof[0]), ErrRewritten},
		{"changed proof", l.head(5), l.head(9), changed, ErrRewritten},
		{"short hash", l.head(5), l.head(9), append([][]byte{proof[0][:31]}, proof[1:]...), ErrRewritten},
		{"equal sizes, other root", l.head(9), newLog(t, 9, 8).head(9), nil, ErrRewritten},
		{"equal, with a proof", l.head(9), l.head(9), proof, ErrRewritten},
		{"from nothing, with a proof", l.head(0), l.head(9), proof, ErrRewritten},
		{"from nothing with a root", Head{testHub, 0, l.head(5).Root}, l.head(9), nil, ErrRewritten},
		{"negative", Head{testHub, -1, l.head(5).Root}, l.head(9), proof, ErrMalformed},
		{"past all reason", l.head(5), Head{testHub, math.MaxInt64, l.head(5).Root}, proof, ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := VerifyConsistency(tt.old, tt.next, tt.proof); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestVerifyInclusionRefuses(t *testing.T) {
	l := newLog(t, 9, 9)
	p, err := tlog.ProveRecord(9, 4, l)
	if err != nil {
		t.Fatal(err)
	}
	proof, h, leaf := toBytes(p), l.head(9), []byte("event 4")
	for _, tt := range []struct {
		name  string
		head  Head
		index int64
		leaf  []byte
		proof [][]byte
	}{
		{"another event", h, 4, []byte("event 5"), proof},
		{"another index", h, 5, leaf, proof},
		{"past the end", h, 9, leaf, proof},
		{"negative", h, -1, leaf, proof},
		{"another head", l.head(8), 4, leaf, proof},
		{"no proof", h, 4, leaf, nil},
		{"short hash", h, 4, leaf, [][]byte{{1}}},
		{"past all reason", Head{testHub, math.MaxInt64, h.Root}, 4, leaf, proof},
	} {
		if err := VerifyInclusion(tt.head, tt.index, tt.leaf, tt.proof); !errors.Is(err, ErrNotIncluded) {
			t.Errorf("%s: got %v, want ErrNotIncluded", tt.name, err)
		}
	}
	if err := VerifyInclusion(h, 4, leaf, proof); err != nil {
		t.Errorf("the true one: %v", err)
	}
}

func TestDeviceFollowsItsHub(t *testing.T) {
	key := testKey("hub")
	honest, forged := newLog(t, 9, 9), newLog(t, 9, 3)
	note := func(l *testLog, size int64) string { return mustSign(t, l.head(size), key) }
	for _, tt := range []struct {
		name, kept, offered string
		proof               [][]byte
		want                Head
		err                 error
	}{
		{"nothing yet", "", "", nil, Head{}, nil},
		{"first note", "", note(honest, 5), nil, honest.head(5), nil},
		{"no news", note(honest, 5), note(honest, 5), nil, honest.head(5), nil},
		{"news", note(honest, 5), note(honest, 9), honest.consistency(5, 9), honest.head(9), nil},
		{"restored backup", note(honest, 9), note(honest, 5), nil, Head{}, ErrShrunk},
		{"log thrown away", note(honest, 9), "", nil, Head{}, ErrShrunk},
		{"rewritten", note(honest, 5), note(forged, 9), forged.consistency(5, 9), Head{}, ErrRewritten},
		{"split view", note(honest, 9), note(forged, 9), nil, Head{}, ErrRewritten},
		{"proof from another note", note(honest, 5), note(honest, 9), honest.consistency(4, 9), Head{}, ErrRewritten},
		{"forged note", note(honest, 5), mustSign(t, honest.head(9), testKey("thief")), honest.consistency(5, 9), Head{}, ErrSignature},
		{"first note forged", "", mustSign(t, honest.head(9), testKey("thief")), nil, Head{}, ErrSignature},
		{"kept note damaged", "x", note(honest, 9), nil, Head{}, ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Follow(tt.kept, tt.offered, tt.proof, testHub, publicKey(key))
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("Follow = %v, %v, want %v, %v", got, err, tt.want, tt.err)
			}
		})
	}
}
