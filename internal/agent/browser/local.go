package browser

import (
	"context"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// BrowserProfiles lists the paired profiles, and those that ask to be.
func (s *Server) BrowserProfiles() []*v1.BrowserProfile {
	var list []*v1.BrowserProfile
	for _, p := range s.profiles.list() {
		m := s.describe(p)
		m.Paired, m.PairedAt = true, timestamppb.New(p.PairedAt)
		list = append(list, m)
	}
	for _, c := range s.all() {
		if id := c.profileID(); c.paired() && !s.profiles.paired(id) {
			m := s.describe(c.profile())
			m.Id, m.Paired, m.Connected, m.Owes = id, true, true, s.owesAccounts(id)
			list = append(list, m)
		}
	}
	for _, a := range s.pairings.list(s.Now()) {
		m := s.describe(a.who)
		m.Code, m.CodeUntil = a.code, timestamppb.New(a.until)
		list = append(list, m)
	}
	return list
}

func (s *Server) describe(p profile) *v1.BrowserProfile {
	m := &v1.BrowserProfile{
		Id: p.id(), Browser: string(p.Browser), BrowserVersion: p.BrowserVersion, ExtensionVersion: p.ExtensionVersion, Mode: string(p.Mode),
		Owes: s.owesAccounts(p.id()),
	}
	m.Connected = slices.ContainsFunc(s.all(), func(c *conn) bool { return c.profile().Key == p.Key })
	return m
}

func (s *Server) owesAccounts(profile string) (names []string) {
	for _, o := range s.Engine.Browsing(profile).Owed {
		names = append(names, "@"+o.Handle)
	}
	return slices.Compact(names)
}

// AnswerPairing says whether the profile that shows a code is the user's own.
func (s *Server) AnswerPairing(code string, accept bool) (*v1.BrowserProfile, error) {
	asked, ok := s.pairings.take(code, s.Now())
	if !ok {
		return nil, keyshift.Refuse(keyshift.CodeNotFound, "No browser shows this code.", "Press “Connect” in the extension again, and compare the new code.")
	}
	defer s.Engine.Ring()
	if !accept {
		s.Log.Warn("pairing of a browser refused", "profile", asked.who.id())
		return s.describe(asked.who), nil
	}
	asked.who.PairedAt = s.Now()
	if err := s.profiles.put(asked.who); err != nil {
		return nil, err
	}
	s.Log.Info("browser paired", "profile", asked.who.id(), "browser", string(asked.who.Browser))
	for _, c := range s.all() {
		if c.profile().Key == asked.who.Key {
			c.event(native.TypePairDone, done)
			c.tellSoon()
		}
	}
	m := s.describe(asked.who)
	m.Paired, m.PairedAt = true, timestamppb.New(asked.who.PairedAt)
	return m, nil
}

// ForgetBrowserProfile takes back what was said yes to, and hangs up.
func (s *Server) ForgetBrowserProfile(id string) error {
	found, err := s.profiles.drop(id)
	if err != nil {
		return err
	}
	if !found {
		e := keyshift.NotFound("browser profile", id)
		e.Hint = "Run keyshift-agent browser profiles: it lists them."
		return e
	}
	s.Log.Info("browser forgotten", "profile", id)
	for _, c := range s.all() {
		if c.profile().id() == id {
			_ = c.raw.Close()
		}
	}
	s.Engine.Ring()
	return nil
}

// Status is that of the agent with its browsers.
func (s *Server) Status() *v1.LocalServiceGetStatusResponse {
	status := s.Engine.Status()
	status.Browsers = s.BrowserProfiles()
	return status
}

// mistakeOpen opens the window of the tray in which mistakes are told.
func mistakeOpen(ctx context.Context, c *conn, q native.LeaseRef) (any, error) {
	if err := c.s.live(q.LeaseID); err != nil {
		return nil, err
	}
	if c.s.ShowMistake == nil {
		return nil, native.Refuse(native.CodeRefused, "there is no tray: run keyshift-agent mistake")
	}
	return done, c.s.ShowMistake(ctx, q.LeaseID)
}
