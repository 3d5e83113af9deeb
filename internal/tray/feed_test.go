package tray

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// heard is something that an agent says in its events.
type heard struct {
	status *v1.LocalServiceGetStatusResponse
	err    error
}

// teller is an agent that says what it is told to, and whose hub takes its time.
type teller struct {
	Agent
	says  chan heard
	again chan struct{}
	hub   time.Duration
	asked int
	err   error
}

func (a *teller) Events(ctx context.Context) iter.Seq2[*v1.LocalServiceGetStatusResponse, error] {
	return func(yield func(*v1.LocalServiceGetStatusResponse, error) bool) {
		for {
			select {
			case h := <-a.says:
				if !yield(h.status, h.err) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

func (a *teller) Reminders(context.Context) (*v1.LocalServiceListRemindersResponse, error) {
	return &v1.LocalServiceListRemindersResponse{MayPauseToday: true}, nil
}

func (a *teller) Texts(context.Context) (*v1.LocalServiceListTextsResponse, error) {
	return &v1.LocalServiceListTextsResponse{}, nil
}

func (a *teller) RelayRequests(context.Context) (*v1.LocalServiceListRelayRequestsResponse, error) {
	return &v1.LocalServiceListRelayRequestsResponse{Requests: []*v1.RelayRequest{{Id: "1"}}}, nil
}

func (a *teller) Accounts(context.Context) (*v1.LocalServiceListAccountsResponse, error) {
	<-time.After(a.hub)
	a.asked++
	return &v1.LocalServiceListAccountsResponse{Accounts: []*v1.Lendable{{Handle: "acme"}}}, a.err
}

// follow runs a feed in a bubble, and gives what it showed last.
func follow(t *testing.T, a *teller, story func(last func() Picture)) {
	synctest.Test(t, func(t *testing.T) {
		a.says, a.again = make(chan heard), make(chan struct{})
		var last atomic.Pointer[Picture]
		f := Feed{Agent: a, Now: time.Now, Again: a.again, Show: func(p Picture) { last.Store(&p) }}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); f.Run(ctx) }()
		story(func() Picture { synctest.Wait(); return *last.Load() })
		stop()
		<-done
	})
}

func TestWhatTheAgentKnowsDoesNotWaitForTheHub(t *testing.T) {
	a := &teller{hub: time.Minute}
	follow(t, a, func(last func() Picture) {
		a.says <- heard{status: enrolled(lease("acme", time.Hour)).Status}
		if p := last(); len(p.Leases()) != 1 || p.Reminders == nil || p.Texts == nil || len(p.Relays) != 1 || p.Accounts != nil {
			t.Errorf("while the hub is asked the picture is %+v", p)
		}
		a.says <- heard{status: enrolled().Status}
		if p := last(); len(p.Leases()) != 0 {
			t.Error("the end of the lease waits for the hub")
		}
		<-time.After(3 * time.Minute)
		if p := last(); len(p.Accounts) != 1 || a.asked != 2 {
			t.Errorf("asked %d times, and the picture is %+v", a.asked, p)
		}
	})
}

func TestManyEventsAreFewQuestions(t *testing.T) {
	a := &teller{hub: time.Minute}
	follow(t, a, func(last func() Picture) {
		a.says <- heard{status: enrolled().Status}
		last()
		for range 50 {
			a.says <- heard{status: enrolled().Status}
		}
		<-time.After(time.Hour)
		last()
		if a.asked != 2 {
			t.Errorf("the hub was asked %d times for 51 events, want 2", a.asked)
		}
	})
}

// TestWhoLooksSeesWhoHoldsAnAccount, though the agent says nothing of itself.
func TestWhoLooksSeesWhoHoldsAnAccount(t *testing.T) {
	a := &teller{}
	follow(t, a, func(last func() Picture) {
		a.again <- struct{}{} // nobody is enrolled yet
		a.says <- heard{status: enrolled().Status}
		if p := last(); len(p.Accounts) != 1 || a.asked != 1 {
			t.Errorf("asked %d times, and the picture is %+v", a.asked, p)
		}
		a.again <- struct{}{}
		if last(); a.asked != 2 {
			t.Errorf("the hub was asked %d times, want 2", a.asked)
		}
	})
}

func TestAnAnswerThatComesTooLateIsNotShown(t *testing.T) {
	a := &teller{hub: time.Minute}
	follow(t, a, func(last func() Picture) {
		a.says <- heard{status: enrolled().Status}
		last()
		a.says <- heard{status: &v1.LocalServiceGetStatusResponse{}} // unenrolled while the hub is asked
		<-time.After(time.Hour)
		if p := last(); p.Accounts != nil || a.asked != 1 {
			t.Errorf("asked %d times, and the picture is %+v", a.asked, p)
		}
	})
}

func TestAnAgentThatGoesAndComesBack(t *testing.T) {
	a := &teller{}
	follow(t, a, func(last func() Picture) {
		a.says <- heard{status: enrolled().Status}
		if p := last(); len(p.Accounts) != 1 {
			t.Fatalf("the picture is %+v", p)
		}
		a.says <- heard{err: errors.New("connection reset")}
		if p := last(); p.Status != nil || p.Accounts != nil || p.Reminders != nil || p.Problem == nil || p.Problem.Code != keyshift.CodeInternal {
			t.Errorf("without the agent the picture is %+v", p)
		}
		a.err = keyshift.Refuse(keyshift.CodeHubUnreachable, "No hub.", "")
		a.says <- heard{status: enrolled().Status}
		if p := last(); p.Problem != nil || p.Accounts != nil || p.AccountsProblem == nil || p.Reminders == nil {
			t.Errorf("with the agent and without the hub the picture is %+v", p)
		}
	})
}
