package localclient

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Events tells the agent's status at once and whenever it may have changed, until ctx ends or the loop is left. It
// outlives the agent: when the stream breaks or nobody listens it gives one error for that, with a nil status, and goes
// on trying. The first status after an error says that the agent is back.
func (c *Client) Events(ctx context.Context) iter.Seq2[*v1.LocalServiceGetStatusResponse, error] {
	return func(yield func(*v1.LocalServiceGetStatusResponse, error) bool) {
		w := watch{client: c, yield: yield, pause: c.firstPause}
		for w.stream(ctx) && w.rest(ctx) {
		}
	}
}

// watch is one loop over Events.
type watch struct {
	client *Client
	yield  func(*v1.LocalServiceGetStatusResponse, error) bool
	pause  time.Duration
	told   keyshift.Code // the error given last; "" after a status
}

// stream reads one stream to its end, and reports whether to try another.
func (w *watch) stream(ctx context.Context) bool {
	err := w.read(ctx)
	if errors.Is(err, errLoopLeft) || ctx.Err() != nil {
		return false
	}
	code := keyshift.CodeOf(err)
	if code == w.told {
		return true
	}
	w.told = code
	return w.yield(nil, err)
}

// rest waits longer each time, until a status comes.
func (w *watch) rest(ctx context.Context) bool {
	timer := time.NewTimer(w.pause)
	defer timer.Stop()
	w.pause = min(2*w.pause, w.client.lastPause)
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

var errLoopLeft = errors.New("loop left")

// read gives every status of one stream. Its error is never nil.
func (w *watch) read(ctx context.Context) error {
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	silent := time.AfterFunc(w.client.silence, func() { cut(errSilent) })
	defer silent.Stop()
	res, err := w.client.request(ctx, http.MethodGet, "/events")
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, maxAnswer)
	for lines.Scan() {
		silent.Reset(w.client.silence)
		if err := w.line(lines.Text()); err != nil {
			return err
		}
	}
	return w.client.explain(broken(ctx, lines.Err()))
}

var errSilent = errors.New("event stream is silent")

func broken(ctx context.Context, err error) error {
	switch {
	case errors.Is(context.Cause(ctx), errSilent):
		return errSilent
	case err == nil:
		return io.ErrUnexpectedEOF
	}
	return err
}

// line takes one line of a stream. There is one kind of event, so that only its data matters.
func (w *watch) line(text string) error {
	data, ok := strings.CutPrefix(text, "data: ")
	if !ok {
		return nil
	}
	status := &v1.LocalServiceGetStatusResponse{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal([]byte(data), status); err != nil {
		return w.client.explain(err)
	}
	w.told, w.pause = "", w.client.firstPause
	if !w.yield(status, nil) {
		return errLoopLeft
	}
	return nil
}
