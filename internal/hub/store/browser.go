package store

import (
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

func (r *reader) SitePack(network string) (hub.PublishedPack, error) {
	row, err := r.aside().SitePack(r.ctx, network)
	return one(r, "site pack", func(row db.SitePackRow) hub.PublishedPack { return packOf(db.SitePacksRow(row)) }, row, err)
}

func (r *reader) SitePacks() ([]hub.PublishedPack, error) {
	rows, err := r.aside().SitePacks(r.ctx)
	return list(r, "site packs", packOf, rows, err)
}

func packOf(row db.SitePacksRow) hub.PublishedPack {
	return hub.PublishedPack{
		Signed:      pack.Signed{Network: row.Network, Version: row.Version, Pack: bytesOf(row.Pack), Signature: bytesOf(row.Signature)},
		PublishedAt: moment(row.PublishedAt), PublishedBy: keyshift.ID(row.PublishedBy.String), ByName: row.ByName,
	}
}

func (r *reader) BrowserPolicy() (hub.BrowserPolicy, error) {
	row, err := r.aside().BrowserPolicy(r.ctx)
	if err != nil {
		return hub.BrowserPolicy{}, unset(r.failed("read browser policy", err))
	}
	return hub.BrowserPolicy{Revision: row.Revision, Salt: bytesOf(row.WordsSalt)}, nil
}

func (r *reader) BrowserNews(user, device keyshift.ID, now time.Time) (hub.BrowserNews, error) {
	row, err := r.aside().BrowserNews(r.ctx, db.BrowserNewsParams{UserID: string(user), DeviceID: string(device), Now: micros(now)})
	return one(r, "browser news", browserNewsOf, row, err)
}

func browserNewsOf(row db.BrowserNewsRow) hub.BrowserNews {
	return hub.BrowserNews{Revision: row.Revision, GuardPersonal: row.GroupsOn > 0 && row.GroupsForbidden == 0, Asked: row.Asked, Answered: row.Answered}
}

func (r *reader) LeaseBrowser(device keyshift.ID) ([]hub.LeaseBrowser, error) {
	rows, err := r.q().LeaseBrowser(r.ctx, string(device))
	all, err := list(r, "leases for the browser", func(row db.LeaseBrowserRow) hub.LeaseBrowser {
		return hub.LeaseBrowser{LeaseID: keyshift.ID(row.ID), Ref: row.Ref, HasCustodian: row.Custodians > 0, Browser: row.Browser, Keep: row.Keep > 0}
	}, rows, err)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	guards, err := r.q().LeaseGuards(r.ctx, string(device))
	if err != nil {
		return nil, r.failed("list allowed guards of leases", err)
	}
	for i := range all {
		for _, g := range guards {
			if keyshift.ID(g.ID) == all[i].LeaseID {
				all[i].Guards = append(all[i].Guards, pack.GuardClass(g.Class))
			}
		}
	}
	return all, nil
}

func (r *reader) InsiderWords() ([]hub.InsiderWord, error) {
	rows, err := r.aside().InsiderWords(r.ctx)
	return list(r, "insider words", func(row db.InsiderWord) hub.InsiderWord {
		switch row.Kind {
		case "pattern":
			return hub.InsiderWord{Pattern: row.Text}
		case "host":
			return hub.InsiderWord{Host: row.Text}
		}
		return hub.InsiderWord{Word: row.Text}
	}, rows, err)
}

func (r *reader) PersonalGuards() ([]keyshift.PersonalGuard, error) {
	rows, err := r.aside().PersonalGuards(r.ctx)
	return list(r, "personal guards", func(row db.PersonalGuardsRow) keyshift.PersonalGuard {
		return keyshift.PersonalGuard{Group: row.Name, Rule: keyshift.PersonalRule(row.Rule), Note: row.Note}
	}, rows, err)
}

func (r *reader) AllowedGuards() ([]hub.AllowedGuard, error) {
	rows, err := r.aside().AllowedGuards(r.ctx)
	return list(r, "allowed guards", func(row db.AllowedGuard) hub.AllowedGuard {
		return hub.AllowedGuard{GrantID: keyshift.ID(row.GrantID), Class: pack.GuardClass(row.Class)}
	}, rows, err)
}

func (r *reader) WorkBrowsers() ([]hub.WorkBrowser, error) {
	rows, err := r.aside().WorkBrowsers(r.ctx)
	return list(r, "work browsers", func(row db.WorkBrowsersRow) hub.WorkBrowser {
		return hub.WorkBrowser{Account: row.Network + "/" + row.Handle, Browser: row.Browser, Keep: row.Keep > 0}
	}, rows, err)
}

func (r *reader) Custodians(account keyshift.ID) ([]keyshift.User, error) {
	rows, err := r.aside().Custodians(r.ctx, string(account))
	return list(r, "custodians", func(row db.CustodiansRow) keyshift.User {
		return keyshift.User{ID: keyshift.ID(row.ID), Name: row.Name}
	}, rows, err)
}

func (t *tx) SaveSitePack(p hub.PublishedPack) error {
	n, err := t.q().PutSitePack(t.ctx, db.PutSitePackParams{
		Network: p.Network, Version: p.Version, Pack: blob(p.Pack), Signature: blob(p.Signature), PublishedAt: micros(p.PublishedAt), PublishedBy: optional(p.PublishedBy),
	})
	return t.swapped("save site pack", n, err)
}

func (t *tx) RaiseBrowserRevision(salt []byte) error {
	n, err := t.q().RaiseBrowserRevision(t.ctx, blob(salt))
	return t.saved("raise browser revision", n, err)
}

func wordRow(w hub.InsiderWord) (kind, text string) {
	switch {
	case w.Pattern != "":
		return "pattern", w.Pattern
	case w.Host != "":
		return "host", w.Host
	}
	return "word", w.Word
}

func (t *tx) AddInsiderWord(w hub.InsiderWord) (bool, error) {
	kind, text := wordRow(w)
	n, err := t.q().AddInsiderWord(t.ctx, db.AddInsiderWordParams{Kind: kind, Text: text})
	return t.changed("add insider word", n, err)
}

func (t *tx) RemoveInsiderWord(w hub.InsiderWord) (bool, error) {
	kind, text := wordRow(w)
	n, err := t.q().RemoveInsiderWord(t.ctx, db.RemoveInsiderWordParams{Kind: kind, Text: text})
	return t.changed("remove insider word", n, err)
}

func (t *tx) SavePersonalGuard(group keyshift.ID, g keyshift.PersonalGuard) error {
	var n int64
	var err error
	if g.Rule == "" {
		n, err = t.q().RemovePersonalGuard(t.ctx, string(group))
	} else {
		n, err = t.q().PutPersonalGuard(t.ctx, db.PutPersonalGuardParams{GroupID: string(group), Rule: string(g.Rule), Note: g.Note})
	}
	_, err = t.changed("save personal guard", n, err)
	return err
}

func (t *tx) SaveAllowedGuards(grant keyshift.ID, classes []pack.GuardClass) error {
	n, err := t.q().DisallowGuards(t.ctx, string(grant))
	if _, err := t.changed("disallow guards", n, err); err != nil {
		return err
	}
	for _, class := range classes {
		n, err := t.q().AllowGuard(t.ctx, db.AllowGuardParams{GrantID: string(grant), Class: string(class)})
		if _, err := t.changed("allow guard", n, err); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) SaveAccountRef(account keyshift.ID, ref string) error {
	var n int64
	var err error
	if ref == "" {
		n, err = t.q().RemoveAccountRef(t.ctx, string(account))
	} else {
		n, err = t.q().PutAccountRef(t.ctx, db.PutAccountRefParams{AccountID: string(account), Ref: ref})
	}
	_, err = t.changed("save account ref", n, err)
	return err
}

func (t *tx) SaveWorkBrowser(account keyshift.ID, w hub.WorkBrowser) error {
	var n int64
	var err error
	if w.Browser == "" && !w.Keep {
		n, err = t.q().RemoveWorkBrowser(t.ctx, string(account))
	} else {
		n, err = t.q().PutWorkBrowser(t.ctx, db.PutWorkBrowserParams{AccountID: string(account), Browser: w.Browser, Keep: bit(w.Keep)})
	}
	_, err = t.changed("save work browser", n, err)
	return err
}

func (t *tx) AddCustodian(account, user keyshift.ID) (bool, error) {
	n, err := t.q().AddCustodian(t.ctx, db.AddCustodianParams{AccountID: string(account), UserID: string(user)})
	return t.changed("add custodian", n, err)
}

func (t *tx) RemoveCustodian(account, user keyshift.ID) (bool, error) {
	n, err := t.q().RemoveCustodian(t.ctx, db.RemoveCustodianParams{AccountID: string(account), UserID: string(user)})
	return t.changed("remove custodian", n, err)
}
