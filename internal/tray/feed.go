package tray

import (
	"context"
	"errors"
	"sync"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Feed follows an agent and gives a new picture whenever something changed: at once with what the agent says of itself, and
// again with each answer that completes it. So nothing that the agent knows waits for a hub that is slow to answer.
type Feed struct {
	Agent Agent
	Now   func() time.Time
	// Show gets every new picture, one after the other, on goroutines of the feed.
	Show func(Picture)
	// Again has the accounts asked for once more with each value, as when somebody looks: who holds a busy one is not told
	// by itself. It may be nil.
	Again <-chan struct{}

	mu      sync.Mutex
	picture Picture
}

// Run follows the agent until ctx ends, or the agent's events do.
func (f *Feed) Run(ctx context.Context) {
	ask := make(chan struct{}, 1)
	var asking sync.WaitGroup
	asking.Go(func() { f.complete(ctx, ask) })
	for status, err := range f.Agent.Events(ctx) {
		f.change(ctx, func(p *Picture) { take(p, status, err, f.Now()) })
		if status.GetEnrolled() {
			select {
			case ask <- struct{}{}:
			default: // it will be asked anyway
			}
		}
	}
	close(ask)
	asking.Wait()
}

// change changes the picture, and shows it.
func (f *Feed) change(ctx context.Context, change func(*Picture)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.picture)
	if ctx.Err() == nil {
		f.Show(f.picture)
	}
}

func take(p *Picture, status *v1.LocalServiceGetStatusResponse, err error, now time.Time) {
	p.Status, p.Problem, p.At = status, Explain(err), now
	if !status.GetEnrolled() {
		p.Accounts, p.AccountsAsked, p.AccountsProblem, p.Reminders, p.Texts, p.Relays = nil, false, nil, nil, nil, nil
	}
}

// complete asks for the rest of the picture whenever it may have changed.
func (f *Feed) complete(ctx context.Context, ask <-chan struct{}) {
	for {
		select {
		case _, open := <-ask:
			if !open {
				return
			}
			f.askAgent(ctx)
			f.askHub(ctx)
		case <-f.Again:
			if f.enrolled() {
				f.askHub(ctx)
			}
		}
	}
}

func (f *Feed) enrolled() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.picture.Status.GetEnrolled()
}

// askAgent asks for what the agent knows by itself. What cannot be had stays as it was.
func (f *Feed) askAgent(ctx context.Context) {
	reminders, noReminders := f.Agent.Reminders(ctx)
	texts, noTexts := f.Agent.Texts(ctx)
	relays, noRelays := f.Agent.RelayRequests(ctx)
	f.change(ctx, func(p *Picture) {
		if noReminders == nil && p.Status.GetEnrolled() {
			p.Reminders = reminders
		}
		if noTexts == nil && p.Status.GetEnrolled() {
			p.Texts = texts
		}
		if noRelays == nil && p.Status.GetEnrolled() {
			p.Relays = relays.GetRequests()
		}
	})
}

// askHub asks for what the agent has to ask the hub for.
func (f *Feed) askHub(ctx context.Context) {
	accounts, err := f.Agent.Accounts(ctx)
	f.change(ctx, func(p *Picture) {
		if !p.Status.GetEnrolled() {
			return
		}
		p.AccountsAsked, p.AccountsProblem = true, Explain(err)
		if err == nil {
			p.Accounts = accounts.GetAccounts()
		}
	})
}

// Explain is an error as people may see it; nil for nil.
func Explain(err error) *keyshift.Error {
	var e *keyshift.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	}
	return &keyshift.Error{Code: keyshift.CodeInternal, Text: "Something went wrong in the tray.", Hint: "Try again.", Cause: err}
}
