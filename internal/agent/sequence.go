package agent

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	sequenceFile  = "sequence"
	sequenceBlock = 1000
)

// sequence gives out the numbers that requests are signed with, each once in the life of the device. It reserves them on
// the disk in blocks, so that no request waits for the disk; after a start it goes on with the next block.
//
// A block also begins no lower than the milliseconds of the wall clock. Fewer requests than that are ever sent, so
// a folder that was put back from a backup, or a virtual machine from a snapshot, does not sign with old numbers.
type sequence struct {
	files files
	wall  func() time.Time

	mu             sync.Mutex
	next, reserved uint64
}

// nextNumber gives the next number, or says why none can be reserved.
func (s *sequence) nextNumber() (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == s.reserved {
		if err := s.reserve(); err != nil {
			return 0, err
		}
	}
	s.next++
	return s.next - 1, nil
}

func (s *sequence) reserve() error {
	start := s.reserved
	if start == 0 {
		known, err := s.read()
		if err != nil {
			return err
		}
		start = max(known, uint64(max(s.wall().UnixMilli(), 1)))
	}
	if err := s.files.Write(sequenceFile, []byte(strconv.FormatUint(start+sequenceBlock, 10))); err != nil {
		return s.reserveByClock(start, err)
	}
	s.next, s.reserved = start, start+sequenceBlock
	return nil
}

// reserveByClock is for a disk that takes nothing more: the hub still has to hear of wipes. What was reserved before has to
// lie behind the clock; then the next run, which begins no lower than the clock, comes after this block, too.
func (s *sequence) reserveByClock(known uint64, full error) error {
	now := uint64(max(s.wall().UnixMilli(), 1)) //nolint:gosec // not negative
	if now < known {
		return storageError(full)
	}
	s.next, s.reserved = now, now+sequenceBlock
	return nil
}

// read gives the first number that no earlier run reserved. A file that says nothing is as good as none: the clock
// takes its place.
func (s *sequence) read() (uint64, error) {
	raw, err := s.files.Read(sequenceFile)
	if nothingKept(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read sequence: %w", err)
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(raw)), 10, 63)
	if err != nil {
		return 0, nil
	}
	return n, nil
}

// forget begins anew, for another device key.
func (s *sequence) forget() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next, s.reserved = 0, 0
	return s.files.Remove(sequenceFile)
}
