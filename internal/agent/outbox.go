package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

const (
	outboxFile = "outbox.json"
	// maxMistakes is how many self-reports wait at most. Acknowledgements are bounded by what there is to read.
	maxMistakes = 20
	// maxNotes is how many notes of browsers wait at most; the oldest go first.
	maxNotes = 100
	// tellAgain is how long to wait after the hub did not take something.
	tellAgain = 5 * time.Minute
)

// outbox keeps what the user has to tell the hub until the hub has it: self-reports and acknowledgements. What is in it is on
// the disk, and goes out once for each request id.
type outbox struct {
	files files

	mu   sync.Mutex
	kept outboxState
	// refused are the last reports that the hub will never take, with why, for users who still wait to hear.
	refused map[string]error
}

type outboxState struct {
	Waiting []outItem `json:"waiting,omitempty"`
	// Read is what was acknowledged on this device, by the id of the text.
	Read map[string]readText `json:"read,omitempty"`
}

// outItem is one message to the hub; exactly one of the pointers is there.
type outItem struct {
	RequestID string       `json:"request_id"`
	Mistake   *mistakeItem `json:"mistake,omitempty"`
	Read      *readText    `json:"read,omitempty"`
	Guard     *guardItem   `json:"guard,omitempty"`
	Draft     *draftItem   `json:"draft,omitempty"`
}

// valid reports whether there is one message.
func (i outItem) valid() bool {
	n := 0
	for _, there := range []bool{i.Mistake != nil, i.Read != nil, i.Guard != nil, i.Draft != nil} {
		if there {
			n++
		}
	}
	return n == 1
}

type mistakeItem struct {
	Text    string    `json:"text"`
	LeaseID string    `json:"lease_id,omitempty"`
	Account string    `json:"account,omitempty"`
	At      time.Time `json:"at"`
}

type readText struct {
	TextID  string    `json:"text_id"`
	Version string    `json:"version"`
	At      time.Time `json:"at"`
}

// openOutbox reads what waits. A file that says nothing is as good as none.
func openOutbox(files files) (*outbox, error) {
	o := &outbox{files: files, refused: map[string]error{}}
	raw, err := files.Read(outboxFile)
	if err != nil && !nothingKept(err) {
		return nil, err
	}
	if err == nil && json.Unmarshal(raw, &o.kept) != nil {
		o.kept = outboxState{}
	}
	o.kept.Waiting = slices.DeleteFunc(o.kept.Waiting, func(i outItem) bool { return !i.valid() })
	return o, nil
}

func (o *outbox) read() outboxState {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.kept
}

// change applies a change to a copy and keeps it only if the disk has it.
func (o *outbox) change(apply func(*outboxState) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	next := outboxState{Waiting: slices.Clone(o.kept.Waiting), Read: map[string]readText{}}
	for id, r := range o.kept.Read {
		next.Read[id] = r
	}
	if err := apply(&next); err != nil {
		return err
	}
	raw, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("encode outbox: %w", err)
	}
	if err := o.files.Write(outboxFile, raw); err != nil {
		return storageError(err)
	}
	o.kept = next
	return nil
}

// acknowledge keeps that a version of a text was read; said twice, also at the same time, it goes out once.
func (o *outbox) acknowledge(request string, read readText) error {
	return o.change(func(s *outboxState) error {
		if s.Read[read.TextID].Version == read.Version {
			return nil
		}
		s.Read[read.TextID] = read
		s.Waiting = append(s.Waiting, outItem{RequestID: request, Read: &read})
		return nil
	})
}

// drop forgets what the hub has.
func (o *outbox) drop(request string) error {
	return o.change(func(s *outboxState) error {
		s.Waiting = slices.DeleteFunc(s.Waiting, func(i outItem) bool { return i.RequestID == request })
		return nil
	})
}

// refuse takes note that the hub will never take a message.
func (o *outbox) refuse(request string, why error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.refused) >= maxMistakes {
		clear(o.refused)
	}
	o.refused[request] = why
}

// refusal is why the hub will never take a message; nil if it did, or may.
func (o *outbox) refusal(request string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.refused[request]
}

// forget begins anew, for another hub.
func (o *outbox) forget() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = outboxState{}
	return o.files.Remove(outboxFile)
}

func (s outboxState) mistakes() (n int32) {
	for _, i := range s.Waiting {
		if i.Mistake != nil {
			n++
		}
	}
	return n
}

func (s outboxState) waits(request string) bool {
	return slices.ContainsFunc(s.Waiting, func(i outItem) bool { return i.RequestID == request })
}

// tellHub sends what waits, now or when the hub is in reach again.
func (a *Agent) tellHub(ctx context.Context) {
	timer := time.NewTimer(tellAgain)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Stop()
		if len(a.outbox.read().Waiting) > 0 && a.online.Load() && a.sendOut(ctx) != nil {
			timer.Reset(tellAgain)
		}
		select {
		case <-a.outSoon:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

// sendOut sends everything that waits, and gives the first error of what goes on waiting.
func (a *Agent) sendOut(ctx context.Context) error {
	select {
	case a.sending <- struct{}{}:
		defer func() { <-a.sending }()
	case <-ctx.Done():
		return ctx.Err()
	}
	_, s, err := a.talk(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, item := range a.outbox.read().Waiting {
		err := a.heard(sendItem(ctx, s, item))
		if !taken(err) {
			a.log.Info("tell the hub again later", "request_id", item.RequestID, "error", err)
			failed = err
			continue
		}
		if err != nil {
			a.log.Warn("the hub will not take what it was told", "request_id", item.RequestID, "error", err)
			a.outbox.refuse(item.RequestID, err)
		}
		if err := a.outbox.drop(item.RequestID); err != nil {
			a.log.Error("write outbox", "error", err)
			failed = err
		}
	}
	return failed
}

func sendItem(ctx context.Context, s *line, item outItem) error {
	if m := item.Mistake; m != nil {
		_, _, err := hubclient.Ask(ctx, s.hub.ReportMistake, &v1.ReportMistakeRequest{
			RequestId: item.RequestID, Text: m.Text, LeaseId: m.LeaseID, Account: m.Account, NoticedAt: timestamppb.New(m.At),
		})
		return err
	}
	if item.Read == nil {
		return sendNote(ctx, s, item)
	}
	_, _, err := hubclient.Ask(ctx, s.hub.Acknowledge, &v1.AcknowledgeRequest{RequestId: item.RequestID, TextId: item.Read.TextID, Version: item.Read.Version})
	return err
}

// taken reports whether the hub has a message, or will never take it.
func taken(err error) bool {
	switch keyshift.CodeOf(err) {
	case "", keyshift.CodeFieldInvalid, keyshift.CodeRequestIDReused, keyshift.CodeNotFound:
		return true
	}
	return false
}
