package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/native"
)

const sessionsFile = "browser.json"

// openSession is a lease that may have left something in browser profiles: a value was filled in there, or a session
// began. It is on the disk before that happens, and until each of them has said that nothing is left.
type openSession struct {
	LeaseID   string           `json:"lease_id"`
	RequestID string           `json:"request_id"`
	Network   keyshift.Network `json:"network"`
	Handle    string           `json:"handle"`
	// Delegated leases are worked with on the network's own pages for roles, too.
	Delegated bool `json:"delegated,omitempty"`
	// Profiles are those that have not confirmed yet.
	Profiles []string `json:"profiles"`
	// Elsewhere: the secret or a code was also given to the user, who may have used it anywhere.
	Elsewhere bool `json:"elsewhere,omitempty"`
	// SignOut is how signing out at the network went, in the profile where it went worst.
	SignOut native.SignOut `json:"sign_out,omitempty"`
	// PendingTold: the hub heard that a browser was closed before it cleaned up.
	PendingTold bool `json:"pending_told,omitempty"`
}

// sessions keeps what browsers owe.
type sessions struct {
	files files

	mu        sync.Mutex
	open      []openSession
	connected map[string]int // profiles, and how often
}

// openSessions reads what is owed. A file that says nothing is as good as none: the extension cleans at its start whatever
// has no lease.
func openSessions(files files) (*sessions, error) {
	s := &sessions{files: files}
	raw, err := files.Read(sessionsFile)
	if err != nil && !nothingKept(err) {
		return nil, err
	}
	if err == nil && json.Unmarshal(raw, &s.open) != nil {
		s.open = nil
	}
	return s, nil
}

func (s *sessions) list() []openSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.open)
}

// owed reports whether any profile still owes the clean-up of a lease.
func (s *sessions) owed(lease string) bool {
	return slices.ContainsFunc(s.list(), func(o openSession) bool { return o.LeaseID == lease && len(o.Profiles) > 0 })
}

// find gives what is known of a lease.
func (s *sessions) find(lease string) openSession {
	for _, o := range s.list() {
		if o.LeaseID == lease {
			return o
		}
	}
	return openSession{}
}

// connect takes note that a profile talks to the agent, or does so no more.
func (s *sessions) connect(profile string, by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connected == nil {
		s.connected = map[string]int{}
	}
	if s.connected[profile] += by; s.connected[profile] <= 0 {
		delete(s.connected, profile)
	}
}

// pending reports whether a browser that has to clean up is not there.
func (s *sessions) pending(o openSession) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(o.Profiles, func(p string) bool { return s.connected[p] == 0 })
}

// cleaning reports whether a browser that is there has to clean up.
func (s *sessions) cleaning() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.open, func(o openSession) bool {
		return slices.ContainsFunc(o.Profiles, func(p string) bool { return s.connected[p] > 0 })
	})
}

// change replaces the list by what f makes of it. When the disk refuses, the memory knows it all the same if keep says so.
func (s *sessions) change(keep bool, f func([]openSession) []openSession) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := f(slices.Clone(s.open))
	raw, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("encode open sessions: %w", err)
	}
	err = s.files.Write(sessionsFile, raw)
	if err == nil || keep {
		s.open = next
	}
	if err != nil {
		return storageError(err)
	}
	return nil
}

// note says that something of a lease may be in a profile from now on.
func (s *sessions) note(rec record, profile string) error {
	if slices.ContainsFunc(s.list(), func(o openSession) bool {
		return o.LeaseID == rec.Lease.GetId() && slices.Contains(o.Profiles, profile)
	}) {
		return nil
	}
	return s.change(false, func(list []openSession) []openSession {
		i := slices.IndexFunc(list, func(o openSession) bool { return o.LeaseID == rec.Lease.GetId() })
		if i < 0 {
			i = len(list)
			list = append(list, openSession{
				LeaseID: rec.Lease.GetId(), RequestID: rec.RequestID, Network: networkOf(rec.Lease.GetNetwork()), Handle: rec.Lease.GetHandle(),
				Delegated: delegated(rec.Lease),
			})
		}
		list[i].Profiles = append(slices.Clone(list[i].Profiles), profile)
		return list
	})
}

