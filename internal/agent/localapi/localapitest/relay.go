package localapitest

import (
	"context"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// AskRelayFor implements localapi.Agent.
func (f *Fake) AskRelayFor(ctx context.Context, lease string) error {
	_, err := f.asked(ctx, "AskRelay", &v1.LocalServiceAskRelayRequest{Lease: lease})
	return err
}

// RelayRequests implements localapi.Agent. They are those of State.Relays.
func (f *Fake) RelayRequests() []*v1.RelayRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]*v1.RelayRequest{}, f.state.Relays...)
}

// AnswerRelay implements localapi.Agent: the request is gone.
func (f *Fake) AnswerRelay(ctx context.Context, id, code string) error {
	if _, err := f.asked(ctx, "AnswerRelayRequest", &v1.LocalServiceAnswerRelayRequestRequest{Id: id, Code: code}); err != nil {
		return err
	}
	if _, err := keyshift.CleanRelayCode(code); err != nil {
		return err
	}
	found := false
	f.Change(func(s *State) {
		var rest []*v1.RelayRequest
		for _, r := range s.Relays {
			if r.GetId() == id || id == "" && len(s.Relays) == 1 {
				found = true
				continue
			}
			rest = append(rest, r)
		}
		s.Relays = rest
	})
	if !found {
		return keyshift.NotFound("request for a code", id)
	}
	return nil
}
