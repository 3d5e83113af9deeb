package simulation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// world is a company in a synctest bubble, with everything that may happen to it.
type world struct {
	t      testing.TB
	ctx    context.Context //nolint:containedctx // the world's time is its own
	dice   dice
	random io.Reader // for ids
	desks  []*desk
	hub    *server

	// depth is how many waits for the network the world is inside of.
	depth int
	// fates decides about letters, nested acts come from overlaps; nil is a calm world.
	fates    func(*letter) fate
	overlaps func(waits *desk)
	at       *desk // where something has to happen; nil is anywhere
	kept     []*letter
	// lazy desks that hold nothing sync six times more seldom: that saves most of a test's time.
	lazy bool

	history []string
	bad     []string // what was violated
	logs    bytes.Buffer
	trace   io.Writer // gets the logs at once

	ledger ledger
}

// say writes down what happened.
func (w *world) say(format string, args ...any) {
	at := time.Since(w.ledger.began).Round(time.Millisecond)
	w.history = append(w.history, fmt.Sprintf("%10s %*s", at, 2*w.depth, "")+fmt.Sprintf(format, args...))
}

// violated notes that a promise was broken.
func (w *world) violated(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.bad = append(w.bad, text)
	w.say("VIOLATED: %s", text)
}

func (w *world) must(err error) {
	if err != nil {
		w.violated("the world itself failed: %v", err)
	}
}

// hash tells histories apart.
func (w *world) hash() string {
	h := sha256.New()
	for _, line := range w.history {
		fmt.Fprintln(h, line)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func (w *world) spread(most time.Duration) time.Duration {
	return time.Duration(w.dice.below(int(min(max(most, 1), time.Hour))))
}

// lookEvery is how often deadlines are looked at. It is every second in truth; each use looks by itself.
func (w *world) lookEvery() time.Duration { return 2 * time.Second }

func (w *world) tired(d *desk, wait time.Duration) time.Duration {
	if w.lazy && d.run != nil && len(d.run.agent.Leases()) == 0 {
		return 6 * wait
	}
	return wait
}

func (w *world) fateOf(l *letter) fate {
	if w.fates == nil {
		return fate{}
	}
	f := w.fates(l)
	if w.depth > 0 {
		f.late, f.lateAnswer, f.hung = 0, 0, false
	}
	return f
}

func (w *world) overlap(waits *desk) {
	if w.overlaps != nil {
		w.overlaps(waits)
	}
}

// pass lets time pass, and whatever is due meanwhile happen.
func (w *world) pass(d time.Duration) {
	end := time.Now().Add(d)
	for still := 0; len(w.bad) == 0; still++ {
		next := w.nextDue(end)
		if wait := time.Until(next); wait > 0 {
			still = 0
			<-time.After(wait)
			synctest.Wait()
		}
		if still > 1000 {
			w.violated("liveness: somebody works without end and without waiting")
		}
		w.turn()
		if !time.Now().Before(end) {
			return
		}
	}
}

func (w *world) nextDue(end time.Time) time.Time {
	next := end
	if w.hub.up && w.hub.next.Before(next) {
		next = w.hub.next
	}
	for _, d := range w.desks {
		if at, ok := d.due(); ok && at.Before(next) {
			next = at
		}
	}
	return next
}

// turn lets everybody do what is due now.
func (w *world) turn() {
	if w.hub.up && !time.Now().Before(w.hub.next) {
		w.hub.work(w.ctx)
	}
	for _, d := range w.desks {
		if w.hub.up {
			w.hub.tell()
		}
		d.turn()
	}
}

// patience is the context of an act. What overlaps with another act does not wait for its turn.
func (w *world) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	if w.depth > 0 {
		return context.WithTimeout(ctx, time.Millisecond)
	}
	return context.WithCancel(ctx)
}

// deskOf gives the desk with a device id.
func (w *world) deskOf(id keyshift.ID) *desk {
	for _, d := range w.desks {
		if d.id == string(id) {
			return d
		}
	}
	return nil
}

// close ends everything, so that the bubble can end.
func (w *world) close() {
	for _, d := range w.desks {
		d.kill()
	}
	w.must(errors.Join(w.hub.stop(), os.RemoveAll(w.hub.dir)))
}
