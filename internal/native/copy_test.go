package native

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// However a message comes in pieces, and however many come at once, what goes on is the same.
func TestCopyPutsPiecesTogether(t *testing.T) {
	in := frame(2, "{}")
	for _, n := range []int{1, 3, 4096, MaxFrame, MaxFrame - 1, 5} {
		in = append(in, frame(uint32(n), strings.Repeat("s", n))...)
	}
	for name, src := range map[string]io.Reader{
		"byte by byte":      iotest.OneByteReader(bytes.NewReader(in)),
		"halves":            iotest.HalfReader(bytes.NewReader(in)),
		"with the end":      iotest.DataErrReader(bytes.NewReader(in)),
		"one after another": bytes.NewReader(in),
	} {
		var out spy
		if err := Copy(&out, src); err != nil || !bytes.Equal(out.Bytes(), in) {
			t.Errorf("%s: got %d bytes, %v, want %d", name, out.Len(), err, len(in))
		}
		if strings.Contains(string(out.last[:cap(out.last)]), "s") {
			t.Errorf("%s: the buffer still has a message", name)
		}
	}
}

// calls counts reads and writes: each is one of the system.
type calls struct {
	frames        [][]byte
	reads, writes int
}

func (c *calls) Read(p []byte) (int, error) {
	c.reads++
	if len(c.frames) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.frames[0])
	c.frames = c.frames[1:]
	return n, nil
}

func (c *calls) Write(p []byte) (int, error) {
	c.writes++
	return len(p), nil
}

// Somebody waits for each message: it is read at once and written at once.
func TestCopyReadsAndWritesOnceForAMessage(t *testing.T) {
	c := &calls{frames: [][]byte{frame(2, "{}"), frame(4, "true"), frame(2, "[]")}}
	if err := Copy(c, c); err != nil || c.reads != 4 || c.writes != 3 {
		t.Errorf("%d reads and %d writes, %v, want 4 with the end and 3", c.reads, c.writes, err)
	}
}

// A process with little memory collects garbage often, and whoever asks meanwhile waits: a request makes little.
func TestARequestMakesLittleGarbage(t *testing.T) {
	message, err := Encode(7, TypeFillReport, FillReport{LeaseID: "lease-1", Field: FieldPassword, Outcome: OutcomeFilled, MS: 12})
	if err != nil {
		t.Fatal(err)
	}
	got := testing.AllocsPerRun(100, func() {
		e, err := DecodeEnvelope(message)
		var body FillReport
		if err == nil {
			err = Decode(e.Body, &body)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	if got > 40 {
		t.Errorf("%.0f allocations, want at most 40", got)
	}
}
