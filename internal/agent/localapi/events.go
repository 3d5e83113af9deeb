package localapi

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

const (
	// heartbeat tells a reader that the agent does not hang. That it ended is seen at once without, so there is no hurry, and
	// a tray that waits is not woken up for nothing.
	heartbeat = time.Hour
	// writeLimit is how long a reader may leave an event unread before its stream is cut.
	writeLimit = 10 * time.Second
)

// events tells the state at once and whenever it may have changed, until the reader leaves or the server stops.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	changes, cancel := s.agent.Subscribe()
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream")
	out := eventWriter{w, http.NewResponseController(w)}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	err := out.state(s.agent.Status())
	for err == nil {
		select {
		case _, open := <-changes:
			if !open {
				return
			}
			err = out.state(s.agent.Status())
		case <-beat.C:
			err = out.write(": alive\n\n")
		case <-s.closing:
			return
		case <-r.Context().Done():
			return
		}
	}
	s.log.Debug("event stream ended", "error", err.Error())
}

type eventWriter struct {
	w       io.Writer
	control *http.ResponseController
}

// state writes one event. protojson never breaks a line, so the data is one line.
func (e eventWriter) state(status *v1.LocalServiceGetStatusResponse) error {
	data, err := protojson.Marshal(status)
	if err != nil {
		return fmt.Errorf("encode state: %w", err)
	}
	return e.write("event: state\ndata: " + string(data) + "\n\n")
}

func (e eventWriter) write(s string) error {
	_ = e.control.SetWriteDeadline(time.Now().Add(writeLimit)) // not every connection knows deadlines; those only lack the cut
	if _, err := io.WriteString(e.w, s); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	if err := e.control.Flush(); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	return nil
}
