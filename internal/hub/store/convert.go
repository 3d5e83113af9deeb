package store

import (
	"math"
	"time"
)

// micros writes a moment; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// moment reads what micros wrote.
func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func duration(us int64) time.Duration { return time.Duration(us) * time.Microsecond }

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// blob gives bytes that are stored as bytes: a nil slice would be stored as NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// bytesOf reads what blob wrote; no bytes are nil, whichever engine they come from.
func bytesOf(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// newest is above every id in every collation.
const newest = "zzzz"

// before gives the upper bound of a list that runs from the newest down.
func before(id string) string {
	if id == "" {
		return newest
	}
	return id
}

// most gives a limit that both engines take.
func most(limit int) int32 { return int32(min(max(limit, 0), math.MaxInt32)) }
