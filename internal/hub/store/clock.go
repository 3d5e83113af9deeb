package store

import (
	"bytes"
	"encoding/binary"
	"io"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// clock gives transactions their moment and their ids.
type clock struct {
	now    func() time.Time
	random io.Reader

	mu   sync.Mutex
	last time.Time
	// high and low are the random part of the newest id, ms the millisecond that it was made for.
	ms   int64
	high uint16
	low  uint64
}

// next is the moment of a new transaction, to the microsecond. It never goes back while the process lives: a clock
// that was set back stands still until the time it showed is reached again.
func (c *clock) next() time.Time {
	now := time.UnixMicro(c.now().UnixMicro()).UTC()
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Before(c.last) {
		return c.last
	}
	c.last = now
	return now
}

// id makes an id that sorts after every earlier one of its millisecond: the random part is counted up by a random
// step (RFC 9562, 6.2, method 2). Lists that are ordered by id so show things in the order in which they happened.
func (c *clock) id(now time.Time) keyshift.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ms := now.UnixMilli(); ms == c.ms {
		c.step()
	} else {
		c.ms = ms
		c.start()
	}
	var tail [10]byte
	binary.BigEndian.PutUint16(tail[:2], c.high)
	binary.BigEndian.PutUint64(tail[2:], c.low)
	return keyshift.NewID(now, bytes.NewReader(tail[:]))
}

// The random part of an id has 12 and 62 bits; the top one stays 0 at the start, to count into.
const (
	highMask = 1<<11 - 1
	lowMask  = 1<<62 - 1
)

func (c *clock) start() {
	var b [10]byte
	c.read(b[:])
	c.high, c.low = binary.BigEndian.Uint16(b[:2])&highMask, binary.BigEndian.Uint64(b[2:])&lowMask
}

func (c *clock) step() {
	var b [4]byte
	c.read(b[:])
	c.low += 1 + uint64(binary.BigEndian.Uint32(b[:]))
	if c.low > lowMask {
		c.low &= lowMask
		c.high++
	}
}

// read panics if randomness ends, as [keyshift.NewID] does.
func (c *clock) read(b []byte) {
	if _, err := io.ReadFull(c.random, b); err != nil {
		panic("store: read randomness: " + err.Error())
	}
}
