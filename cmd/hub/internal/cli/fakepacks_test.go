package cli

import (
	"context"
	"testing"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

func (h *fakeHub) ListSitePacks(context.Context, *v1.ListSitePacksRequest) (*v1.ListSitePacksResponse, error) {
	answer := &v1.ListSitePacksResponse{Packs: []*v1.SitePack{{Network: "x", Version: 1, Title: "X"}}}
	if !h.empty {
		answer.Packs = append(answer.Packs, &v1.SitePack{Network: "site:news.example.com", Version: 3, Title: "News", PublishedAt: on(20), PublishedBy: "dana"},
			&v1.SitePack{Network: "site:old.example.com", Version: 2, Withdrawn: true, PublishedAt: on(21), PublishedBy: "dana"},
			&v1.SitePack{Network: "site:practice.example.com", Version: 1, Title: "Practice network", PublishedAt: on(19)})
	}
	return answer, nil
}

func (h *fakeHub) GetSitePack(_ context.Context, q *v1.GetSitePackRequest) (*v1.GetSitePackResponse, error) {
	p := pack.Site("news.example.com", "News", "https://news.example.com/login")
	data, err := p.Encode()
	return &v1.GetSitePackResponse{Pack: &v1.SitePack{Network: q.GetNetwork(), Version: 1, Pack: data}}, err
}

func (h *fakeHub) PublishSitePack(_ context.Context, q *v1.PublishSitePackRequest) (*v1.PublishSitePackResponse, error) {
	p, err := pack.Parse(q.GetPack())
	return &v1.PublishSitePackResponse{Pack: &v1.SitePack{Network: p.Network, Version: p.Version, PublishedAt: on(22), PublishedBy: "dana"}}, err
}

func (h *fakeHub) AddSite(_ context.Context, q *v1.AddSiteRequest) (*v1.AddSiteResponse, error) {
	return &v1.AddSiteResponse{Pack: &v1.SitePack{Network: "site:" + q.GetHost(), Version: 1, Title: q.GetTitle()}}, nil
}

func (h *fakeHub) RemoveSite(_ context.Context, q *v1.RemoveSiteRequest) (*v1.RemoveSiteResponse, error) {
	return &v1.RemoveSiteResponse{Pack: &v1.SitePack{Network: "site:" + q.GetHost(), Version: 2, Withdrawn: true}}, nil
}

func (h *fakeHub) ListInsiderWords(context.Context, *v1.ListInsiderWordsRequest) (*v1.ListInsiderWordsResponse, error) {
	if h.empty {
		return &v1.ListInsiderWordsResponse{}, nil
	}
	return &v1.ListInsiderWordsResponse{Words: []*v1.InsiderWord{{Pattern: `ACME-\d{4,6}`}, {Host: "intranet.example.com"}, {Word: "project zephyr"}}}, nil
}

func (h *fakeHub) AddInsiderWords(context.Context, *v1.AddInsiderWordsRequest) (*v1.AddInsiderWordsResponse, error) {
	return &v1.AddInsiderWordsResponse{Added: 2}, nil
}

func (h *fakeHub) RemoveInsiderWords(context.Context, *v1.RemoveInsiderWordsRequest) (*v1.RemoveInsiderWordsResponse, error) {
	return &v1.RemoveInsiderWordsResponse{Removed: 1}, nil
}

func (h *fakeHub) ListAllowedGuards(context.Context, *v1.ListAllowedGuardsRequest) (*v1.ListAllowedGuardsResponse, error) {
	if h.empty {
		return &v1.ListAllowedGuardsResponse{}, nil
	}
	return &v1.ListAllowedGuardsResponse{Grants: []*v1.AllowedGuards{{GrantId: grantID, Classes: []string{"email", "password"}}}}, nil
}

func (h *fakeHub) SetAllowedGuards(context.Context, *v1.SetAllowedGuardsRequest) (*v1.SetAllowedGuardsResponse, error) {
	return &v1.SetAllowedGuardsResponse{}, nil
}

func (h *fakeHub) ListPersonalGuards(context.Context, *v1.ListPersonalGuardsRequest) (*v1.ListPersonalGuardsResponse, error) {
	if h.empty {
		return &v1.ListPersonalGuardsResponse{}, nil
	}
	return &v1.ListPersonalGuardsResponse{Guards: []*v1.PersonalGuard{
		{Group: "germany", Rule: v1.PersonalGuardRule_PERSONAL_GUARD_RULE_FORBIDDEN, Note: "works council"}, {Group: "staff", Rule: v1.PersonalGuardRule_PERSONAL_GUARD_RULE_ON},
	}}, nil
}

func (h *fakeHub) SetPersonalGuard(_ context.Context, q *v1.SetPersonalGuardRequest) (*v1.SetPersonalGuardResponse, error) {
	return &v1.SetPersonalGuardResponse{Guard: q.GetGuard()}, nil
}

func (h *fakeHub) ListCustodians(context.Context, *v1.ListCustodiansRequest) (*v1.ListCustodiansResponse, error) {
	if h.empty {
		return &v1.ListCustodiansResponse{}, nil
	}
	return &v1.ListCustodiansResponse{Users: []string{"dana", "lee"}}, nil
}

func (h *fakeHub) AddCustodian(context.Context, *v1.AddCustodianRequest) (*v1.AddCustodianResponse, error) {
	return &v1.AddCustodianResponse{}, nil
}

func (h *fakeHub) RemoveCustodian(context.Context, *v1.RemoveCustodianRequest) (*v1.RemoveCustodianResponse, error) {
	return &v1.RemoveCustodianResponse{}, nil
}

func (h *fakeHub) SetAccountRef(context.Context, *v1.SetAccountRefRequest) (*v1.SetAccountRefResponse, error) {
	return &v1.SetAccountRefResponse{}, nil
}

func (h *fakeHub) SetWorkBrowser(_ context.Context, q *v1.SetWorkBrowserRequest) (*v1.SetWorkBrowserResponse, error) {
	return &v1.SetWorkBrowserResponse{Browser: q.GetBrowser()}, nil
}

func (h *fakeHub) ListWorkBrowsers(context.Context, *v1.ListWorkBrowsersRequest) (*v1.ListWorkBrowsersResponse, error) {
	if h.empty {
		return &v1.ListWorkBrowsersResponse{}, nil
	}
	return &v1.ListWorkBrowsersResponse{Browsers: []*v1.WorkBrowser{{Account: "facebook/acme", Browser: "firefox"}, {Account: "x/acme", Keep: true}}}, nil
}

// What show writes can be published again with a higher version.
func TestAShownPackIsAPack(t *testing.T) {
	d := loggedIn(t)
	got := d.run("", "pack", "show", "site:news.example.com")
	p, err := pack.Parse(compact([]byte(got.out)))
	if err != nil || p.Network != "site:news.example.com" {
		t.Errorf("got %+v, %v", got, err)
	}
}
