package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

const (
	callersFile = "callers.json"
	// callersEvery is how often the hub is told of refused callers at most: whoever knocks all day makes one event a minute.
	callersEvery = time.Minute
)

// callers counts other OS users whom the agent refused, until the hub has heard of them. A crash may lose a part of a
// count, not that there was one: the first of each report is on the disk at once.
type callers struct {
	files files

	mu    sync.Mutex
	state callersState
	dirty bool
}

// callersState is what has to survive a restart.
type callersState struct {
	// Sending is on its way under RequestID: it stays as it is until it is answered.
	RequestID string                  `json:"request_id,omitempty"`
	Sending   keyshift.RefusedCallers `json:"sending,omitempty"`
	// Waiting came since.
	Waiting keyshift.RefusedCallers `json:"waiting,omitempty"`
	// Sent is when the last report was sent first, by the wall clock.
	Sent time.Time `json:"sent"`
}

// openCallers reads what the hub has not heard yet. A file that says nothing is as good as none.
func openCallers(files files) (*callers, error) {
	c := &callers{files: files}
	raw, err := files.Read(callersFile)
	if err != nil && !nothingKept(err) {
		return nil, err
	}
	if err == nil && json.Unmarshal(raw, &c.state) != nil {
		c.state = callersState{}
	}
	return c, nil
}

func (c *callers) add(kind keyshift.CallerKind) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.Waiting == nil {
		c.state.Waiting = keyshift.RefusedCallers{}
	}
	c.state.Waiting.Add(kind)
	c.dirty = true
}

// wait is how long the next report has to wait, and whether there is one.
func (c *callers) wait(now time.Time) (d time.Duration, some bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A clock that was set back makes it wait no longer than a report ever has to.
	return min(max(c.state.Sent.Add(callersEvery).Sub(now), 0), callersEvery), len(c.state.Sending)+len(c.state.Waiting) > 0
}

// next gives the report to send: the one that was not answered, or what came since under a new request id.
func (c *callers) next(newID func() string, now time.Time) (*v1.NoteRefusedCallersRequest, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.state
	if len(s.Sending) == 0 {
		s.RequestID, s.Sending, s.Waiting = newID(), s.Waiting, nil
	}
	s.Sent, c.dirty = now, true
	return &v1.NoteRefusedCallersRequest{
		RequestId: s.RequestID, ByAdmin: s.Sending[keyshift.CallerAdmin], ByService: s.Sending[keyshift.CallerService],
		ByUser: s.Sending[keyshift.CallerUser], ByUnknown: s.Sending[keyshift.CallerUnknown], PlaceTaken: s.Sending[keyshift.CallerSquatter],
	}, c.keep()
}

// answered forgets the report that the hub has heard, or does not want to.
func (c *callers) answered() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.RequestID, c.state.Sending, c.dirty = "", nil, true
	return c.keep()
}

// save writes down what is new.
func (c *callers) save() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.keep()
}

func (c *callers) keep() error {
	if !c.dirty {
		return nil
	}
	raw, err := json.Marshal(c.state)
	if err != nil {
		return fmt.Errorf("encode refused callers: %w", err)
	}
	if err := c.files.Write(callersFile, raw); err != nil {
		return err
	}
	c.dirty = false
	return nil
}

// forget begins anew, for another hub.
func (c *callers) forget() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.dirty = callersState{}, false
	return c.files.Remove(callersFile)
}

// NoteRefused counts a local caller whom the agent refused because another OS user called. The hub hears of it, at most
// once a minute; without a hub nobody does. It does not block.
func (a *Agent) NoteRefused(kind keyshift.CallerKind) {
	if a.link.Load() == nil {
		return
	}
	a.callers.add(kind)
	poke(a.callerCame)
}

// tellOfCallers tells the hub of refused callers, now or when it is in reach again.
func (a *Agent) tellOfCallers(ctx context.Context) {
	for ctx.Err() == nil {
		if err := a.callers.save(); err != nil {
			a.log.Error("write refused callers", "error", err)
		}
		wait, some := a.callers.wait(a.wall())
		if some && a.online.Load() && sleep(ctx, wait) {
			a.tellCallers(ctx)
			continue
		}
		select {
		case <-a.callerCame:
		case <-ctx.Done():
		}
	}
}

// sleep reports whether the whole time passed.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (a *Agent) tellCallers(ctx context.Context) {
	_, s, err := a.talk(ctx)
	if err != nil {
		return
	}
	report, err := a.callers.next(a.newID, a.wall())
	if err != nil {
		a.log.Error("write refused callers", "error", err)
		return
	}
	_, _, err = hubclient.Ask(ctx, s.hub.NoteRefusedCallers, report)
	err = a.heard(err)
	if !heardOut(err) {
		a.log.Info("report refused callers again later", "error", err)
		return
	}
	if err := a.callers.answered(); err != nil {
		a.log.Error("write refused callers", "error", err)
	}
}

// heardOut reports whether it is of no use to send the same report again.
func heardOut(err error) bool {
	switch keyshift.CodeOf(err) {
	case "", keyshift.CodeNotFound, keyshift.CodeDeviceNotTrusted, keyshift.CodeUserInactive, keyshift.CodeFieldInvalid, keyshift.CodeRequestIDReused:
		return true
	}
	return false
}
