package app

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/localclient"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// linger is how long a window process waits for the next window.
const linger = time.Minute

var errNoWindows = keyshift.Refuse(keyshift.CodeUnavailable, "Windows can't be shown on this desk.", "In a terminal, `keyshift-agent` does the same.")

func known(r tray.Request) bool { return slices.Contains(tray.Windows(), r.Window) }

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
	return p.Windows(ctx, tray.WindowOptions{
		Agent: agent, Words: p.words(), First: f.request(), Requests: requests, Linger: linger, Now: p.Now,
		Shown: func(r tray.Request) { _ = answers.Encode(r) },
	})
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
