package browser

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// Work are the browsers that the agent starts, one for each account and apart from the user's own.
type Work interface {
	// Open opens an address in the browser of an account.
	Open(WorkOrder) (WorkOpened, error)
	// Close ends the browser of an account and deletes what it left; where the order said to keep it, all but settings,
	// bookmarks and extensions. One that does not run is closed.
	Close(ctx context.Context, account string) error
	// CloseAll ends all browsers and deletes what they left.
	CloseAll(ctx context.Context) error
	// AccountOf tells for which account the browser was started below which a process runs.
	AccountOf(pid int) (account string, ok bool)
}

// WorkOrder says what to open, and how the company wants it.
type WorkOrder struct {
	Account, Address string
	// Browser is the id of the wanted browser; empty is any.
	Browser string
	// Keep leaves the browser's folder between leases.
	Keep bool
}

// WorkOpened says in which browser it was opened, and what keeps it apart.
type WorkOpened struct {
	Browser string
	Mode    native.ProfileMode
	// Missing is the wanted browser, if another one had to be taken.
	Missing string
}

// NoWork starts no browser.
type NoWork struct{}

// Open refuses.
func (NoWork) Open(WorkOrder) (WorkOpened, error) {
	return WorkOpened{}, keyshift.Refuse(keyshift.CodeUnavailable, "This agent starts no browser.", "Open the network in your own, and use the extension there.")
}

// Close has nothing to do.
func (NoWork) Close(context.Context, string) error { return nil }

// CloseAll has nothing to do.
func (NoWork) CloseAll(context.Context) error { return nil }

// AccountOf knows none.
func (NoWork) AccountOf(int) (string, bool) { return "", false }

const (
	// closeGrace is how long a work browser may sign out and clean up before it is closed.
	closeGrace = 4 * time.Second
	// closeLimit is how long closing it may take altogether.
	closeLimit = 30 * time.Second
)

// workPrefix begins the id of the profile in a work browser: it is the account's, whatever key it makes, because its folder
// is new at each start.
const workPrefix = "work:"

// accountName names an account for folders, files and people.
func accountName(l *v1.Lease) string { return string(wordOf(l)) + "/" + l.GetHandle() }

func wordOf(l *v1.Lease) keyshift.Network {
	return keyshift.Network(strings.ToLower(strings.TrimPrefix(l.GetNetwork().String(), "NETWORK_")))
}

// networkOf names the site pack of a lease's account.
func networkOf(l *v1.Lease) string { return keyshift.PackName(wordOf(l), l.GetHandle()) }

// closers end the work browsers of leases that are over.
type closers struct {
	mu      sync.Mutex
	closing map[string]bool // accounts
}

// due gives the accounts whose work browsers owe something, without those that are being closed and those that have a live
// lease. They count as being closed from now on.
func (c *closers) due(owing []string, leases []*v1.Lease) (accounts []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing == nil {
		c.closing = map[string]bool{}
	}
	for _, profile := range owing {
		account, work := strings.CutPrefix(profile, workPrefix)
		live := slices.ContainsFunc(leases, func(l *v1.Lease) bool { return accountName(l) == account })
		if work && !live && !c.closing[account] {
			c.closing[account] = true
			accounts = append(accounts, account)
		}
	}
	return accounts
}

func (c *closers) closed(account string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.closing, account)
}

// closeWork closes the work browser of an account whose leases are over. The extension has a few seconds to sign out and clean
// up; what it does not manage goes with the folder. What fails is tried again with the next look.
func (s *Server) closeWork(ctx context.Context, account string) {
	defer s.closers.closed(account)
	profile := workPrefix + account
	for _, c := range s.all() {
		for _, o := range s.Engine.Browsing(profile).Owed {
			if c.profileID() == profile {
				c.event(native.TypeBrowserClose, native.LeaseRef{LeaseID: o.LeaseID})
			}
		}
	}
	s.awaitClean(ctx, profile)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
	defer cancel()
	if err := s.Work.Close(ctx, account); err != nil {
		s.Log.Error("close work browser", "error", err)
		time.AfterFunc(lookAgain, s.Engine.Ring) // then it is tried again
		return
	}
	s.WorkEnded(account)
}

// awaitClean waits until a profile that is there owes nothing, at most closeGrace.
func (s *Server) awaitClean(ctx context.Context, profile string) {
	changes, cancel := s.Engine.Subscribe()
	defer cancel()
	timer := time.NewTimer(closeGrace)
	defer timer.Stop()
	for s.there(profile) && len(s.Engine.Browsing(profile).Owed) > 0 {
		select {
		case <-changes:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// there reports whether a profile talks to the agent.
func (s *Server) there(profile string) bool {
	return slices.ContainsFunc(s.all(), func(c *conn) bool { return c.profileID() == profile })
}

// WorkEnded takes note that the browser of an account ended and its folder is gone: nothing of the account's leases is left
// there, whether or not the extension could say so.
func (s *Server) WorkEnded(account string) {
	profile := workPrefix + account
	for _, o := range s.Engine.Browsing(profile).Owed {
		if err := s.Engine.SessionClosed(profile, o.LeaseID, native.SignOutFailed); err != nil {
			s.Log.Error("write open sessions", "error", err)
		}
	}
	s.Engine.Ring()
}
