package localapitest

import (
	"context"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// BrowserProfiles implements localapi.Agent. They are those of State.Status.
func (f *Fake) BrowserProfiles() []*v1.BrowserProfile { return f.Status().GetBrowsers() }

// AnswerPairing implements localapi.Agent: the profile that shows the code is paired, or gone.
func (f *Fake) AnswerPairing(code string, accept bool) (*v1.BrowserProfile, error) {
	if _, err := f.asked(context.Background(), "AnswerPairing", &v1.LocalServiceAnswerPairingRequest{Code: code, Accept: accept}); err != nil {
		return nil, err
	}
	var found *v1.BrowserProfile
	f.editBrowsers(func(p *v1.BrowserProfile) bool {
		if p.GetCode() != code {
			return true
		}
		found, p.Code, p.CodeUntil, p.Paired = p, "", nil, accept
		return accept
	})
	if found == nil {
		return nil, keyshift.NotFound("code", code)
	}
	return found, nil
}

// ForgetBrowserProfile implements localapi.Agent.
func (f *Fake) ForgetBrowserProfile(id string) error {
	if _, err := f.asked(context.Background(), "ForgetBrowserProfile", &v1.LocalServiceForgetBrowserProfileRequest{Id: id}); err != nil {
		return err
	}
	found := false
	f.editBrowsers(func(p *v1.BrowserProfile) bool {
		found = found || p.GetId() == id
		return p.GetId() != id
	})
	if !found {
		return keyshift.NotFound("browser profile", id)
	}
	return nil
}

// OpenAccount implements localapi.Agent.
func (f *Fake) OpenAccount(ctx context.Context, lease string) (*v1.LocalServiceOpenAccountResponse, error) {
	_, err := f.asked(ctx, "OpenAccount", &v1.LocalServiceOpenAccountRequest{Lease: lease})
	if err != nil {
		return nil, err
	}
	return &v1.LocalServiceOpenAccountResponse{Browser: "chromium", Mode: "work"}, nil
}

// editBrowsers keeps the profiles for which keep says so.
func (f *Fake) editBrowsers(keep func(*v1.BrowserProfile) bool) {
	f.Change(func(s *State) {
		var rest []*v1.BrowserProfile
		for _, p := range s.Status.GetBrowsers() {
			if keep(p) {
				rest = append(rest, p)
			}
		}
		s.Status.Browsers = rest
	})
}
