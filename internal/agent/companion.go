package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/keyshift-hq/keyshift/internal/agent/packs"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// companion is what the last sync said for the browser. After a start nothing of it is known, which allows nothing.
type companion struct {
	mu       sync.Mutex
	personal bool
	leases   map[string]*v1.LeaseBrowser
}

func (c *companion) lease(id string) *v1.LeaseBrowser {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leases[id]
}

// take reports whether something is new.
func (c *companion) take(answer *v1.SyncResponse) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := map[string]*v1.LeaseBrowser{}
	changed := c.personal != answer.GetGuardPersonal() || len(c.leases) != len(answer.GetLeaseBrowser())
	for _, l := range answer.GetLeaseBrowser() {
		next[l.GetLeaseId()] = l
		changed = changed || !proto.Equal(l, c.leases[l.GetLeaseId()])
	}
	c.personal, c.leases = answer.GetGuardPersonal(), next
	return changed
}

// openPacks reads the packs of the hub to which the device belongs. Unreadable ones are fetched anew.
func openPacks(state files, d *device, log *slog.Logger) (*packs.Store, error) {
	if d == nil {
		return packs.Open(state, nil, log)
	}
	store, err := packs.Open(state, d.HubKey, log)
	if err != nil {
		log.Error("read site packs", "error", err)
	}
	return store, nil
}

// takeBrowser takes over what an answer says for the browser, and fetches what changed. What cannot be fetched now is
// fetched with the next sync.
func (a *Agent) takeBrowser(ctx context.Context, l *link, s *line, answer *v1.SyncResponse) {
	changed := a.companion.take(answer)
	if answer.GetBrowserRevision() != a.packs.Revision() {
		fetched, err := a.fetchPolicy(ctx, l, s)
		if err != nil {
			a.log.Warn("fetch site packs again later", "error", err)
		}
		changed = changed || fetched
	}
	if a.takeRelays(ctx, l, s, answer) || changed {
		a.bell.ring()
	}
}

func (a *Agent) fetchPolicy(ctx context.Context, l *link, s *line) (changed bool, err error) {
	question := &v1.GetBrowserPolicyRequest{}
	for network, version := range a.packs.Known() {
		question.Known = append(question.Known, &v1.KnownPack{Network: network, Version: version})
	}
	answer, _, err := hubclient.Ask(ctx, s.hub.GetBrowserPolicy, question)
	if err != nil {
		return false, a.heard(err)
	}
	return a.packs.Take(newsOf(answer.GetPolicy()), l.self().HubKey)
}

func newsOf(m *v1.BrowserPolicy) packs.News {
	w := m.GetWords()
	news := packs.News{Revision: m.GetRevision(), Words: native.Words{Salt: w.GetSalt(), Hashes: w.GetHashes(), Hosts: w.GetHosts()}}
	for _, p := range m.GetPacks() {
		news.Packs = append(news.Packs, pack.Signed{Network: p.GetNetwork(), Version: p.GetVersion(), Pack: p.GetPack(), Signature: p.GetSignature()})
	}
	for _, p := range w.GetPatterns() {
		news.Words.Patterns = append(news.Words.Patterns, native.WordPattern{Class: native.DraftInsider, Pattern: p})
	}
	return news
}

// Packs gives the site packs and words of the hub.
func (a *Agent) Packs() Packs { return Packs{a.packs, &a.companion} }

// Packs are the site packs and words of the hub, with what its last word allows.
type Packs struct {
	*packs.Store
	companion *companion
}

// GuardPersonal reports whether the user may be told of a personal account during work hours. It is off until the hub says so.
func (p Packs) GuardPersonal() bool {
	p.companion.mu.Lock()
	defer p.companion.mu.Unlock()
	return p.companion.personal
}

// AllowedGuards are the guarded pages that a lease may open.
func (p Packs) AllowedGuards(lease string) []native.PageClass {
	list := []native.PageClass{}
	for _, class := range p.companion.lease(lease).GetAllowedGuards() {
		if c := native.PageClass(class); slices.Contains(c.Words(), class) {
			list = append(list, c)
		}
	}
	return list
}

// AccountRef is the number by which the network knows the account of a lease; empty if none is known.
func (p Packs) AccountRef(lease string) string { return p.companion.lease(lease).GetAccountRef() }

// WorkBrowser is how the company wants the account of a lease to be opened: in which browser, or any, and whether that is
// kept. The hub is asked if it said nothing of the lease yet; out of its reach nothing is wanted.
func (a *Agent) WorkBrowser(ctx context.Context, lease string) (browser string, keep bool) {
	said := a.companion.lease(lease)
	if said == nil && a.online.Load() {
		_ = a.SyncNow(ctx) // an account is opened all the same
		said = a.companion.lease(lease)
	}
	return said.GetBrowser(), said.GetKeepBrowser()
}

// Pack gives the pack that counts for a network, as package packs has it.
func (p Packs) Pack(network string) (pack.Pack, json.RawMessage, bool) { return p.Store.Pack(network) }

// diagnosePacks says which site packs count.
func (a *Agent) diagnosePacks() *v1.Finding {
	var list []string
	for _, v := range a.packs.Versions() {
		list = append(list, fmt.Sprintf("%s %d", v.Network, v.Version))
	}
	return well("site packs", "In force: "+strings.Join(list, ", ")+".")
}
