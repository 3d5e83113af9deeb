package keyshift

import (
	"math/rand/v2"
	"testing"
)

func TestASequenceNumberWorksOnce(t *testing.T) {
	var w SequenceWindow
	for _, tt := range []struct {
		n    uint64
		want bool
	}{
		{0, false}, {1, true}, {1, false}, {3, true}, {2, true}, {2, false}, {100, true}, {36, false}, {37, true}, {37, false},
		{1 << 40, true}, {100, false}, {1<<40 - 63, true}, {1<<40 - 64, false},
	} {
		if got := w.Accept(tt.n); got != tt.want {
			t.Errorf("Accept(%d) = %v, want %v", tt.n, got, tt.want)
		}
	}
}

// The window is held against a set that never forgets: what it accepts was never accepted before.
func TestNoOrderMakesANumberWorkTwice(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var w SequenceWindow
	used := map[uint64]bool{}
	for i := range uint64(20_000) {
		n := i/4 + random.Uint64N(80)
		accepted := w.Accept(n)
		if accepted && used[n] {
			t.Fatalf("number %d was accepted twice", n)
		}
		if !accepted && !used[n] && n != 0 && n+63 >= w.High {
			t.Fatalf("number %d within the window of %d was refused although new", n, w.High)
		}
		used[n] = used[n] || accepted
	}
}
