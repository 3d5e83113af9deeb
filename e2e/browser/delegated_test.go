package browser

import (
	"fmt"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/replica"
)

// delegation is how a network delegates: where its entrance leads, and a page there that is closed. Instagram delegates at
// Facebook, whose pages do not say as which Instagram account somebody works.
type delegation struct{ variant, closed string }

var delegations = map[string]delegation{
	"facebook":  {"facebook-business", "https://www.facebook.com/settings?tab=security"},
	"instagram": {"facebook-business", ""},
	"x":         {"x-delegate", "https://x.com/settings/password"},
	"pinterest": {"pinterest-business", "https://www.pinterest.com/settings/account-settings"},
}

// delegated works on an account of which nobody here has a login, in a work browser; the long form does so at each network.
func (d *desk) delegated() { d.delegatedAt("facebook") }

// delegatedAt: the work browser opens the network's own entrance.
func (d *desk) delegatedAt(network string) {
	defer d.giveBack()
	v := d.delegate(network)
	d.take(delegatedName(network), "23m")
	w := d.openAccount(delegatedName(network))
	p := w.page(v.LoginURL())
	popup := w.popup()
	w.awaitState(popup, "the browser knows the lease", func(s popupState) bool { return len(s.Leases) == 1 })
	w.actsFor(p, popup, network, w.state(popup).Leases[0])
	d.agentCommand("", "checkin", delegatedName(network))
	d.closed(w)
	d.removed(network)
	d.signOuts = append(d.signOuts, d.endedAtTheNetwork(network, v.Network))
}

// delegatedInOwn is the same in the user's own browser, where the popup opens the entrance.
func (w *work) delegatedInOwn(popup browsertest.Page, network string) {
	v := w.delegate(network)
	id := w.take(popup, delegatedName(network))
	l, _ := w.state(popup).lease(id)
	w.check(popup.Eval(fmt.Sprintf(`chrome.runtime.sendMessage({type: "popup.fill", lease_id: %q})`, id), nil))
	w.actsFor(w.page(v.LoginURL()), popup, network, l)
	w.agentCommand("", "checkin", delegatedName(network))
	w.removed(network)
	w.endedAtTheNetwork(network, v.Network)
}

func delegatedName(network string) string { return network + "/" + delegatedHandle }

// delegate has the network show its entrance.
func (d *desk) delegate(network string) replica.Variant {
	v := replica.Find(delegations[network].variant)
	d.world.Forget()
	d.world.EndSessions(v.Network)
	d.world.Show(v)
	return v
}

// actsFor: no secret is lent, Dana signs in with her own login and acts as the account. Everything else is as with any other.
func (w *work) actsFor(p, popup browsertest.Page, network string, l popupLease) {
	w.t.Helper()
	v := replica.Find(delegations[network].variant)
	if l.Mode != "delegated" || len(l.Fields) != 0 {
		w.t.Errorf("the browser is told %+v", l)
	}
	w.inFront(popup, v.Host)
	w.signInAsDana(p, v)
	w.banner(p)
	if closed := delegations[network].closed; closed != "" {
		w.awaitRelation(popup, v.Host, "personal") // it is not the account yet
		w.check(p.Click("#act"))
		w.awaitRelation(popup, v.Host, "lease")
		w.covered(p, closed)
	}
	w.picture(p, "6-delegated-"+network)
	if w.hears("dana_private") || w.hears(ownLogin) {
		w.t.Error("the agent heard of Dana's own account")
	}
}

func (w *work) hears(text string) bool { return strings.Contains(w.log(), text) }

// signInAsDana types, and nothing else is typed.
func (w *work) signInAsDana(p browsertest.Page, v replica.Variant) {
	w.t.Helper()
	values := map[replica.Kind]string{replica.Username: ownLogin, replica.Password: ownPassword}
	for i, s := range v.Screens {
		w.wait(p, fmt.Sprintf(`document.documentElement.dataset.screen === "%d"`, i))
		for _, what := range []replica.Kind{replica.Username, replica.Password} {
			if selector, ok := s.Take[what]; ok {
				w.check(p.Type(selector, values[what]))
			}
		}
		w.goOn(p, v, s)
	}
	w.wait(p, `document.documentElement.dataset.page.endsWith("-home")`)
	for _, typed := range w.world.Typed() {
		if !strings.HasPrefix(ownLogin, typed.Value) && !strings.HasPrefix(ownPassword, typed.Value) {
			w.t.Errorf("somebody else typed %+v", typed)
		}
	}
}

// covered opens a page that is closed during a lease.
func (w *work) covered(p browsertest.Page, address string) {
	w.t.Helper()
	w.check(p.Go(address))
	w.wait(p, coveredPage)
}
