package audit

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/keyshift-hq/keyshift/internal/hub"
)

// flushAt is how many bytes of lines are gathered before they are written.
const flushAt = 32 << 10

// Export writes the log up to the head that is the newest when it starts: a header line with the format, the hub's id
// and public key and that head; then one line per event in tree order, and after the last event that it covers each
// smaller checkpoint. What is committed meanwhile does not matter.
//
// Each call of w.Write gets whole lines. Export fails with [ErrEmpty] before the first checkpoint, with [ErrDamaged] when
// the newest one is not the hub's, and with the errors of ctx, r and w. Damaged events it writes as they
// stand, beside the leaf hash that the tree has for them, so that [Verify] names them.
func Export(ctx context.Context, r LogReader, w io.Writer) error {
	row, err := r.Hub()
	if err != nil {
		return fmt.Errorf("read hub: %w", err)
	}
	head, latest, err := newestHead(r, row.ID, ed25519.PublicKey(row.SigningPublic))
	if err != nil {
		return err
	}
	if head.Size == 0 {
		return ErrEmpty
	}
	lines := &lineWriter{w: w}
	if err := lines.add(headerLine{exportFormat, row.ID, row.SigningPublic, latest.Note}); err != nil {
		return err
	}
	if err := scan(ctx, r, 0, head.Size, lines); err != nil {
		return err
	}
	return lines.flush()
}

// lineWriter is the visitor that writes lines.
type lineWriter struct {
	w   io.Writer
	buf []byte
}

func (l *lineWriter) event(e hub.LoggedEvent, stored []tlog.Hash) error {
	return l.add(lineOf(e, stored[0]))
}

func (l *lineWriter) checkpoint(note string) error { return l.add(checkpointLine{note}) }

func (l *lineWriter) add(v any) error {
	b, err := encodeLine(v)
	if err != nil {
		return err
	}
	if l.buf = append(l.buf, b...); len(l.buf) < flushAt {
		return nil
	}
	return l.flush()
}

func (l *lineWriter) flush() error {
	if len(l.buf) == 0 {
		return nil
	}
	if _, err := l.w.Write(l.buf); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	l.buf = l.buf[:0]
	return nil
}
