package rpc

import (
	"context"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// What a device asks for its browser companion.

// addBrowser adds to the answer of a sync what is about the browser.
func addBrowser(m *v1.SyncResponse, n hub.News) *v1.SyncResponse {
	m.BrowserRevision, m.GuardPersonal = n.Browser.Revision, n.Browser.GuardPersonal
	m.LeaseBrowser = each(n.LeaseBrowser, leaseBrowserMessage)
	m.Relays = each(n.Relays, relayMessage)
	m.RelaysAnswered = each(n.RelaysAnswered, func(a hub.AnsweredRelay) *v1.RelayAnswered {
		return &v1.RelayAnswered{RelayId: string(a.ID), LeaseId: string(a.LeaseID)}
	})
	return m
}

func leaseBrowserMessage(l hub.LeaseBrowser) *v1.LeaseBrowser {
	m := &v1.LeaseBrowser{LeaseId: string(l.LeaseID), AccountRef: l.Ref, HasCustodian: l.HasCustodian, Browser: l.Browser, KeepBrowser: l.Keep}
	for _, class := range l.Guards {
		m.AllowedGuards = append(m.AllowedGuards, string(class))
	}
	return m
}

func relayMessage(r hub.RelayView) *v1.CodeRelay {
	return &v1.CodeRelay{
		Id: string(r.ID), Account: r.Account, User: r.UserShown, Device: r.DeviceName, AskedAt: stamp(r.AskedAt), ExpiresAt: stamp(r.ExpiresAt),
		SealingKey: r.SealingKey, DeviceId: string(r.DeviceID), LeaseId: string(r.LeaseID), AccountId: string(r.AccountID),
	}
}

func (s agentService) GetBrowserPolicy(ctx context.Context, req *v1.GetBrowserPolicyRequest) (*v1.GetBrowserPolicyResponse, error) {
	known := map[string]int64{}
	for _, k := range req.GetKnown() {
		known[k.GetNetwork()] = k.GetVersion()
	}
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.PolicyNews, error) { return s.Hub.GetBrowserPolicy(ctx, c, known) },
		func(n hub.PolicyNews) *v1.GetBrowserPolicyResponse {
			return &v1.GetBrowserPolicyResponse{Policy: policyMessage(n)}
		})
}

func policyMessage(n hub.PolicyNews) *v1.BrowserPolicy {
	return &v1.BrowserPolicy{
		Revision: n.Revision,
		Packs:    each(n.Packs, func(p hub.PublishedPack) *v1.SitePack { return packMessage(hub.SitePackView{PublishedPack: p}) }),
		Words:    &v1.InsiderWords{Salt: n.Words.Salt, Hashes: n.Words.Hashes, Patterns: n.Words.Patterns, Hosts: n.Words.Hosts},
	}
}

func (s agentService) AskRelay(ctx context.Context, req *v1.AskRelayRequest) (*v1.AskRelayResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (keyshift.CodeRelay, error) {
		return s.Hub.AskRelay(ctx, c, keyshift.ID(req.GetLeaseId()))
	},
		func(r keyshift.CodeRelay) *v1.AskRelayResponse {
			return &v1.AskRelayResponse{RelayId: string(r.ID), ExpiresAt: stamp(r.ExpiresAt)}
		})
}

func (s agentService) AnswerRelay(ctx context.Context, req *v1.AnswerRelayRequest) (*v1.AnswerRelayResponse, error) {
	return done(ctx, s.Server, req, &v1.AnswerRelayResponse{}, func(c hub.Call) error {
		return s.Hub.AnswerRelay(ctx, c, keyshift.ID(req.GetRelayId()), req.GetSealedCode())
	})
}

func (s agentService) TakeRelay(ctx context.Context, req *v1.TakeRelayRequest) (*v1.TakeRelayResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.RelayedCode, error) {
		return s.Hub.TakeRelay(ctx, c, keyshift.ID(req.GetRelayId()))
	},
		func(r hub.RelayedCode) *v1.TakeRelayResponse {
			return &v1.TakeRelayResponse{SealedCode: r.Sealed, ExpiresAt: stamp(r.ExpiresAt)}
		})
}

func (s agentService) NoteGuardHit(ctx context.Context, req *v1.NoteGuardHitRequest) (*v1.NoteGuardHitResponse, error) {
	return done(ctx, s.Server, req, &v1.NoteGuardHitResponse{}, func(c hub.Call) error {
		return s.Hub.NoteGuardHit(ctx, c, keyshift.ID(req.GetLeaseId()), classOf(req.GetClass()), req.GetAllowed())
	})
}

func (s agentService) NoteDraftChecks(ctx context.Context, req *v1.NoteDraftChecksRequest) (*v1.NoteDraftChecksResponse, error) {
	hits := map[string]int64{}
	for _, h := range req.GetHits() {
		hits[h.GetClass()] += int64(h.GetCount())
	}
	return done(ctx, s.Server, req, &v1.NoteDraftChecksResponse{}, func(c hub.Call) error {
		return s.Hub.NoteDraftChecks(ctx, c, keyshift.ID(req.GetLeaseId()), hits)
	})
}
