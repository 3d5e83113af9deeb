package cli

import (
	"errors"
	"log/slog"
	"net"
	"sync/atomic"

	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// strangers tells the agent of connections that other OS users made. The socket is there before the agent is, but nobody
// is accepted before.
type strangers struct{ agent atomic.Pointer[Agent] }

func (s *strangers) tell(agent Agent) { s.agent.Store(&agent) }

func (s *strangers) refused(p ipc.Peer) {
	if agent := s.agent.Load(); agent != nil {
		(*agent).NoteRefused(p.Kind())
	}
}

// listen takes the place of the agent.
func listen(path string, s *strangers, log *slog.Logger) (net.Listener, error) {
	refused := func(p ipc.Peer) {
		log.Warn("connection of another user refused", "by", p.String())
		s.refused(p)
	}
	l, err := ipc.ListenConfig{OnRefused: refused}.Listen(path)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, ipc.ErrInUse):
		return nil, keyshift.Refuse(keyshift.CodeAlreadyExists, "The agent is running already.", "See `"+Name+" status`.").Because(err)
	case errors.Is(err, ipc.ErrForeignServer), errors.Is(err, ipc.ErrTaken):
		return nil, keyshift.Refuse(keyshift.CodePeerRefused, "Something of another user stands in the agent's place, "+clean(path)+".", "Tell your admin.").Because(err)
	}
	return nil, keyshift.Refuse(keyshift.CodeUnavailable, "The agent's socket cannot be made at "+clean(path)+".",
		"It needs a folder that is yours alone; give one with --socket.").Because(err)
}

// noteSquatter leaves a note for the hub that another user had the agent's place: the agent tells it once it can start.
func (inv *invocation) noteSquatter(path string, err error, log *slog.Logger) {
	if keyshift.CodeOf(err) != keyshift.CodePeerRefused {
		return
	}
	agent, err := inv.makeAgent(path, log)
	if err != nil {
		return // the person hears of the squatter all the same
	}
	agent.NoteRefused(keyshift.CallerSquatter)
	if err := agent.Close(); err != nil {
		log.Warn("note for the hub not written", "error", err.Error())
	}
}
