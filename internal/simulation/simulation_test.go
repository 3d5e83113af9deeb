package simulation

import (
	"cmp"
	"flag"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var (
	seeds = flag.Int("seeds", 500, "how many seeds TestSimulation runs")
	from  = flag.Uint64("from", 1, "the first of them")
	logs  = flag.Bool("logs", false, "print what the agents log")
)

// keptSeeds always run. Each was the first to find a fault that was put into the product.
var keptSeeds = map[uint64]string{
	2:   "an exclusive account that is not kept",
	3:   "a signed request that is taken again under its old number",
	7:   "a wipe that is said although the keyring kept the secret",
	262: "a use while the clock is more wrong than an agent may believe and less than the hub notices",
}

// TestSimulation lets chance act in one world for each seed.
func TestSimulation(t *testing.T) {
	found(t)
	ran := 0
	for seed := range allSeeds() {
		if w := simulate(t, seed); len(w.bad) > 0 {
			t.Errorf("seed %d (%s): %s\n%s\nRun it again: go test ./internal/simulation -run TestSimulation -seeds 1 -from %d",
				seed, cmp.Or(keptSeeds[seed], "new"), strings.Join(w.bad, "\n"), strings.Join(w.history, "\n"), seed)
			return
		}
		ran++
	}
	t.Logf("%d seeds", ran)
}

// allSeeds gives those that were kept, those that were asked for, and in a soak others until its time is over.
func allSeeds() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for _, seed := range slices.Sorted(maps.Keys(keptSeeds)) {
			if !yield(seed) {
				return
			}
		}
		for seed := *from; seed < *from+uint64(*seeds); seed++ { //nolint:gosec // a number of seeds
			if keptSeeds[seed] == "" && !yield(seed) {
				return
			}
		}
		for range soaking() {
			if !yield(rand.Uint64()) {
				return
			}
		}
	}
}

// soaking goes on until the time of a soak is over; without one it does not begin.
func soaking() iter.Seq[int] {
	lasts, err := time.ParseDuration(os.Getenv("KEYSHIFT_SOAK"))
	return func(yield func(int) bool) {
		for began, i := time.Now(), 0; err == nil && time.Since(began) < lasts; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

// TestOneSeedIsOneHistory: without that a seed could not be run again.
func TestOneSeedIsOneHistory(t *testing.T) {
	found(t)
	hashes := map[string]uint64{}
	for seed := uint64(1); seed <= 10; seed++ {
		first, second := simulate(t, seed), simulate(t, seed)
		if first.hash() != second.hash() {
			t.Errorf("seed %d has two histories: %s", seed, difference(first.history, second.history))
			return
		}
		if other, ok := hashes[first.hash()]; ok {
			t.Errorf("seeds %d and %d have the same history", other, seed)
		}
		hashes[first.hash()] = seed
	}
}

// difference shows where two histories part, and what was before.
func difference(a, b []string) string {
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	rest := func(h []string) string { return strings.Join(h[same:min(same+5, len(h))], "\n") }
	return fmt.Sprintf("both\n%s\none\n%s\nthe other\n%s", strings.Join(a[:same], "\n"), rest(a), rest(b))
}

// simulate runs one seed in a bubble of its own.
func simulate(t *testing.T, seed uint64) *world {
	t.Helper()
	var w *world
	synctest.Test(t, func(t *testing.T) {
		d := newDice(seed)
		w = newWorld(t, d, newDice(^seed), pick(d, []int{2, 2, 2, 3, 3, 4}))
		if *logs {
			w.trace = os.Stdout
		}
		w.live(&fortune{world: w, rough: pick(d, []int{0, 50, 150, 400})}, 18+d.below(20))
		w.close()
	})
	if testing.Verbose() {
		fmt.Printf("seed %d: history %s, %d leases\n", seed, w.hash(), len(w.ledger.order))
	}
	return w
}

// live lets so many acts happen, and checks the promises after each; then the world has to heal.
func (w *world) live(f *fortune, acts int) {
	w.say("%d desks, %d acts, network %d", len(w.desks), acts, f.rough)
	w.revive(1000)
	w.pass(5 * time.Second)
	w.fates, w.overlaps = f.chanceOf, f.overlap
	for range acts {
		if len(w.bad) > 0 {
			return
		}
		w.revive(300)
		w.happen(userActs, ownerActs, troubles, waiting)
		w.turn()
		w.check()
	}
	w.heal()
	w.lendAgain()
	if len(w.bad) == 0 {
		w.audited()
		w.sealed()
	}
}
