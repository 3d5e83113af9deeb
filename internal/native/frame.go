package native

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var (
	// ErrTooLarge: a frame announces, or would need, more than MaxFrame bytes. What follows it cannot be read any more.
	ErrTooLarge = errors.New("the message is larger than 64 KiB")
	// ErrNoMessage: a frame of length 0. No message is empty.
	ErrNoMessage = errors.New("the message is empty")
)

// ReadFrame reads one frame and gives the message in it, in buf if that is large enough. It reads no byte more than the
// frame has, and takes no memory for a length that it refuses. Between two frames the end is io.EOF, within one it is
// io.ErrUnexpectedEOF.
func ReadFrame(r io.Reader, buf []byte) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.NativeEndian.Uint32(head[:])
	switch {
	case n == 0:
		return nil, ErrNoMessage
	case n > MaxFrame:
		return nil, ErrTooLarge
	case cap(buf) < int(n):
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(r, buf); err != nil {
		return nil, fmt.Errorf("read message: %w", cut(err))
	}
	return buf, nil
}

// cut says of an end within a frame that it was not expected.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// AppendFrame appends one frame with a message to buf.
func AppendFrame(buf, message []byte) ([]byte, error) {
	switch n := len(message); {
	case n == 0:
		return buf, ErrNoMessage
	case n > MaxFrame:
		return buf, ErrTooLarge
	default:
		return append(binary.NativeEndian.AppendUint32(buf, uint32(n)), message...), nil //nolint:gosec // it was just compared
	}
}

// WriteFrame writes one frame in one write.
func WriteFrame(w io.Writer, message []byte) error {
	frame, err := AppendFrame(make([]byte, 0, 4+len(message)), message)
	if err != nil {
		return err
	}
	if _, err := w.Write(frame); err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	return nil
}

// Copy hands frames on from src to dst until src ends, which is nil between two frames. A frame that comes at once is read at
// once and handed on at once. It keeps nothing of a message: its one buffer is cleared after each.
func Copy(dst io.Writer, src io.Reader) error {
	buf := make([]byte, 4+MaxFrame)
	for have := 0; ; {
		n, err := src.Read(buf[have:])
		have += n
		whole, refused := complete(buf[:have])
		if err := handOn(dst, buf[:whole]); err != nil {
			return err
		}
		have = copy(buf, buf[whole:have])
		clear(buf[have:][:whole])
		switch {
		case refused != nil:
			return refused
		case errors.Is(err, io.EOF) && have == 0:
			return nil
		case err != nil:
			return fmt.Errorf("read message: %w", cut(err))
		}
	}
}

// complete gives the length of all the frames at the beginning of data that are there to their end, and what is wrong with the next.
func complete(data []byte) (whole int, err error) {
	for len(data)-whole >= 4 {
		n := binary.NativeEndian.Uint32(data[whole:])
		switch {
		case n == 0:
			return whole, ErrNoMessage
		case n > MaxFrame:
			return whole, ErrTooLarge
		case len(data)-whole-4 < int(n):
			return whole, nil
		}
		whole += 4 + int(n)
	}
	return whole, nil
}

func handOn(dst io.Writer, frames []byte) error {
	if len(frames) == 0 {
		return nil
	}
	if _, err := dst.Write(frames); err != nil {
		return fmt.Errorf("hand on message: %w", err)
	}
	return nil
}
