package agent

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

const (
	// maxMute is after how many streams that stayed mute until their end we ask instead of listening.
	maxMute = 2
	// steady is how long a stream has to live to count as a good one.
	steady = 10 * time.Second
	// pollPause is the least time between two long polls.
	pollPause = time.Second
)

// watch listens for pushes until ctx ends: over a stream, or by long polls where a proxy keeps streams back. A push is
// never believed, it only makes the next sync come sooner.
func (a *Agent) watch(ctx context.Context, l *link) {
	waits, mute, first := a.newWaits(), 0, true
	for ctx.Err() == nil {
		s, err := l.talk(ctx)
		switch {
		case err != nil:
		case mute < maxMute:
			mute, err = a.listen(ctx, s, mute, first)
			first = false
		default:
			if mute, err = a.poll(ctx, s); err == nil {
				continue
			}
		}
		if err == nil {
			waits.reset()
		}
		a.waitToListen(ctx, waits)
	}
}

// waitToListen waits before another try; not long any more as soon as there is a lease that the hub may want back. While
// the hub is known to be out of reach, it is for the syncs to find out when it is back: two that try on their own would
// find it in half the time over which the waits are meant to spread them.
func (a *Agent) waitToListen(ctx context.Context, w *waits) {
	poked(a.newLease) // for a lease that w knows of, or that is over
	poked(a.reached)
	var late <-chan time.Time
	if a.online.Load() {
		timer := time.NewTimer(w.next())
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-late:
	case <-a.reached:
	case <-a.newLease:
	case <-ctx.Done():
	}
}

// listen keeps one stream until it ends. The error is nil when it was a good one.
func (a *Agent) listen(ctx context.Context, s *line, mute int, first bool) (int, error) {
	start, heardBefore := time.Now(), first
	heard, err := s.hub.Watch(ctx, func(sync bool) {
		if sync || !heardBefore { // what was pushed while there was no stream is lost
			a.hearPush()
		}
		heardBefore = true
	})
	lasted := time.Since(start)
	switch {
	case heard && lasted >= steady:
		return 0, nil
	case heard:
		return 0, err
	case errors.Is(err, hubclient.ErrSilent), errors.Is(err, io.EOF), lasted >= steady:
		return mute + 1, nil
	}
	if err = a.heard(err); !a.online.Load() {
		poke(a.askSoon) // from now on the syncs look for the hub
	}
	return mute, err
}

// hearPush makes the next sync come now. It may be about what the user may check out, which no sync says: so who listens is
// told after it, whether or not it brought something.
func (a *Agent) hearPush() {
	a.pushed.Store(true)
	poke(a.askSoon)
}

// poll asks once and waits for the answer. When the hub is not reached, the network may be another now: then a stream
// is tried again.
func (a *Agent) poll(ctx context.Context, s *line) (mute int, err error) {
	start := time.Now()
	news, err := s.hub.AwaitNews(ctx)
	err = a.heard(err)
	if keyshift.CodeOf(err) == keyshift.CodeHubUnreachable {
		return maxMute - 1, err
	}
	if news {
		a.hearPush()
	}
	hubclient.Wait(ctx, pollPause-time.Since(start))
	return maxMute, err
}
