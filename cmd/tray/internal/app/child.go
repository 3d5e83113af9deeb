package app

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/localclient"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// linger is how long a window process waits for the next window.
const linger = time.Minute

var errNoWindows = keyshift.Refuse(keyshift.CodeUnavailable, "Windows can't be shown on this desk.", "In a terminal, `keyshift-agent` does the same.")

// longestArgument is how long the argument of a request can be, in bytes: more than any id or name of ours.
const longestArgument = 100

// known reports whether a request can be meant. Its argument becomes one of a process.
func known(r tray.Request) bool {
	return slices.Contains(tray.Windows(), r.Window) && len(r.Argument) <= longestArgument && !strings.ContainsRune(r.Argument, 0)
}

// answer is what a window process says: that the window of a request is there, or that the user's wishes changed.
type answer struct {
	tray.Request
	Saved bool `json:"saved,omitempty"`
}

// serveWindows is the window process.
func (p *Program) serveWindows(ctx context.Context, f flags) error {
	if p.Windows == nil || !hasDisplay(p.Env) {
		return errNoWindows
	}
	agent := localclient.New(f.Socket)
	defer agent.Close()
	requests := make(chan tray.Request)
	go readRequests(p.Stdin, requests)
	answers := json.NewEncoder(p.Stdout)
	o := tray.WindowOptions{
		Agent: agent, Languages: p.languages(), First: f.request(), Requests: requests, Linger: linger, Now: p.Now, NewID: p.newID,
		Shown:      func(r tray.Request) { _ = answers.Encode(answer{Request: r}) },
		StartAgent: func(ctx context.Context) error { return p.startAgentAt(ctx, f.Socket) },
	}
	p.remember(&o, func() { _ = answers.Encode(answer{Saved: true}) })
	return p.Windows(ctx, o)
}

func (p *Program) newID() string { return string(keyshift.NewID(p.Now(), rand.Reader)) }

// startAgentAt starts the agent that listens at a socket.
func (p *Program) startAgentAt(ctx context.Context, socket string) error {
	usual := ""
	if dir, err := runtimeDir(p.Env); err == nil {
		usual, _ = ipc.DefaultPath(dir) // without one, the socket is elsewhere
	}
	return p.launchAgent(ctx, p.words(), socket, socket != usual)
}

// readRequests hands on the requests of the resident, and closes the channel when there will be no more.
func readRequests(from io.Reader, to chan<- tray.Request) {
	defer close(to)
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		var r tray.Request
		if json.Unmarshal(lines.Bytes(), &r) == nil && known(r) {
			to <- r
		}
	}
}
