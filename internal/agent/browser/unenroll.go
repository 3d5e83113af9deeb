package browser

import (
	"context"
	"errors"
	"strings"
)

// Unenroll is that of the agent. After it no browser has to do with the agent any more: work browsers are closed and their
// folders deleted, kept ones too, and paired profiles are forgotten. A profile that owes a clean-up stays paired until that
// is done, because nobody else could tell it.
func (w Whole) Unenroll(ctx context.Context, force bool) (hubTold bool, err error) {
	if hubTold, err = w.Agent.Unenroll(ctx, force); err != nil {
		return hubTold, err
	}
	return hubTold, w.Browsers.unenrolled(context.WithoutCancel(ctx))
}

func (s *Server) unenrolled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, closeLimit)
	defer cancel()
	if err := s.Work.CloseAll(ctx); err != nil {
		return err
	}
	for _, profile := range s.Engine.Owing() {
		if account, work := strings.CutPrefix(profile, workPrefix); work {
			s.WorkEnded(account)
		}
	}
	if err := s.profiles.leave(); err != nil {
		return err
	}
	var failed error
	for _, p := range s.profiles.list() {
		failed = errors.Join(failed, s.letGo(p.id()))
	}
	return failed
}

// letGo forgets a profile that is leaving and owes nothing.
func (s *Server) letGo(id string) error {
	if !s.profiles.leaving(id) || len(s.Engine.Browsing(id).Owed) > 0 {
		return nil
	}
	return s.ForgetBrowserProfile(id)
}

// leave marks all profiles as leaving.
func (p *profiles) leave() error {
	return p.change(func(list []profile) []profile {
		for i := range list {
			list[i].Leaving = true
		}
		return list
	})
}

func (p *profiles) leaving(id string) bool {
	for _, k := range p.list() {
		if k.id() == id {
			return k.Leaving
		}
	}
	return false
}
