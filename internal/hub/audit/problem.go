package audit

import (
	"errors"
	"fmt"
)

// What a verification finds. Each comes inside a [Problem]; test with errors.Is.
var (
	// ErrChanged: the fields of an event do not give its leaf hash.
	ErrChanged = errors.New("event was changed")
	// ErrPersonal: the personal facts of an event do not give the hash in the event.
	ErrPersonal = errors.New("personal facts were changed")
	// ErrMissing: an index is left out.
	ErrMissing = errors.New("event is missing")
	// ErrOrder: an index or checkpoint comes again, or something after the end.
	ErrOrder = errors.New("something was inserted or moved")
	// ErrTruncated: there are fewer events than the head says.
	ErrTruncated = errors.New("log ends too early")
	// ErrCheckpoint: the events do not give the root that a checkpoint signs.
	ErrCheckpoint = errors.New("events do not fit a checkpoint")
	// ErrSignature: a checkpoint is not signed by the hub's key.
	ErrSignature = errors.New("checkpoint is not signed by the hub")
	// ErrTree: stored tree hashes do not fit the events. Only in the live database.
	ErrTree = errors.New("stored tree hashes do not fit the events")
	// ErrWitness: a checkpoint that a device keeps does not fit: what the hub signed then, it signs differently now.
	ErrWitness = errors.New("log does not fit a device's checkpoint")
	// ErrFormat: a line is not what an export writes.
	ErrFormat = errors.New("line is not of an export")
	// ErrTrust: it is the log of another hub or key than the trusted one, or a witness is not signed by it.
	ErrTrust = errors.New("log is not of the trusted hub")
)

// Problem is the first thing that is wrong with a log. It is an error that wraps one of the errors above.
type Problem struct {
	Kind error
	// Index is the first bad index as far as it can be told: the very event, or the first of the range From to To-1 in
	// which at least one event is bad. It is -1 when the problem is not about events.
	Index, From, To int64
	// Detail says in a sentence what is wrong.
	Detail string
}

// Error names kind and index, for logs.
func (p *Problem) Error() string {
	if p.Index < 0 {
		return "verify audit log: " + p.Kind.Error()
	}
	return fmt.Sprintf("verify audit log at event %d: %s", p.Index, p.Kind)
}

// Unwrap gives the kind.
func (p *Problem) Unwrap() error { return p.Kind }

// at is a problem of one event.
func at(kind error, index int64, format string, args ...any) *Problem {
	return &Problem{kind, index, index, index + 1, fmt.Sprintf(format, args...)}
}

// among is a problem of at least one event of a range.
func among(kind error, from, to int64, format string, args ...any) *Problem {
	return &Problem{kind, from, from, to, fmt.Sprintf(format, args...)}
}

// outside is a problem that is not about events.
func outside(kind error, format string, args ...any) *Problem {
	return &Problem{kind, -1, 0, 0, fmt.Sprintf(format, args...)}
}

// eventsText names a range as people do: "event 7", "events 7 to 9".
func eventsText(from, to int64) string {
	if to-from <= 1 {
		return fmt.Sprintf("event %d", from)
	}
	return fmt.Sprintf("events %d to %d", from, to-1)
}
