package early

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/keyshift-hq/keyshift/internal/wire"
)

const service = "/keyshift.v1.LocalService/"

// question is what a line asks first, the zero value nothing.
type question struct {
	method    string
	message   any // a pointer
	requestID string
}

// The messages, with the numbers that their fields have in the contract.
type (
	empty    struct{}
	checkOut struct {
		Account   string `protobuf:"bytes,1"`
		Reason    string `protobuf:"bytes,2"`
		Duration  *span  `protobuf:"bytes,3"`
		RequestID string `protobuf:"bytes,4"`
	}
	checkIn struct {
		Lease string `protobuf:"bytes,1"`
	}
	span struct {
		Seconds int64 `protobuf:"varint,1"`
		Nanos   int32 `protobuf:"varint,2"`
	}
)

// question tells what the command asks first.
func (l line) question(newID func() string) question {
	switch {
	case l.command == "checkout" && l.argument != "" && l.has("--reason", "--duration"):
		return l.checkOut(newID)
	case l.command == "checkin" && l.argument != "" && l.has():
		return question{method: "CheckIn", message: &checkIn{l.argument}}
	case l.command == "leases" && l.argument == "" && l.has():
		return question{method: "ListLeases", message: &empty{}}
	case l.command == "status" && l.argument == "" && l.has():
		return question{method: "GetStatus", message: &empty{}}
	}
	return question{}
}

// checkOut is plain when nobody has to be asked what for, and the account need not be looked up for how long.
func (l line) checkOut(newID func() string) question {
	d, ok := plainDuration(l.flags["--duration"])
	if !ok || !plainReason(l.flags["--reason"]) {
		return question{}
	}
	m := &checkOut{l.argument, l.flags["--reason"], &span{int64(d / time.Second), int32(d % time.Second)}, newID()} //nolint:gosec // less than a second
	if m.RequestID == "" {
		return question{}
	}
	return question{"CheckOut", m, m.RequestID}
}

// encode writes the message; nil if there is none, or a text of it is no UTF-8.
func (q question) encode() []byte {
	if q.message == nil {
		return nil
	}
	data, err := wire.Append([]byte{}, q.message)
	if err != nil {
		return nil
	}
	return data
}

// idFrom makes an id of version 7, as the domain's are, from a moment and random bits.
func idFrom(now time.Time, random [10]byte) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(now.UnixMilli())<<16) //nolint:gosec // negative only before 1970
	copy(b[6:], random[:])
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
