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

// openLimit is how long opening an account counts as asking for a fill.
const openLimit = 2 * time.Minute

// OpenAccount opens the network of a held account in its work browser. The extension may fill in the login there for two
// minutes without being asked again. Where no browser of its own can be started, it is opened in one of the user's own that
// is there, and the answer says what keeps it apart.
func (s *Server) OpenAccount(ctx context.Context, name string) (*v1.LocalServiceOpenAccountResponse, error) {
	l, err := s.held(name)
	if err != nil {
		return nil, err
	}
	p, _, ok := s.Packs.Pack(networkOf(l))
	if !ok {
		return nil, keyshift.Refuse(keyshift.CodeNotFound, "There is no site pack of this network, so it cannot be opened.", "Ask your admin to publish one.")
	}
	order := WorkOrder{Account: accountName(l), Address: entrance(p, l)}
	order.Browser, order.Keep = s.Engine.WorkBrowser(ctx, l.GetId())
	profile, got, err := s.openSomewhere(l.GetId(), order)
	if err != nil {
		return nil, err
	}
	if err := s.Engine.SessionBegan(profile, l.GetId()); err != nil {
		return nil, err // it is over already: there is nothing to work with
	}
	s.Engine.Ring()
	return &v1.LocalServiceOpenAccountResponse{Browser: got.Browser, Mode: string(got.Mode), Missing: got.Missing}, nil
}

// openSomewhere opens a lease's account in its work browser, or else in the user's own, and says in which profile that is.
func (s *Server) openSomewhere(lease string, order WorkOrder) (profile string, got WorkOpened, err error) {
	until := s.Now().Add(openLimit)
	profile = workPrefix + order.Account
	s.openings.note(lease, opening{profile, until}) // before it is there, so that no other browser takes it for its own
	got, err = s.Work.Open(order)
	if err == nil {
		return profile, got, nil
	}
	own := s.ownProfile()
	if own == nil {
		return "", got, err
	}
	s.Log.Warn("no browser of its own, it is opened in the user's", "error", err)
	s.openings.note(lease, opening{own.profileID(), until})
	return own.profileID(), own.asOpened(), nil
}

// ownProfile gives a paired profile of the user's own that is there; one that keeps leases apart goes first, then one that has
// the attention.
func (s *Server) ownProfile() (own *conn) {
	for _, c := range s.all() {
		if c.isOwn() && (own == nil || c.fitness() > own.fitness()) {
			own = c
		}
	}
	return own
}

// isOwn tells of a paired profile that is no work browser's.
func (c *conn) isOwn() bool { return c.paired() && c.profileID() == c.profile().id() }

// fitness is higher for a profile in which something is rather opened.
func (c *conn) fitness() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mode == native.ModeContainer {
		n = 2
	}
	if c.focused {
		n++
	}
	return n
}

// asOpened is what there is to say of something that is opened in this profile.
func (c *conn) asOpened() WorkOpened {
	p := c.profile()
	return WorkOpened{Browser: string(p.Browser), Mode: p.Mode}
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

// openings are where the user opened leases, by their ids.
type openings struct {
	mu   sync.Mutex
	last map[string]opening
}

// opening is in which profile a lease was opened, and until when that counts as asking for a fill there.
type opening struct {
	profile string
	until   time.Time
}

func (o *openings) note(lease string, at opening) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last == nil {
		o.last = map[string]opening{}
	}
	o.last[lease] = at
}

// of is the last opening of a lease; the zero value if nobody opened it.
func (o *openings) of(lease string) opening {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last[lease]
}

// asksIn reports whether the user asked for a fill in a profile by opening a lease there.
func (o opening) asksIn(profile string, now time.Time) bool {
	return o.profile == profile && o.until.After(now)
}
