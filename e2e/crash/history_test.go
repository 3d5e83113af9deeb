package crash

import (
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// history is what everybody asked and was told.
type history struct {
	began time.Time
	mu    sync.Mutex
	done  []porcupine.Operation
}

func newHistory() *history { return &history{began: time.Now()} }

// open is an act that is under way.
type open struct {
	h      *history
	client int
	in     asked
	call   int64
}

// begin notes that a client is about to ask.
func (h *history) begin(client int, in asked) open {
	in.From = time.Now().UnixMicro()
	return open{h, client, in, int64(time.Since(h.began))}
}

// answered notes what a client was told.
func (o open) answered(out told) {
	o.note(out, int64(time.Since(o.h.began)))
}

// lost notes that a client gave up: what it asked may happen at any time, or never.
func (o open) lost() { o.note(told{Unknown: true}, math.MaxInt64) }

func (o open) note(out told, back int64) {
	o.in.To = time.Now().UnixMicro()
	o.h.mu.Lock()
	defer o.h.mu.Unlock()
	o.h.done = append(o.h.done, porcupine.Operation{ClientId: o.client, Input: o.in, Call: o.call, Output: out, Return: back})
}

// verdict is what porcupine says of a history, and the page on which one is drawn that is not right.
type verdict struct {
	porcupine.CheckResult
	page string
}

// limit is for one look for an order. An order that exists is found in milliseconds; that none exists may take as many
// tries as there are orders.
const limit = 5 * time.Second

// judge looks for an order that explains the history. When it finds none in time, it leaves out what cannot matter, to
// be able to say that there is none, and draws a page in a folder.
func (h *history) judge(t testing.TB, folder func() string) verdict {
	t.Helper()
	h.begin(0, asked{Act: over}).answered(told{})
	result := porcupine.CheckOperationsTimeout(model, h.done, limit)
	if result == porcupine.Ok {
		return verdict{result, ""}
	}
	result, info := porcupine.CheckOperationsVerbose(model, telling(h.done), 4*limit)
	page := filepath.Join(folder(), "history.html")
	if err := porcupine.VisualizePath(model, info, page); err != nil {
		t.Fatal(err)
	}
	return verdict{result, page}
}

// kept makes a folder that stays after the test.
func kept(t testing.TB) func() string {
	return func() string {
		dir, err := os.MkdirTemp("", "keyshift-history-")
		if err != nil {
			t.Fatal(err)
		}
		return dir
	}
}

// telling leaves out refusals that follow from others. Of those that heard of the same holder and end, each came while that
// was so. It began to be so before the first of them was told, and ended after the last had asked: these two say it all.
func telling(all []porcupine.Operation) (some []porcupine.Operation) {
	type class struct {
		holder string
		until  int64
	}
	first, last := map[class]porcupine.Operation{}, map[class]porcupine.Operation{}
	for _, o := range all {
		out, _ := o.Output.(told)
		if out.Code != keyshift.CodeAccountInUse {
			some = append(some, o)
			continue
		}
		c := class{out.Holder, out.Until}
		if early, ok := first[c]; !ok || o.Return < early.Return {
			first[c] = o
		}
		if late, ok := last[c]; !ok || o.Call > late.Call {
			last[c] = o
		}
	}
	for c, o := range first {
		some = append(some, o)
		if last[c].ClientId != o.ClientId {
			some = append(some, last[c])
		}
	}
	return some
}
