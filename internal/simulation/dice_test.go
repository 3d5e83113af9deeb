package simulation

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// dice decides everything that is left to chance.
type dice interface {
	// below gives a number of at least 0 and less than n.
	below(n int) int
}

// seeded are the dice of one seed.
type seeded struct{ r *rand.Rand }

func newDice(seed uint64) seeded { return seeded{rand.New(rand.NewPCG(seed, 0x6b657973))} }

func (s seeded) below(n int) int { return s.r.IntN(n) }

// Read makes random bytes for ids.
func (s seeded) Read(p []byte) (int, error) {
	var b [8]byte
	for i := range p {
		if i%8 == 0 {
			binary.LittleEndian.PutUint64(b[:], s.r.Uint64())
		}
		p[i] = b[i%8]
	}
	return len(p), nil
}

// chance is true in so many of a thousand cases.
func chance(d dice, perMille int) bool { return d.below(1000) < perMille }

func pick[T any](d dice, list []T) T { return list[d.below(len(list))] }

// between gives a time from low to high, in milliseconds.
func between(d dice, low, high time.Duration) time.Duration {
	return low + time.Duration(d.below(int((high-low)/time.Millisecond)+1))*time.Millisecond
}
