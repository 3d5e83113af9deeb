package native

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

func frame(n uint32, message string) []byte {
	return append(binary.NativeEndian.AppendUint32(nil, n), message...)
}

func TestReadFrame(t *testing.T) {
	largest := strings.Repeat("a", MaxFrame)
	for _, tt := range []struct {
		name string
		in   []byte
		want string
		err  error
	}{
		{"one byte", frame(1, "a"), "a", nil},
		{"the largest", frame(MaxFrame, largest), largest, nil},
		{"nothing", nil, "", io.EOF},
		{"half a length", []byte{1, 0}, "", io.ErrUnexpectedEOF},
		{"length 0", frame(0, ""), "", ErrNoMessage},
		{"one too long", frame(MaxFrame+1, largest+"a"), "", ErrTooLarge},
		{"the longest that four bytes can say", frame(math.MaxUint32, "{}"), "", ErrTooLarge},
		{"no message", frame(2, ""), "", io.ErrUnexpectedEOF},
		{"cut", frame(10, "{}"), "", io.ErrUnexpectedEOF},
	} {
		got, err := ReadFrame(bytes.NewReader(tt.in), nil)
		if string(got) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %d bytes, %v, want %d, %v", tt.name, len(got), err, len(tt.want), tt.err)
		}
	}
}

func TestFrameTakesNoByteOfTheNext(t *testing.T) {
	r := bytes.NewReader(append(frame(1, "a"), frame(2, "bc")...))
	buf := make([]byte, 0, 8)
	for _, want := range []string{"a", "bc"} {
		if got, err := ReadFrame(r, buf); err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

func TestWriteFrame(t *testing.T) {
	var out bytes.Buffer
	if err := WriteFrame(&out, []byte("{}")); err != nil || !bytes.Equal(out.Bytes(), frame(2, "{}")) {
		t.Errorf("got %q, %v", out.Bytes(), err)
	}
	if err := WriteFrame(&out, make([]byte, MaxFrame+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a message that is too large: %v", err)
	}
	if err := WriteFrame(&out, nil); !errors.Is(err, ErrNoMessage) {
		t.Errorf("no message: %v", err)
	}
	if out.Len() != 6 {
		t.Errorf("something of a refused message was written: %q", out.Bytes())
	}
}

// spy keeps the bytes that it is given, and the slice that they came in.
type spy struct {
	bytes.Buffer
	last []byte
}

func (s *spy) Write(p []byte) (int, error) {
	s.last = p
	return s.Buffer.Write(p)
}

func TestCopyHandsOnAndForgets(t *testing.T) {
	in := append(frame(2, "{}"), frame(MaxFrame, strings.Repeat("s", MaxFrame))...)
	var out spy
	if err := Copy(&out, bytes.NewReader(in)); err != nil || !bytes.Equal(out.Bytes(), in) {
		t.Errorf("got %d bytes, %v, want %d", out.Len(), err, len(in))
	}
	if strings.Contains(string(out.last[:cap(out.last)]), "s") {
		t.Error("the buffer still has the message")
	}
	for name, bad := range map[string][]byte{"length 0": frame(0, ""), "too long": frame(math.MaxUint32, "{}"), "cut": frame(9, "{}"), "half a length": {1}} {
		out.Reset()
		if err := Copy(&out, bytes.NewReader(bad)); err == nil || out.Len() > 0 {
			t.Errorf("%s: %v, and %d bytes were handed on", name, err, out.Len())
		}
	}
}
