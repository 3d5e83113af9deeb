package hub

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// SitePackView is the newest pack of a network; an embedded one has no signature.
type SitePackView struct {
	PublishedPack
	Title string
}

// sitePack gives what is in force for a network: the published pack, or the embedded one.
func sitePack(r Reader, network string) (SitePackView, error) {
	published, err := r.SitePack(network)
	if err == nil || !errors.Is(err, keyshift.ErrNotFound) {
		return viewPack(published), err
	}
	embedded, ok := pack.Embedded(network)
	if !ok {
		return SitePackView{}, keyshift.NotFound("site pack", network)
	}
	return viewEmbedded(embedded)
}

func viewPack(p PublishedPack) SitePackView {
	view := SitePackView{PublishedPack: p}
	if parsed, err := pack.Parse(p.Pack); err == nil {
		view.Title = parsed.Title
	}
	return view
}

func viewEmbedded(p pack.Pack) (SitePackView, error) {
	data, err := p.Encode()
	return SitePackView{PublishedPack: PublishedPack{Signed: pack.Signed{Network: p.Network, Version: p.Version, Pack: data}}, Title: p.Title}, err
}

// ListSitePacks lists what is in force for every network.
func (h *Hub) ListSitePacks(ctx context.Context, call Call) ([]SitePackView, error) {
	return list(ctx, h, call, func(r Reader) ([]SitePackView, error) {
		published, err := r.SitePacks()
		if err != nil {
			return nil, err
		}
		var views []SitePackView
		for _, network := range pack.EmbeddedNetworks() {
			view, err := sitePack(r, network)
			if err != nil {
				return nil, err
			}
			views = append(views, view)
		}
		for _, p := range published {
			if _, site := pack.SiteHost(p.Network); site {
				views = append(views, viewPack(p))
			}
		}
		return views, nil
	})
}

// GetSitePack gives what is in force for one network.
func (h *Hub) GetSitePack(ctx context.Context, call Call, network string) (SitePackView, error) {
	return list(ctx, h, call, func(r Reader) (SitePackView, error) { return sitePack(r, network) })
}

// PublishSitePack signs a pack and gives it to all devices. Its version is higher than any before for the network, so that no
// older pack can come back, also not by whoever keeps one.
func (h *Hub) PublishSitePack(ctx context.Context, call Call, data []byte) (SitePackView, error) {
	p, err := pack.Parse(data)
	if err != nil {
		return SitePackView{}, errPack.Because(err).With("why", keyshift.CleanText(err.Error(), 500))
	}
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (SitePackView, error) {
		before, err := sitePack(tx, p.Network)
		switch {
		case err != nil:
			return SitePackView{}, err
		case before.Withdrawn():
			return SitePackView{}, keyshift.Refuse(keyshift.CodeFieldInvalid, "The site was removed.", "Add it again with keyshift-hub site add.")
		case p.Version <= before.Version:
			return SitePackView{}, oldVersion(p.Version, before.Version)
		}
		return h.publish(tx, c, p, keyshift.ActPackPublished)
	})
}

var errPack = keyshift.Invalid(keyshift.CodeFieldInvalid, "The site pack is not valid.", "Run keyshift-hub pack lint on it.")

func oldVersion(got, newest int64) error {
	return keyshift.Refuse(keyshift.CodeFieldInvalid, "Version "+strconv.FormatInt(got, 10)+" is not newer than "+strconv.FormatInt(newest, 10)+", which is in force: versions never go back.",
		"Give the pack a higher version.").With("version", strconv.FormatInt(newest, 10))
}

// publish signs and stores a pack, and wakes everybody.
func (h *Hub) publish(tx Tx, c Caller, p pack.Pack, action keyshift.AuditAction) (SitePackView, error) {
	data, err := p.Encode()
	if err != nil {
		return SitePackView{}, errPack.Because(err)
	}
	published := h.signPack(tx, c, p.Network, p.Version, data)
	event := c.event(action)
	event.Details = map[string]string{"network": p.Network, "version": strconv.FormatInt(p.Version, 10), "hosts": strings.Join(p.FillHosts, " ")}
	return SitePackView{PublishedPack: published, Title: p.Title}, errors.Join(tx.SaveSitePack(published), tx.Append(event), h.policyChanged(tx))
}

func (h *Hub) signPack(tx Tx, c Caller, network string, version int64, data []byte) PublishedPack {
	return PublishedPack{
		Signed:      pack.Signed{Network: network, Version: version, Pack: data, Signature: ed25519.Sign(h.signing, pack.Statement(network, version, data))},
		PublishedAt: tx.Now(), PublishedBy: c.User.ID, ByName: c.User.Name,
	}
}

