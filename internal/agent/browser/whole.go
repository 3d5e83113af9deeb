package browser

import (
	"context"
	"net"

	"github.com/keyshift-hq/keyshift/internal/agent"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// Whole is an agent with its browsers: what the local API serves.
type Whole struct {
	*agent.Agent
	Browsers *Server
}

// Status is that of the agent with its browsers.
func (w Whole) Status() *v1.LocalServiceGetStatusResponse { return w.Browsers.Status() }

// Reminders are those of the agent, with where they were shown.
func (w Whole) Reminders() *v1.LocalServiceListRemindersResponse { return w.Browsers.Reminders() }

// BrowserProfiles is that of the server.
func (w Whole) BrowserProfiles() []*v1.BrowserProfile { return w.Browsers.BrowserProfiles() }

// AnswerPairing is that of the server.
func (w Whole) AnswerPairing(code string, accept bool) (*v1.BrowserProfile, error) {
	return w.Browsers.AnswerPairing(code, accept)
}

// ForgetBrowserProfile is that of the server.
func (w Whole) ForgetBrowserProfile(id string) error { return w.Browsers.ForgetBrowserProfile(id) }

// OpenAccount is that of the server.
func (w Whole) OpenAccount(ctx context.Context, lease string) (*v1.LocalServiceOpenAccountResponse, error) {
	return w.Browsers.OpenAccount(ctx, lease)
}

// ServeBrowsers answers native hosts on l until ctx ends.
func (w Whole) ServeBrowsers(ctx context.Context, l net.Listener) error {
	return w.Browsers.Serve(ctx, l)
}
