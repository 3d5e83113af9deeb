//go:build linux || darwin

package cli

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/agent/localapi/localapitest"
	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestStrangersAreToldToTheAgent(t *testing.T) {
	var s strangers
	s.refused(ipc.Peer{OSUser: "1001"}) // nobody can connect yet, and it does no harm
	e := engine{localapitest.NewFake(), nil, make(chan keyshift.CallerKind, 1)}
	s.tell(e)
	s.refused(ipc.Peer{OSUser: "1001"})
	if got := <-e.noted; got != keyshift.CallerUser {
		t.Errorf("got %q, want %q", got, keyshift.CallerUser)
	}
}

// Only what is another user's is worth a note: everything else is a mistake of one's own.
func TestASquatterIsNoted(t *testing.T) {
	w := newWorld(t)
	e := engine{localapitest.NewFake(), nil, make(chan keyshift.CallerKind, 1)}
	w.newAgent = func(AgentConfig) (Agent, error) { return e, nil }
	inv := &invocation{Program: w.program(&wall{}, &wall{})}
	inv.grammar.StateDir = w.state
	log := slog.New(slog.DiscardHandler)
	inv.noteSquatter(w.socket, keyshift.Refuse(keyshift.CodeUnavailable, "A mistake.", ""), log)
	inv.noteSquatter(w.socket, keyshift.Refuse(keyshift.CodePeerRefused, "A squatter.", ""), log)
	if got := <-e.noted; got != keyshift.CallerSquatter || len(e.noted) > 0 {
		t.Errorf("got %q and %d more, want one %q", got, len(e.noted), keyshift.CallerSquatter)
	}
}

// TestRunMeetsASquatter is for a folder that was open to others: root plays the other user, anyone else has only mistakes.
func TestRunMeetsASquatter(t *testing.T) {
	w := newWorld(t)
	want, text := api.ExitUnreachable, "The agent's socket cannot be made at"
	if err := os.MkdirAll(w.socket, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		want, text = api.ExitNoRight, "Something of another user stands in the agent's place"
		if err := os.Chown(w.socket, 54321, 54321); err != nil {
			t.Fatal(err)
		}
	}
	e := engine{localapitest.NewFake(), nil, make(chan keyshift.CallerKind, 1)}
	w.newAgent = func(AgentConfig) (Agent, error) { return e, nil }
	w.run("run").want(t, want, text)
	if noted := len(e.noted) == 1; noted != (os.Geteuid() == 0) {
		t.Errorf("noted: %v", noted)
	}
	if entries, err := os.ReadDir(filepath.Dir(w.socket)); err != nil || len(entries) == 0 {
		t.Errorf("what lay there is gone: %v, %v", entries, err)
	}
}
