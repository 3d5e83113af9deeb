// Package native is the contract between the browser extension and the agent: the messages, their frames, and what each
// side refuses.
//
// # Frames
//
// A browser speaks to the native host in frames: a length of four bytes in the machine's own order, then as many bytes of
// JSON in UTF-8 (Chrome and MDN, "Native messaging"). Between native host and agent the frames are the same, so that the
// native host only has to hand them on. Neither side sends or takes a frame of more than [MaxFrame] bytes.
//
// # Messages
//
// A frame is an [Envelope]. The extension asks, with an id that only grows within one connection; the answer has the same
// id and is "ok" or "error". What the agent says unasked has no id. [Requests] lists what can be asked and how it is
// answered, [Events] what the agent says unasked. The first request is "hello", in the version that both know.
//
// # What is refused
//
// The Go types are the schema. A message has all the fields of its type and no other, spelled exactly so and once; a field
// that is tagged omitempty may be missing. Strings have a length and an alphabet, lists a length, words come from a fixed
// set. So there is no place in a message that could carry what nobody asked for, such as the name of a personal account.
// The same tables, and the same rules, are written for the extension by the program in typescript/.
package native

import "encoding/json"

const (
	// Version is the version of the contract that this package speaks.
	Version = 1
	// MaxFrame is how many bytes a message may have. Browsers would allow much more.
	MaxFrame = 64 << 10
	// Name is what browsers call the native host, in the name of its manifest and inside.
	Name = "com.keyshift.agent"
)

// Types of answers.
const (
	TypeOK    = "ok"
	TypeError = "error"
)

// Envelope is what every frame holds.
type Envelope struct {
	V int64 `json:"v"`
	// ID is the number of a request and of its answer; 0 is none.
	ID   int64           `json:"id,omitempty"`
	Type string          `json:"type" ks:"token,max=32"`
	Body json.RawMessage `json:"body,omitempty"`
}

// Request is one thing that the extension can ask.
type Request struct {
	Type string
	// Body and Answer are zero values of the types of the body and of the answer's body.
	Body, Answer any
	// Unpaired: a profile that was not paired may ask.
	Unpaired bool
}

// Requests lists all that the extension can ask.
func Requests() []Request {
	return []Request{
		{TypeHello, Hello{}, Welcome{}, true},
		{TypePairBegin, Empty{}, PairCode{}, true},
		{TypeStateGet, Empty{}, State{}, false},
		{TypePackGet, PackGet{}, Pack{}, false},
		{TypeWordsGet, Empty{}, Words{}, false},
		{TypeFillGet, FillGet{}, Fill{}, false},
		{TypeFillReport, FillReport{}, Empty{}, false},
		{TypeSessionBegan, SessionBegan{}, Empty{}, false},
		{TypeIdentitySeen, IdentitySeen{}, Empty{}, false},
		{TypeDraftChecked, DraftChecked{}, Empty{}, false},
		{TypeGuardHit, GuardHit{}, Empty{}, false},
		{TypeRelayAsk, RelayAsk{}, Empty{}, false},
		{TypeCleanupDone, CleanupDone{}, Empty{}, false},
		{TypeLeaseRenew, LeaseRenew{}, Empty{}, false},
		{TypeLeaseCheckIn, LeaseRef{}, Empty{}, false},
		{TypeMistakeOpen, LeaseRef{}, Empty{}, false},
		{TypeReminderAnswer, ReminderAnswer{}, Empty{}, false},
		{TypeSentList, Empty{}, SentList{}, false},
		{TypeFocus, Focus{}, Empty{}, false},
	}
}

// Event is one thing that the agent says unasked.
type Event struct {
	Type string
	// Body is the zero value of its body's type.
	Body any
}

// Events lists all that the agent says unasked.
func Events() []Event {
	return []Event{
		{TypeState, State{}},
		{TypeLeaseEnding, LeaseEnding{}},
		{TypeLeaseEnded, LeaseEnded{}},
		{TypePacksChanged, PackVersion{}},
		{TypeReminder, Reminder{}},
		{TypeReminderOver, ReminderRef{}},
		{TypeCodeReady, LeaseRef{}},
		{TypeBrowserClose, LeaseRef{}},
		{TypePairDone, Empty{}},
	}
}
