package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

const (
	sentFile = "sent.json"
	// sentKept and sentAge bound the ledger: whatever was not sent for a season is forgotten, and the oldest beyond the number.
	sentKept = 300
	sentAge  = 90 * 24 * time.Hour
	// sentRest is how long the ledger waits for more before it is written, sentEvery how often counts alone are.
	sentRest  = 10 * time.Second
	sentEvery = 15 * time.Minute
)

// ledger keeps, in words, what left this device: which kind of message about which account, how often, and when last. The
// messages themselves are not kept. A crash may lose what was sent in the last quarter of an hour, if the same was sent before.
type ledger struct {
	files files
	// grew is poked when something is to be written.
	grew chan struct{}

	mu    sync.Mutex
	kept  sentState
	dirty bool
	saved time.Time
}

type sentState struct {
	Since   time.Time   `json:"since"`
	Entries []sentEntry `json:"entries"`
}

type sentEntry struct {
	Text    string    `json:"text"`
	Account string    `json:"account,omitempty"`
	Count   int64     `json:"count"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

// openLedger reads what was sent. A file that says nothing is as good as none.
func openLedger(files files, now time.Time) (*ledger, error) {
	l := &ledger{files: files, grew: make(chan struct{}, 1)}
	raw, err := files.Read(sentFile)
	if err != nil && !nothingKept(err) {
		return nil, err
	}
	if err != nil || json.Unmarshal(raw, &l.kept) != nil || l.kept.Since.IsZero() {
		l.kept = sentState{Since: now}
	}
	return l, nil
}

// note counts what was sent.
func (l *ledger) note(now time.Time, all []said) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range all {
		i := slices.IndexFunc(l.kept.Entries, func(e sentEntry) bool { return e.Text == s.text && e.Account == s.account })
		if i < 0 {
			i = len(l.kept.Entries)
			l.kept.Entries = append(l.kept.Entries, sentEntry{Text: s.text, Account: s.account, First: now})
			l.saved = time.Time{} // something new is written soon
		}
		e := &l.kept.Entries[i]
		e.Count++
		e.Last = now
		l.dirty = true
	}
	l.forgetOld(now)
	if l.dirty && (l.saved.IsZero() || now.Sub(l.saved).Abs() >= sentEvery) {
		l.saved = now
		poke(l.grew)
	}
}

// forgetOld keeps the ledger within its bounds.
func (l *ledger) forgetOld(now time.Time) {
	l.kept.Entries = slices.DeleteFunc(l.kept.Entries, func(e sentEntry) bool { return now.Sub(e.Last) > sentAge })
	for len(l.kept.Entries) > sentKept {
		oldest := slices.MinFunc(l.kept.Entries, func(a, b sentEntry) int { return a.Last.Compare(b.Last) })
		l.kept.Entries = slices.DeleteFunc(l.kept.Entries, func(e sentEntry) bool { return e == oldest })
	}
	if oldest := now.Add(-sentAge); l.kept.Since.Before(oldest) {
		l.kept.Since = oldest
	}
}

// save writes down what is new.
func (l *ledger) save() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.dirty {
		return nil
	}
	raw, err := json.Marshal(l.kept)
	if err != nil {
		return fmt.Errorf("encode ledger: %w", err)
	}
	if err := l.files.Write(sentFile, raw); err != nil {
		return err
	}
	l.dirty = false
	return nil
}

// forget begins anew: who leaves a hub leaves nothing behind.
func (l *ledger) forget() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept, l.dirty, l.saved = sentState{Since: l.kept.Since}, false, time.Time{}
	return l.files.Remove(sentFile)
}

func (l *ledger) list() sentState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return sentState{l.kept.Since, slices.Clone(l.kept.Entries)}
}

// onSend hears of each message to the hub.
func (a *Agent) onSend(method string, m proto.Message) (left func()) {
	all := a.saidOf(method, m)
	return func() { a.sent.note(a.wall(), all) }
}

// keepLedger writes the ledger down, a little after something was added to it.
func (a *Agent) keepLedger(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-a.sent.grew:
			sleep(ctx, sentRest)
		case <-ctx.Done():
		}
		if err := a.sent.save(); err != nil {
			a.log.Error("write ledger", "error", err)
		}
	}
}

// Sent lists what left this device, the last first.
func (a *Agent) Sent() *v1.LocalServiceListSentResponse {
	kept := a.sent.list()
	slices.SortStableFunc(kept.Entries, func(x, y sentEntry) int { return y.Last.Compare(x.Last) })
	answer := &v1.LocalServiceListSentResponse{Since: timestamppb.New(kept.Since)}
	for _, e := range kept.Entries {
		answer.Sent = append(answer.Sent, &v1.Sent{
			Text: e.Text, Account: e.Account, Count: e.Count, First: timestamppb.New(e.First), Last: timestamppb.New(e.Last),
		})
	}
	return answer
}
