package hub

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// SetPersonalGuard says whether the members of a group are told of personal accounts during work hours. No rule takes the
// group's word back: then others decide, and without any it is off.
func (h *Hub) SetPersonalGuard(ctx context.Context, call Call, g keyshift.PersonalGuard) (keyshift.PersonalGuard, error) {
	g.Note = keyshift.CleanText(strings.TrimSpace(g.Note), 200)
	if g.Rule != "" && g.Rule != keyshift.PersonalOn && g.Rule != keyshift.PersonalForbidden {
		return g, keyshift.Invalid(keyshift.CodeFieldInvalid, "The rule is unknown.", "Use on, forbidden or off.")
	}
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (keyshift.PersonalGuard, error) {
		group, err := tx.GroupByName(g.Group)
		if err != nil {
			return g, notFound(err, "group", g.Group)
		}
		event := c.event(keyshift.ActPersonalGuard)
		event.Details = map[string]string{"group": string(group.ID), "rule": string(g.Rule)}
		event.Personal = map[string]string{"note": g.Note}
		return g, errors.Join(tx.SavePersonalGuard(group.ID, g), tx.Append(event))
	})
}

// ListPersonalGuards lists the groups that have a rule.
func (h *Hub) ListPersonalGuards(ctx context.Context, call Call) ([]keyshift.PersonalGuard, error) {
	return list(ctx, h, call, func(r Reader) ([]keyshift.PersonalGuard, error) { return r.PersonalGuards() })
}

// SetAllowedGuards says which guarded pages the holders of a grant may open.
func (h *Hub) SetAllowedGuards(ctx context.Context, call Call, grant keyshift.ID, classes []pack.GuardClass) error {
	classes = slices.Compact(slices.Sorted(slices.Values(classes)))
	for _, class := range classes {
		if err := knownClass(class); err != nil {
			return err
		}
	}
	_, err := effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (struct{}, error) {
		g, err := tx.Grant(grant)
		if err != nil {
			return struct{}{}, notFound(err, "grant", string(grant))
		}
		event := grantEvent(c, keyshift.ActGuardsAllowed, g)
		event.Details["classes"] = joined(classes)
		return struct{}{}, errors.Join(tx.SaveAllowedGuards(grant, classes), tx.Append(event))
	})
	return err
}

func knownClass(class pack.GuardClass) error {
	if slices.Contains(class.Values(), string(class)) {
		return nil
	}
	return keyshift.Invalid(keyshift.CodeFieldInvalid, "There is no such class of guarded pages.", "Use "+strings.Join(class.Values(), ", ")+".")
}

func joined(classes []pack.GuardClass) string {
	words := make([]string, len(classes))
	for i, c := range classes {
		words[i] = string(c)
	}
	return strings.Join(words, " ")
}

// ListAllowedGuards lists what grants allow.
func (h *Hub) ListAllowedGuards(ctx context.Context, call Call) ([]AllowedGuard, error) {
	return list(ctx, h, call, func(r Reader) ([]AllowedGuard, error) { return r.AllowedGuards() })
}

var refForm = regexp.MustCompile(`^[A-Za-z0-9._-]{0,64}$`)

// SetAccountRef sets the number by which the network knows an account, which the guard for the right account compares with.
func (h *Hub) SetAccountRef(ctx context.Context, call Call, name, ref string) error {
	if !refForm.MatchString(ref) {
		return keyshift.Invalid(keyshift.CodeFieldInvalid, "That is no number of an account.", "Give the number that the network shows, such as a Page's id.")
	}
	_, err := effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (struct{}, error) {
		account, err := accountNamed(tx, name)
		if err != nil {
			return struct{}{}, err
		}
		event := c.event(keyshift.ActAccountRefSet)
		event.AccountID, event.Details = account.ID, map[string]string{"account": account.Name(), "set": strconv.FormatBool(ref != "")}
		return struct{}{}, errors.Join(tx.SaveAccountRef(account.ID, ref), tx.Append(event))
	})
	return err
}

// browsers are the words for browsers, as devices find them.
var browsers = []string{"chromium", "chrome", "edge", "brave", "firefox"}

// SetWorkBrowser says how an account is opened on devices. It counts for a browser that is started later.
func (h *Hub) SetWorkBrowser(ctx context.Context, call Call, w WorkBrowser) (WorkBrowser, error) {
	if w.Browser != "" && !slices.Contains(browsers, w.Browser) {
		return w, keyshift.Invalid(keyshift.CodeFieldInvalid, "There is no browser “"+keyshift.CleanText(w.Browser, 40)+"”.", "Say chromium, chrome, edge, brave or firefox.")
	}
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (WorkBrowser, error) {
		account, err := accountNamed(tx, w.Account)
		if err != nil {
			return w, err
		}
		said := WorkBrowser{Account: account.Name(), Browser: w.Browser, Keep: w.Keep}
		event := c.event(keyshift.ActWorkBrowserSet)
		event.AccountID = account.ID
		event.Details = map[string]string{"account": said.Account, "browser": said.Browser, "keep": strconv.FormatBool(said.Keep)}
		return said, errors.Join(tx.SaveWorkBrowser(account.ID, said), tx.Append(event))
	})
}

// ListWorkBrowsers lists the accounts for which something is said.
func (h *Hub) ListWorkBrowsers(ctx context.Context, call Call) ([]WorkBrowser, error) {
	return list(ctx, h, call, func(r Reader) ([]WorkBrowser, error) { return r.WorkBrowsers() })
}

// browserFor is what a sync says for the browser companion; nothing to whom nothing is lent.
func (h *Hub) browserFor(r Reader, c Caller, news *News) error {
	if !c.User.Active || c.Device.State != keyshift.DeviceTrusted {
		return nil
	}
	var err error
	if news.Browser, err = r.BrowserNews(c.User.ID, c.Device.ID, h.Now()); err != nil {
		return err
	}
	if len(news.Leases) > 0 {
		if news.LeaseBrowser, err = r.LeaseBrowser(c.Device.ID); err != nil {
			return err
		}
	}
	if news.Browser.Asked > 0 {
		if news.Relays, err = r.RelaysAsked(c.User.ID, h.Now(), relaysAtOnce); err != nil {
			return err
		}
	}
	if news.Browser.Answered > 0 {
		news.RelaysAnswered, err = r.RelaysAnswered(c.Device.ID, h.Now(), relaysAtOnce)
	}
	return err
}

// PolicyNews is what a device fetches when the revision of the browser policy is another than it knows.
type PolicyNews struct {
	Revision int64
	Packs    []PublishedPack
	Words    HashedWords
}

// GetBrowserPolicy gives the packs that a device does not have, and the insider words.
func (h *Hub) GetBrowserPolicy(ctx context.Context, call Call, known map[string]int64) (PolicyNews, error) {
	return list(ctx, h, call, func(r Reader) (PolicyNews, error) {
		policy, err := r.BrowserPolicy()
		if err != nil {
			return PolicyNews{}, err
		}
		news := PolicyNews{Revision: policy.Revision}
		packs, err := r.SitePacks()
		if err != nil {
			return PolicyNews{}, err
		}
		for _, p := range packs {
			if p.Version > known[p.Network] {
				news.Packs = append(news.Packs, p)
			}
		}
		news.Words, err = hashedWords(r, policy.Salt)
		return news, err
	})
}
