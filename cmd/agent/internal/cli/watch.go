package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

// clearScreen moves to the top and empties a terminal.
const clearScreen = "\x1b[H\x1b[2J"

// watch shows the leases until the person presses Ctrl-C, which is how it is meant to end.
func (inv *invocation) watch(ctx context.Context, client *localclient.Client) error {
	states, stop := inv.states(ctx, client)
	defer stop()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	var last seen
	for {
		select {
		case now, open := <-states:
			if !open {
				return nil
			}
			last = now
		case <-second.C:
			if !inv.Screen || inv.JSON || last.at.IsZero() {
				continue // without a screen there is no countdown, only news
			}
		}
		if err := inv.draw(last); err != nil {
			return err
		}
	}
}

// seen is what was heard of the agent, and when.
type seen struct {
	leases []*v1.HeldLease
	err    error
	at     time.Time
}

// states tells what is heard, until ctx ends or stop is called.
func (inv *invocation) states(ctx context.Context, client *localclient.Client) (states <-chan seen, stop func()) {
	ctx, stop = context.WithCancel(ctx)
	out := make(chan seen)
	go func() {
		defer close(out)
		for status, err := range client.Events(ctx) {
			select {
			case out <- seen{status.GetLeases(), err, inv.now()}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, stop
}

func (inv *invocation) draw(s seen) error {
	if inv.JSON {
		return inv.drawJSON(s)
	}
	return inv.Words(func(w io.Writer) {
		if inv.Screen {
			_, _ = io.WriteString(w, clearScreen)
		}
		if s.err != nil {
			e := api.FromConnect(s.err)
			_, _ = fmt.Fprintf(w, "%s\n  %s\n", e.Text, e.Hint)
			return
		}
		inv.sayLeases(w, s.leases, inv.now().Sub(s.at))
	})
}

// drawJSON writes one line: the leases or the error.
func (inv *invocation) drawJSON(s seen) error {
	if s.err != nil {
		return inv.Line(map[string]any{"error": cliout.ErrorValue(api.FromConnect(s.err))})
	}
	leases, err := cliout.Encode(&v1.LocalServiceListLeasesResponse{Leases: s.leases})
	if err != nil {
		return err
	}
	return inv.Line(leases)
}
