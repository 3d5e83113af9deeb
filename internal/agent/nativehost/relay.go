package nativehost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// ErrStranger: the extension is not known. Nothing was read from it and nothing said to it.
var ErrStranger = errors.New("the extension is not known")

// Times that the native host waits: for the agent to be reached, for the first request when there is no agent, and for
// what is under way when the browser has ended.
const (
	dialLimit  = 3 * time.Second
	helloLimit = time.Second
)

// Host is one start of the native host.
type Host struct {
	Caller Caller
	// Recorded are further extensions that may use it.
	Recorded []string
	// Socket is where the agent listens for native hosts.
	Socket string
	// In and Out are the browser's.
	In  io.Reader
	Out io.Writer
}

// Run relays until the browser or the agent ends, or one of them breaks the rules of package native, which is an error. It
// returns while a read of In may still be under way: the process ends after it.
func (h Host) Run(ctx context.Context) error {
	if !h.Caller.known(h.Recorded) {
		return ErrStranger
	}
	dialing, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	conn, err := ipc.Dial(dialing, h.Socket)
	if err != nil {
		return errors.Join(err, h.sayDown(ctx))
	}
	return h.relay(ctx, conn)
}

func (h Host) relay(ctx context.Context, conn net.Conn) error {
	defer func() { _ = conn.Close() }()
	ended := make(chan error, 2)
	go func() { ended <- native.Copy(conn, h.In) }()
	go func() { ended <- native.Copy(h.Out, conn) }()
	select {
	case err := <-ended:
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		return err
	case <-ctx.Done():
		return nil
	}
}

// sayDown answers the first request with agent_down, so that the extension can say so.
func (h Host) sayDown(ctx context.Context) error {
	asked := make(chan error, 1)
	go func() { asked <- h.answerDown() }()
	timer := time.NewTimer(helloLimit)
	defer timer.Stop()
	select {
	case err := <-asked:
		return err
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return nil
	}
}

func (h Host) answerDown() error {
	raw, err := native.ReadFrame(h.In, nil)
	if err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	request, err := native.DecodeEnvelope(raw)
	if err != nil {
		return err
	}
	answer, err := native.Encode(request.ID, native.TypeError, native.Error{
		Code: native.CodeAgentDown, Text: "The Keyshift agent is not running. Start it with keyshift-agent start.",
	})
	if err != nil {
		return err
	}
	return native.WriteFrame(h.Out, answer)
}
