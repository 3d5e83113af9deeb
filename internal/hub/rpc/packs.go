package rpc

import (
	"context"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hub"
)

// sitePackService publishes site packs.
type sitePackService struct{ *Server }

func packMessage(v hub.SitePackView) *v1.SitePack {
	return &v1.SitePack{
		Network: v.Network, Version: v.Version, Pack: v.Pack, Signature: v.Signature, PublishedAt: stamp(v.PublishedAt), PublishedBy: v.ByName,
		Withdrawn: v.Withdrawn(), Title: v.Title,
	}
}

// packLine is a pack in a list.
func packLine(v hub.SitePackView) *v1.SitePack {
	m := packMessage(v)
	m.Pack = nil
	return m
}

func (s sitePackService) ListSitePacks(ctx context.Context, req *v1.ListSitePacksRequest) (*v1.ListSitePacksResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) ([]hub.SitePackView, error) { return s.Hub.ListSitePacks(ctx, c) },
		func(list []hub.SitePackView) *v1.ListSitePacksResponse {
			return &v1.ListSitePacksResponse{Packs: each(list, packLine)}
		})
}

func (s sitePackService) GetSitePack(ctx context.Context, req *v1.GetSitePackRequest) (*v1.GetSitePackResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.SitePackView, error) { return s.Hub.GetSitePack(ctx, c, req.GetNetwork()) },
		func(v hub.SitePackView) *v1.GetSitePackResponse { return &v1.GetSitePackResponse{Pack: packMessage(v)} })
}

func (s sitePackService) PublishSitePack(ctx context.Context, req *v1.PublishSitePackRequest) (*v1.PublishSitePackResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.SitePackView, error) { return s.Hub.PublishSitePack(ctx, c, req.GetPack()) },
		func(v hub.SitePackView) *v1.PublishSitePackResponse {
			return &v1.PublishSitePackResponse{Pack: packLine(v)}
		})
}

func (s sitePackService) AddSite(ctx context.Context, req *v1.AddSiteRequest) (*v1.AddSiteResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.SitePackView, error) {
		return s.Hub.AddSite(ctx, c, req.GetHost(), req.GetTitle(), req.GetLoginUrl())
	}, func(v hub.SitePackView) *v1.AddSiteResponse { return &v1.AddSiteResponse{Pack: packLine(v)} })
}

func (s sitePackService) RemoveSite(ctx context.Context, req *v1.RemoveSiteRequest) (*v1.RemoveSiteResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.SitePackView, error) { return s.Hub.RemoveSite(ctx, c, req.GetHost()) },
		func(v hub.SitePackView) *v1.RemoveSiteResponse { return &v1.RemoveSiteResponse{Pack: packLine(v)} })
}
