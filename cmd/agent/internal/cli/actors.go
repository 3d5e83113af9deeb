package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/oklog/run"
)

// actors are the long-running parts of `run`. When one ends, all are asked to; each has its own time for that, and one
// that takes longer is left behind.
type actors struct {
	group run.Group
	log   *slog.Logger
}

var errEndedEarly = errors.New("it ended by itself")

// add makes an actor that works until its context ends. The context is not that of the others: the group says when.
func (a *actors) add(name string, limit time.Duration, work func(ctx context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	execute := func() error {
		go func() { done <- work(ctx) }()
		select {
		case err := <-done:
			return a.early(name, err)
		case <-ctx.Done():
			a.wait(name, limit, done)
			return nil
		}
	}
	a.group.Add(execute, func(error) { stop() })
}

func (a *actors) early(name string, err error) error {
	if err == nil {
		err = errEndedEarly
	}
	return fmt.Errorf("run %s: %w", name, err)
}

// wait gives an actor its time to stop.
func (a *actors) wait(name string, limit time.Duration, done <-chan error) {
	select {
	case err := <-done:
		if err != nil && !errors.Is(err, context.Canceled) {
			a.log.Error("stopped badly", "part", name, "error", err.Error())
			return
		}
		a.log.Debug("stopped", "part", name)
	case <-time.After(limit):
		a.log.Error("did not stop in time, left behind", "part", name, "limit", limit.String())
	}
}

// errAsked ends the group without being an error.
var errAsked = errors.New("asked to stop")

// run works until ctx ends or an actor does. Only the latter is an error.
func (a *actors) run(ctx context.Context, stopping func()) error {
	waiting, stop := context.WithCancel(ctx)
	a.group.Add(func() error {
		<-waiting.Done()
		stopping()
		return errAsked
	}, func(error) { stop() })
	if err := a.group.Run(); !errors.Is(err, errAsked) {
		return err
	}
	return nil
}
