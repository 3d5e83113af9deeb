package hub_test

import (
	"crypto/ed25519"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// ownSite is a site that the hub serves itself.
func ownSite() pack.Pack {
	return pack.Site("practice.example.com", "Practice network", "https://practice.example.com/login")
}

// inForce is the pack of the own site, and the revision that devices hear of.
func (w *world) inForce() (hub.SitePackView, int64) {
	w.t.Helper()
	view, err := w.hub.GetSitePack(w.t.Context(), w.byOwner(), ownSite().Network)
	w.must(err)
	policy, err := w.hub.Store.Read(w.t.Context()).BrowserPolicy()
	w.must(err)
	return view, policy.Revision
}

func TestAnOwnPackIsPublishedOnceForEachContent(t *testing.T) {
	w := newWorld(t)
	w.must(w.hub.PublishOwn(t.Context(), ownSite()))
	first, revision := w.inForce()
	if first.Version != 1 || first.ByName != "" || first.PublishedAt.IsZero() || revision != 1 {
		t.Errorf("version %d by %q, revision %d", first.Version, first.ByName, revision)
	}
	if _, err := first.Open(w.hub.SigningKey().Public().(ed25519.PublicKey)); err != nil {
		t.Errorf("a device says %v", err)
	}
	w.must(w.hub.PublishOwn(t.Context(), ownSite()))
	if again, after := w.inForce(); again.Version != 1 || after != revision {
		t.Errorf("the same again: version %d, revision %d", again.Version, after)
	}
	changed := ownSite()
	changed.Title = "Practice"
	w.must(w.hub.PublishOwn(t.Context(), changed))
	if second, after := w.inForce(); second.Version != 2 || second.Title != "Practice" || after != revision+1 {
		t.Errorf("another content: version %d %q, revision %d", second.Version, second.Title, after)
	}
}

func TestAUsersPackOutweighsTheHubsOwn(t *testing.T) {
	w := newWorld(t)
	w.must(w.hub.PublishOwn(t.Context(), ownSite()))
	better := ownSite()
	better.Version, better.Title = 2, "Better"
	data, err := better.Encode()
	w.must(err)
	_, err = w.hub.PublishSitePack(t.Context(), w.byOwner(), data)
	w.must(err)
	w.must(w.hub.PublishOwn(t.Context(), ownSite()))
	if got, _ := w.inForce(); got.Title != "Better" || got.ByName != "alice" {
		t.Errorf("in force is %q by %q", got.Title, got.ByName)
	}
	_, err = w.hub.RemoveSite(t.Context(), w.byOwner(), "practice.example.com")
	w.must(err)
	w.must(w.hub.PublishOwn(t.Context(), ownSite()))
	if got, _ := w.inForce(); !got.Withdrawn() {
		t.Error("the site came back after an admin removed it")
	}
}

func TestAnOwnPackIsNeverThatOfANetwork(t *testing.T) {
	w := newWorld(t)
	for _, network := range pack.EmbeddedNetworks() {
		p, _ := pack.Embedded(network)
		p.Version = 99
		wantCode(t, network, w.hub.PublishOwn(t.Context(), p), keyshift.CodeFieldInvalid)
	}
	wantCode(t, "a host of X", w.hub.PublishOwn(t.Context(), pack.Site("practice.x.com", "X", "https://practice.x.com/")), keyshift.CodeFieldInvalid)
}
