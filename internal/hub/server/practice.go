package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/practice"
)

// openPractice publishes the site pack of the practice network, if there is to be one. A host that cannot be its own is
// refused; otherwise the hub serves also where nothing can be written, because accounts are taken back all the same.
func (s *Server) openPractice(ctx context.Context) error {
	host := s.config.Practice
	if host == "" {
		return nil
	}
	if u, err := url.Parse(s.Hub.PublicURL); err == nil && strings.EqualFold(u.Hostname(), host) {
		return notPractice(host + " is the hub's own name, and cannot be that of the practice network too.")
	}
	err := s.Hub.PublishOwn(ctx, practice.Pack(host))
	refusal, refused := errors.AsType[*keyshift.Error](err)
	switch {
	case refused && refusal.Code == keyshift.CodeFieldInvalid:
		return notPractice(refusal.Text)
	case err != nil:
		s.config.Log.Error("publish site pack of the practice network", "host", host, "error", err)
	}
	return nil
}

func notPractice(why string) error {
	return keyshift.Invalid(keyshift.CodeFieldInvalid, why, "Give the practice network another name that leads to this hub, like practice.example.com.")
}

// handler is the API, with the practice network beside it if there is to be one.
func (s *Server) handler() http.Handler {
	if s.config.Practice == "" {
		return s.API
	}
	return practice.New(s.config.Practice).Beside(s.API)
}
