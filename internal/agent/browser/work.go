package browser

import (
	"context"
	"strings"
	"sync"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// Work are the browsers that the agent starts, one for each account and apart from the user's own.
type Work interface {
	// Open opens an address in the browser of an account, and says in which one, and what keeps it apart.
	Open(account, address string) (browser string, mode native.ProfileMode, err error)
	// Close ends the browser of an account and deletes what it left. One that does not run is closed.
	Close(ctx context.Context, account string) error
	// AccountOf tells for which account the browser was started below which a process runs.
	AccountOf(pid int) (account string, ok bool)
}

// NoWork starts no browser.
type NoWork struct{}

// Open refuses.
func (NoWork) Open(string, string) (string, native.ProfileMode, error) {
	return "", "", keyshift.Refuse(keyshift.CodeUnavailable, "This agent starts no browser.", "Open the network in your own, and use the extension there.")
}

// Close has nothing to do.
func (NoWork) Close(context.Context, string) error { return nil }

// AccountOf knows none.
func (NoWork) AccountOf(int) (string, bool) { return "", false }

const (
	// openLimit is how long opening an account counts as asking for a fill.
	openLimit = 2 * time.Minute
	// closeGrace is how long a work browser may sign out and clean up before it is closed.
	closeGrace = 6 * time.Second
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

// opened remembers which leases the user opened lately.
type opened struct {
	mu    sync.Mutex
	times map[string]time.Time
}

func (o *opened) note(lease string, until time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.times == nil {
		o.times = map[string]time.Time{}
	}
	o.times[lease] = until
}

func (o *opened) until(lease string) time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.times[lease]
}

// OpenAccount opens the network of a held account in its work browser. The extension may fill in the login there for two
// minutes without being asked again.
func (s *Server) OpenAccount(_ context.Context, name string) (*v1.LocalServiceOpenAccountResponse, error) {
	l, err := s.held(name)
	if err != nil {
		return nil, err
	}
	p, _, ok := s.Packs.Pack(networkOf(l))
	if !ok {
		return nil, keyshift.Refuse(keyshift.CodeNotFound, "There is no site pack of this network, so it cannot be opened.", "Ask your admin to publish one.")
	}
	s.opened.note(l.GetId(), s.Now().Add(openLimit))
	browser, mode, err := s.Work.Open(accountName(l), entrance(p, l))
	if err != nil {
		return nil, err
	}
	s.Engine.Ring()
	return &v1.LocalServiceOpenAccountResponse{Browser: browser, Mode: string(mode)}, nil
}

// entrance is the page to begin on: for a delegated account the network's own, otherwise that of the log-in.
func entrance(p pack.Pack, l *v1.Lease) string {
	if l.GetAccessMode() == v1.AccessMode_ACCESS_MODE_DELEGATED && len(p.Delegated) > 0 {
		return p.Delegated[0].URL
	}
	return p.LoginURL
}

// held finds a live lease by its id, by "network/handle", "@handle" or "handle".
func (s *Server) held(name string) (*v1.Lease, error) {
	var found []*v1.Lease
	for _, l := range s.Engine.Browsing("").Leases {
		if l.GetId() == name {
			return l, nil
		}
		if strings.EqualFold(name, accountName(l)) || strings.EqualFold(strings.TrimPrefix(name, "@"), l.GetHandle()) {
			found = append(found, l)
		}
	}
	switch len(found) {
	case 0:
		e := keyshift.NotFound("lease", name)
		e.Hint = "Check the account out first: keyshift-agent checkout."
		return nil, e
	case 1:
		return found[0], nil
	}
	return nil, keyshift.Invalid(keyshift.CodeFieldInvalid, "“"+keyshift.CleanText(name, 80)+"” can mean more than one account.", "Name the network too, as in x/acme.")
}

// closers end the work browsers of leases that are over.
type closers struct {
	mu      sync.Mutex
	live    map[string]string // lease to account
	closing map[string]bool   // accounts
}

// over gives the leases that were live at the last look and are not now, without those whose account has another lease.
func (c *closers) over(leases []*v1.Lease) map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, accounts, ended := map[string]string{}, map[string]bool{}, map[string]string{}
	for _, l := range leases {
		now[l.GetId()], accounts[accountName(l)] = accountName(l), true
	}
	for id, account := range c.live {
		if _, still := now[id]; !still && !accounts[account] && !c.closing[account] {
			ended[id] = account
		}
	}
	c.live = now
	for _, account := range ended {
		if c.closing == nil {
			c.closing = map[string]bool{}
		}
		c.closing[account] = true
	}
	return ended
}

func (c *closers) closed(account string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.closing, account)
}

// closeWork closes the work browser of an account after the end of its lease. The extension has a few seconds to sign out
// and clean up; what it does not manage goes with the folder.
func (s *Server) closeWork(ctx context.Context, lease, account string) {
	defer s.closers.closed(account)
	for _, c := range s.all() {
		if c.profileID() == workPrefix+account {
			c.event(native.TypeBrowserClose, native.LeaseRef{LeaseID: lease})
		}
	}
	s.awaitClean(ctx, lease, workPrefix+account)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
	defer cancel()
	if err := s.Work.Close(ctx, account); err != nil {
		s.Log.Error("close work browser", "error", err)
	}
}

// awaitClean waits until a profile owes nothing of a lease, at most closeGrace.
func (s *Server) awaitClean(ctx context.Context, lease, profile string) {
	changes, cancel := s.Engine.Subscribe()
	defer cancel()
	timer := time.NewTimer(closeGrace)
	defer timer.Stop()
	for s.owes(profile, lease) {
		select {
		case <-changes:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (s *Server) owes(profile, lease string) bool {
	for _, o := range s.Engine.Browsing(profile).Owed {
		if o.LeaseID == lease {
			return true
		}
	}
	return false
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
