// Package wire writes and reads messages of the contract without their descriptors.
//
// The protobuf library makes tables out of the descriptor of a file before it touches the first message of it. That is
// soon paid back by whoever goes on talking, but a command that asks one question and ends waits longer for the tables
// than for the answer. This package takes what it has to know from the tags of the generated structs, of those messages
// only that it meets.
//
// It knows what the local API is made of: booleans, integers and enums, strings, bytes, messages, lists of strings, bytes
// and messages, and maps of strings. Whatever else a message has (optional fields, oneofs, lists of numbers, floating
// point) it refuses with [ErrOdd], and then the protobuf library is there. What both do they do alike; only fields that
// the message does not know are left out here, not kept.
package wire

import (
	"errors"
	"reflect"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrOdd says that a message has something that only its descriptor explains, or that only the library judges: a text that is
// no UTF-8.
var ErrOdd = errors.New("the message is not plain")

// field is a field of a message that has a number.
type field struct {
	number protowire.Number
	form   string // of a single value, as the tag says it: "varint", "bytes"
	index  int    // in the struct
}

// fieldsOf lists the fields of a generated struct. A oneof has no number of its own.
func fieldsOf(message reflect.Type) ([]field, error) {
	fields := make([]field, 0, message.NumField())
	for i := range message.NumField() {
		f := message.Field(i)
		tag, ok := f.Tag.Lookup("protobuf")
		switch {
		case ok:
			form, rest, _ := strings.Cut(tag, ",")
			text, _, _ := strings.Cut(rest, ",")
			number, err := strconv.Atoi(text)
			if err != nil {
				return nil, ErrOdd
			}
			fields = append(fields, field{protowire.Number(number), form, i})
		case f.IsExported():
			return nil, ErrOdd
		}
	}
	return fields, nil
}

// words is the map that is known, and entry one of it as a message.
var words = reflect.TypeFor[map[string]string]()

type entry struct {
	Key   string `protobuf:"bytes,1"`
	Value string `protobuf:"bytes,2"`
}