// worse orders how signing out went.
var worse = []native.SignOut{"", native.SignOutDone, native.SignOutNotPossible, native.SignOutFailed}

// clean says that nothing of a lease is in a profile any more.
func (s *sessions) clean(lease, profile string, signOut native.SignOut) error {
	return s.change(true, func(list []openSession) []openSession {
		for i, o := range list {
			if o.LeaseID == lease {
				list[i].Profiles = slices.DeleteFunc(slices.Clone(o.Profiles), func(p string) bool { return p == profile })
				if len(list[i].Profiles) < len(o.Profiles) && slices.Index(worse, signOut) > slices.Index(worse, o.SignOut) {
					list[i].SignOut = signOut
				}
			}
		}
		return list
	})
}

// elsewhere keeps, of a lease that is forgotten otherwise, that it was not only used in browsers.
func (s *sessions) elsewhere(lease string) error {
	if !slices.ContainsFunc(s.list(), func(o openSession) bool { return o.LeaseID == lease }) {
		return nil
	}
	return s.change(true, func(list []openSession) []openSession {
		for i := range list {
			list[i].Elsewhere = list[i].Elsewhere || list[i].LeaseID == lease
		}
		return list
	})
}

// pendingTold keeps that the hub knows of a missing browser.
func (s *sessions) pendingTold(lease string) error {
	return s.change(true, func(list []openSession) []openSession {
		for i := range list {
			list[i].PendingTold = list[i].PendingTold || list[i].LeaseID == lease
		}
		return list
	})
}

func (s *sessions) drop(lease string) error {
	return s.change(true, func(list []openSession) []openSession {
		return slices.DeleteFunc(list, func(o openSession) bool { return o.LeaseID == lease })
	})
}

// tellSessions tells the hub of each lease whose last session was closed after its secret was wiped, now or when the hub is
// in reach again.
func (a *Agent) tellSessions(ctx context.Context) {
	timer := time.NewTimer(tellAgain)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Stop()
		if a.tellClosed(ctx) != nil {
			timer.Reset(tellAgain)
		}
		select {
		case <-a.closedSoon:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

// tellClosed tells what can be told, and gives the first error of what remains.
func (a *Agent) tellClosed(ctx context.Context) error {
	var failed error
	for _, o := range a.sessions.list() {
		if _, held := a.journal.byLease(o.LeaseID); held {
			continue // the receipt of its wipe says so
		}
		if err := a.tellSession(ctx, o); err != nil {
			a.log.Info("tell of a closed session again later", "lease_id", o.LeaseID, "error", err)
			failed = err
		}
	}
	return failed
}

// tellSession tells of one lease whose wipe was told: that its sessions are closed, or that a browser is missing.
func (a *Agent) tellSession(ctx context.Context, o openSession) error {
	switch {
	case len(o.Profiles) == 0:
		told, err := a.tellReceipt(ctx, a.closedReceipt(o))
		if err != nil || !told {
			return err
		}
		return a.sessions.drop(o.LeaseID)
	case a.sessions.pending(o) && !o.PendingTold:
		told, err := a.tellReceipt(ctx, &v1.Receipt{
			LeaseId: o.LeaseID, Step: v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED, SessionUnconfirmed: true, BrowserPending: true,
		})
		if err != nil || !told {
			return err
		}
		return a.sessions.pendingTold(o.LeaseID)
	}
	return nil
}

// closedReceipt says that every browser is clean; nil if that does not make the session a closed one.
func (a *Agent) closedReceipt(o openSession) *v1.Receipt {
	if o.Elsewhere {
		return nil
	}
	return &v1.Receipt{LeaseId: o.LeaseID, Step: v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED, SignOut: string(o.SignOut)}
}

// tellReceipt reports whether the hub has a receipt, or there is nobody to hear it. Out of reach it is told later, by whoever
// finds the hub again.
func (a *Agent) tellReceipt(ctx context.Context, receipt *v1.Receipt) (told bool, err error) {
	l := a.link.Load()
	if l == nil || receipt == nil {
		return true, nil
	}
	if !a.online.Load() {
		return false, nil
	}
	s, err := l.talk(ctx)
	if err != nil {
		return false, err
	}
	if err := a.report(ctx, s, receipt); !final(err) {
		return false, err
	}
	return true, nil
}
