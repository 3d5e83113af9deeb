package audit

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
)

// maxLine is the longest line of an export; events are far smaller.
const maxLine = 1 << 20

// Verify checks an export. Every leaf is computed anew from the fields, the personal facts are held against their hash,
// the tree is built and compared with every checkpoint, and the head has to cover all. It reads once, and keeps one line and
// O(log n) hashes.
//
// The error is a [Problem] when something is wrong with the log, and otherwise what r fails with. The Report holds
// as far as Verify came.
func Verify(r io.Reader, trust Trust) (Report, error) {
	lines := &lineReader{r: bufio.NewReaderSize(r, 64<<10)}
	w, head, note, err := begin(lines, trust)
	if err == nil {
		err = w.follow(lines, head)
	}
	if err == nil {
		err = w.finish(head, note)
	}
	return w.conclude(err)
}

// begin reads the header.
func begin(lines *lineReader, trust Trust) (*walk, checkpoint.Head, string, error) {
	none := &walk{}
	line, err := lines.next()
	if errors.Is(err, io.EOF) || errors.Is(err, errCut) || errors.Is(err, errLong) {
		return none, checkpoint.Head{}, "", outside(ErrFormat, "The file does not begin with the header line of an export.")
	}
	if err != nil {
		return none, checkpoint.Head{}, "", err
	}
	h, err := decodeLine[headerLine](line)
	if err != nil || h.Format != exportFormat {
		return none, checkpoint.Head{}, "", outside(ErrFormat, "The file does not begin with the header line of an export in the format %s.", exportFormat)
	}
	w, err := trust.start(h.HubID, ed25519.PublicKey(h.PublicKey))
	if err != nil {
		return w, checkpoint.Head{}, "", err
	}
	if w.report.Head, err = checkpoint.Open(h.Head, string(h.HubID), w.key); err != nil {
		return w, checkpoint.Head{}, "", outside(ErrSignature, "The head in the header line is not signed by this hub and key.")
	}
	return w, w.report.Head, h.Head, nil
}

// follow reads the events and checkpoints.
func (w *walk) follow(lines *lineReader, head checkpoint.Head) error {
	for {
		line, err := lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errCut):
			return among(ErrTruncated, w.tree.size, max(head.Size, w.tree.size+1), "The file ends in the middle of a line, where event %d belongs.", w.tree.size)
		case errors.Is(err, errLong):
			return w.badLine()
		case err != nil:
			return err
		}
		if err := w.line(line, head); err != nil {
			return err
		}
	}
}

func (w *walk) badLine() error {
	return at(ErrFormat, w.tree.size, "The line where event %d belongs is not written as an export writes it.", w.tree.size)
}

func (w *walk) line(line []byte, head checkpoint.Head) error {
	if w.tree.size >= head.Size {
		return at(ErrOrder, head.Size, "After the last of %d events stands another line.", head.Size)
	}
	if bytes.HasPrefix(line, []byte(checkpointStart)) {
		c, err := decodeLine[checkpointLine](line)
		if err != nil {
			return w.badLine()
		}
		return w.checkpoint(c.Checkpoint)
	}
	l, err := decodeLine[eventLine](line)
	if err != nil {
		return w.badLine()
	}
	e, err := l.event()
	if err != nil {
		return w.badLine()
	}
	return w.event(e, []tlog.Hash{l.Hash})
}

var (
	errCut  = errors.New("line has no end")
	errLong = errors.New("line is too long")
)

// lineReader reads lines of bounded length.
type lineReader struct {
	r   *bufio.Reader
	buf []byte
}

// next gives the next line with its newline, valid until the next call: io.EOF at the end, errCut for a line without
// newline, errLong for one that is too long.
func (l *lineReader) next() ([]byte, error) {
	l.buf = l.buf[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		l.buf = append(l.buf, part...)
		switch {
		case len(l.buf) > maxLine:
			return nil, errLong
		case err == nil:
			return l.buf, nil
		case errors.Is(err, io.EOF) && len(l.buf) == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return nil, errCut
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("read export: %w", err)
		}
	}
}
