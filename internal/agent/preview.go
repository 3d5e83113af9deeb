package agent

import (
	"context"
	"time"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// previewLimit bounds how long a user who pasted a code waits for the hub's name.
const previewLimit = 10 * time.Second

// PreviewCode tells which hub an enrollment code is for. The hub is asked for its name, which only TLS vouches for; its key
// is in the code. A hub that answers with another key is an error.
func (a *Agent) PreviewCode(ctx context.Context, code string) (*v1.LocalServicePreviewCodeResponse, error) {
	if err := a.mayEnroll(); err != nil {
		return nil, err
	}
	invitation, err := readCode(code)
	if err != nil {
		return nil, err
	}
	answer := &v1.LocalServicePreviewCodeResponse{HubUrl: invitation.HubURL, HubKey: keyshift.KeyText(invitation.HubKey)}
	name, err := a.askHubName(ctx, hubclient.Target{URL: invitation.HubURL, HubKey: invitation.HubKey, TLSPin: invitation.TLSPin})
	if keyshift.CodeOf(err) == keyshift.CodeHubIdentityChanged {
		return nil, err
	}
	answer.HubName = keyshift.CleanText(name, 80)
	if err != nil {
		answer.Problem = api.ToInfo(shown(err))
	}
	return answer, nil
}

func (a *Agent) askHubName(ctx context.Context, target hubclient.Target) (string, error) {
	config := hubclient.AdminConfig{Target: target}
	if a.cfg.HTTP != nil {
		config.HTTP = a.cfg.HTTP(target)
	}
	hub, err := hubclient.NewAdmin(config)
	if err != nil {
		return "", err
	}
	defer hub.Close()
	ctx, cancel := context.WithTimeout(ctx, previewLimit)
	defer cancel()
	a.sent.note(a.wall(), []said{{text: "sent_preview"}})
	answer, err := hub.CheckIdentity(ctx)
	return answer.GetHubName(), err
}
