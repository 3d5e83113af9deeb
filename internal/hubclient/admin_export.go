package hubclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// Export writes the whole audit log to w as the hub streams it, and gives how many bytes that were. A stream on which
// nothing comes for 45 s is given up. After an error w holds only a part; nothing is sent twice.
func (a *Admin) Export(ctx context.Context, w io.Writer) (int64, error) {
	limited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(Silence, func() { cancel(ErrSilent) })
	defer silence.Stop()
	stream, err := a.Audit.Export(limited, &v1.ExportRequest{})
	if err != nil {
		return 0, exportError(ctx, limited, err)
	}
	defer stream.Close()
	var written int64
	for {
		part, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return written, nil
		}
		if err != nil {
			return written, exportError(ctx, limited, err)
		}
		silence.Reset(Silence)
		n, err := w.Write(part.GetLines())
		written += int64(n)
		if err != nil {
			return written, fmt.Errorf("write export: %w", err)
		}
	}
}

func exportError(ctx, limited context.Context, err error) error {
	if cause := context.Cause(limited); errors.Is(cause, ErrSilent) {
		return errNoHub.Because(cause)
	}
	return adminError(ctx, err)
}