// policyChanged makes devices fetch the browser policy.
func (h *Hub) policyChanged(tx Tx) error {
	salt := make([]byte, 16)
	if _, err := io.ReadFull(h.Random, salt); err != nil {
		return fmt.Errorf("make salt: %w", err)
	}
	return errors.Join(tx.RaiseBrowserRevision(salt), tx.Notify(TopicEverybody, ""))
}

// AddSite makes a site known by its exact host. Hosts of the networks cannot be added: a pack of their own says more.
func (h *Hub) AddSite(ctx context.Context, call Call, host, title, loginURL string) (SitePackView, error) {
	p, err := newSite(host, title, loginURL)
	if err != nil {
		return SitePackView{}, err
	}
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (SitePackView, error) {
		p := p
		before, err := tx.SitePack(p.Network)
		switch {
		case err == nil && !before.Withdrawn():
			return SitePackView{}, keyshift.Refuse(keyshift.CodeAlreadyExists, "The site was added already.", "To change its pack, publish one with a higher version.")
		case err == nil:
			p.Version = before.Version + 1
		case !errors.Is(err, keyshift.ErrNotFound):
			return SitePackView{}, err
		}
		return h.publish(tx, c, p, keyshift.ActSiteAdded)
	})
}

func newSite(host, title, loginURL string) (pack.Pack, error) {
	clean, err := pack.CleanHost(host)
	if err != nil {
		return pack.Pack{}, siteInvalid(err)
	}
	for _, network := range pack.EmbeddedNetworks() {
		p, _ := pack.Embedded(network)
		if slices.ContainsFunc(p.CookieDomains, func(d string) bool { return clean == d || strings.HasSuffix(clean, "."+d) }) {
			return pack.Pack{}, keyshift.Invalid(keyshift.CodeFieldInvalid, clean+" belongs to "+p.Title+".", "Publish a newer site pack of "+network+" if a host is missing there.")
		}
	}
	if title = keyshift.CleanText(strings.TrimSpace(title), 80); title == "" {
		title = clean
	}
	if loginURL == "" {
		loginURL = "https://" + clean + "/"
	}
	p := pack.Site(clean, title, loginURL)
	if err := p.Validate(); err != nil {
		return p, siteInvalid(err)
	}
	return p, nil
}

// siteInvalid tells the first that is wrong: the rest follows from it.
func siteInvalid(err error) error {
	wrong, _, _ := strings.Cut(err.Error(), "\n")
	return keyshift.Invalid(keyshift.CodeFieldInvalid, "The site cannot be added: "+keyshift.CleanText(wrong, 300)+".", "Give the exact name of its host, and its log-in page over https.")
}

// RemoveSite withdraws the pack of a site and ends the leases of its accounts.
func (h *Hub) RemoveSite(ctx context.Context, call Call, host string) (SitePackView, error) {
	clean, err := pack.CleanHost(host)
	if err != nil {
		return SitePackView{}, siteInvalid(err)
	}
	return effect(ctx, h, call, Closing, func(tx Tx, c Caller) (SitePackView, error) {
		before, err := tx.SitePack(pack.SiteNetwork(clean))
		if err != nil || before.Withdrawn() {
			return SitePackView{}, notFound(orNotFound(err), "site", clean)
		}
		gone := h.signPack(tx, c, before.Network, before.Version+1, nil)
		event := c.event(keyshift.ActSiteRemoved)
		event.Details = map[string]string{"network": gone.Network, "version": strconv.FormatInt(gone.Version, 10)}
		if err := errors.Join(tx.SaveSitePack(gone), tx.Append(event), h.policyChanged(tx)); err != nil {
			return SitePackView{}, err
		}
		return SitePackView{PublishedPack: gone}, endLeasesAt(tx, c, gone.Network)
	})
}

// endLeasesAt ends the leases of all accounts of a site.
func endLeasesAt(tx Tx, c Caller, network string) error {
	for after := keyshift.ID(""); ; {
		accounts, err := tx.Accounts(after, 500)
		if err != nil || len(accounts) == 0 {
			return err
		}
		for _, a := range accounts {
			if after = a.ID; a.PackName() != network {
				continue
			}
			if _, err := endLeases(tx, c, Target{TargetAccount, a.ID}, "site removed", false); err != nil {
				return err
			}
		}
	}
}

// siteKnown refuses an account of a site that was not added, or was removed.
func siteKnown(r Reader, a keyshift.Account) error {
	if a.Network != keyshift.Site {
		return nil
	}
	p, err := r.SitePack(a.PackName())
	if err != nil && !errors.Is(err, keyshift.ErrNotFound) {
		return err
	}
	if err != nil || p.Withdrawn() {
		host, _ := pack.SiteHost(a.PackName())
		return keyshift.Refuse(keyshift.CodeSiteUnknown, "The site "+keyshift.CleanText(host, 100)+" was not added, or was removed.", "Ask your admin to add it with keyshift-hub site add.")
	}
	return nil
}

func gateSite(q *question) error { return siteKnown(q.r, q.account) }
