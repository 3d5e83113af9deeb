package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
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
			if !inv.Screen || inv.printer.json || last.at.IsZero() {
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
			case out <- seen{status.GetLeases(), err, inv.Now()}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, stop
}

func (inv *invocation) draw(s seen) error {
	if inv.printer.json {
		return inv.drawJSON(s)
	}
	return inv.words(func(w io.Writer) {
		if inv.Screen {
			_, _ = io.WriteString(w, clearScreen)
		}
		if s.err != nil {
			e := public(s.err)
			_, _ = fmt.Fprintf(w, "%s\n  %s\n", e.Text, e.Hint)
			return
		}
		inv.sayLeases(w, s.leases, inv.Now().Sub(s.at))
	})
}

// drawJSON writes one line: the leases or the error.
func (inv *invocation) drawJSON(s seen) error {
	var data []byte
	var err error
	if s.err != nil {
		data, err = marshal(map[string]any{"error": errorValue(public(s.err))})
	} else {
		data, err = encode(&v1.LocalServiceListLeasesResponse{Leases: s.leases})
	}
	if err != nil {
		return err
	}
	var line bytes.Buffer
	if err := json.Compact(&line, data); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return inv.words(func(w io.Writer) { _, _ = fmt.Fprintln(w, line.String()) })
}
