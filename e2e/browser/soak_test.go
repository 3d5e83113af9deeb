package browser

import (
	"os"
	"regexp"
	"time"

	"github.com/keyshift-hq/keyshift/internal/replica"
)

// soak is how long the long form lasts, if it is asked for.
func soak() (lasts time.Duration, long bool) {
	lasts, err := time.ParseDuration(os.Getenv("KEYSHIFT_SOAK"))
	return lasts, err == nil
}

// soaked goes through every log-in from check-out to check-in, each in a work browser of its own, again and again as long as
// KEYSHIFT_SOAK says, and once at least. Without the variable the other stories are enough.
func (d *desk) soaked() {
	lasts, long := soak()
	if !long {
		return
	}
	for late := time.Now().Add(lasts); ; {
		for _, v := range replica.Variants() {
			d.story(v.ID, func() { d.variant(v) })
		}
		if time.Now().After(late) || d.t.Failed() {
			return
		}
	}
}

func (d *desk) variant(v replica.Variant) {
	if v.Delegated {
		d.delegatedAt(v.Network)
		return
	}
	defer d.giveBack()
	d.world.Forget()
	d.world.EndSessions(v.Network)
	d.world.Show(v)
	d.checkOut(v.Network)
	w := d.open(v.Network)
	popup := w.popup()
	w.inFront(popup, v.Host)
	w.signIn(popup, v)
	w.isSignedIn(v)
	d.agentCommand("", "checkin", acme(v.Network))
	d.closed(w)
	d.removed(v.Network)
	d.signOuts = append(d.signOuts, d.endedAtTheNetwork(v.Network, v.Network))
}

// endedAtTheNetwork: no session is left where somebody signed in, or the hub knows that signing out took too long: a work
// browser has four seconds for it, which a busy machine may not keep. It gives what the hub knows.
func (d *desk) endedAtTheNetwork(network, signedInAt string) (out string) {
	d.t.Helper()
	out = d.signOut(network)
	if s := d.world.Sessions(signedInAt); len(s) != 0 && out == "done" || out == "not_possible" && network != "desk" {
		d.t.Errorf("the network still has %v, signing out was %s", s, out)
	}
	return out
}

// signOut is what the hub knows of how the last lease on a network was signed out there.
func (d *desk) signOut(network string) string {
	d.t.Helper()
	audit := d.hub("", "audit", "list", "--lease", d.newest(network).ID, "--json")
	out := regexp.MustCompile(`"sign_out":\s*"(\w+)"`).FindStringSubmatch(audit)
	if len(out) == 0 {
		d.t.Fatalf("the hub knows nothing of signing out:\n%s", audit)
	}
	return out[1]
}
