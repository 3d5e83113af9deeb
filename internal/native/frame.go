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

// Copy hands frames on from src to dst until src ends, which is nil between two frames. It keeps nothing of a message: its
// one buffer is cleared after each.
func Copy(dst io.Writer, src io.Reader) error {
	buf := make([]byte, 4, 4+MaxFrame)
	for {
		message, err := ReadFrame(src, buf[4:4:cap(buf)])
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		frame := buf[:4+len(message)]
		binary.NativeEndian.PutUint32(frame, uint32(len(message))) //nolint:gosec // at most MaxFrame
		_, err = dst.Write(frame)
		clear(frame)
		if err != nil {
			return fmt.Errorf("hand on message: %w", err)
		}
	}
}
