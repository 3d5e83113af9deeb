package simulation

import (
	"bytes"
	"os"
	"strings"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/audit"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// check looks at every computer after an act.
func (w *world) check() {
	for _, d := range w.desks {
		if d.disk.anywhere(func(_ string, data []byte) bool { return bytes.Contains(data, []byte(password)) }) {
			w.violated("I3: the password is on the disk of %s", d.name)
		}
		r := d.ready()
		if r == nil {
			continue
		}
		r.steps.Deadlines()
		if d.bury(); d.run == nil {
			continue
		}
		for _, h := range r.agent.Leases() {
			w.checkHeld(d, h)
		}
		if p := r.agent.Status().GetProblem(); p.GetCode() == string(keyshift.CodeRollbackDetected) || p.GetCode() == string(keyshift.CodeIntegrityFailed) {
			w.violated("I4: %s says %s: %s", d.name, p.GetCode(), p.GetText())
		}
	}
}

// checkHeld looks at one lease as the agent shows it.
func (w *world) checkHeld(d *desk, h *v1.HeldLease) {
	e := w.ledger.leases[keyshift.ID(h.GetLease().GetId())]
	if e == nil {
		w.violated("I15: %s shows a lease that the hub never committed", d.name)
		return
	}
	ends, known := e.ends[h.GetLease().GetEpoch()]
	if !known || !ends.Equal(h.GetLease().GetEndsAt().AsTime()) {
		w.violated("I15: %s shows %s in epoch %d until %v; the hub committed %v", d.name, e.name, h.GetLease().GetEpoch(), h.GetLease().GetEndsAt().AsTime(), e.ends)
	}
	if epoch := h.GetLease().GetEpoch(); epoch < e.seen {
		w.violated("I15: %s went back from epoch %d of %s to %d", d.name, e.seen, e.name, epoch)
	} else {
		e.seen = epoch
	}
	if h.GetEnding() != "" {
		return
	}
	if h.GetLease().GetState() == v1.LeaseState_LEASE_STATE_ACTIVE && !time.Now().Before(e.offlineBy(d)) {
		w.violated("P3: %s still holds %s longer than its offline grace allows", d.name, e.name)
	}
	if !e.endsBefore(w).After(time.Now()) {
		w.violated("P3: %s still holds %s after its end", d.name, e.name)
	}
}

// healing is how long it may take until a calm world is healed.
const healing = 4 * time.Minute

// heal lets a world come to rest and checks that everything is put right.
func (w *world) heal() {
	w.calm()
	for _, d := range w.desks {
		w.activate(d.user)
		w.setDevice(d, keyshift.DeviceTrusted, false)
	}
	w.pass(20 * time.Second)
	if len(w.bad) == 0 && !w.revokeAll() {
		w.violated("liveness: nothing can be revoked in a calm world")
	}
	for limit := time.Now().Add(healing); time.Now().Before(limit) && len(w.bad) == 0 && len(w.ill()) > 0; {
		w.pass(10 * time.Second)
	}
	for _, what := range w.ill() {
		w.violated("liveness: %v after everything was revoked: %s", healing, what)
	}
}

// ill names what is not in order yet.
func (w *world) ill() (what []string) {
	for _, d := range w.desks {
		for _, left := range d.residue() {
			what = append(what, d.name+" still has "+left)
		}
		if d.run == nil {
			what = append(what, d.name+" has no agent")
		} else if p := d.run.agent.Status().GetProblem(); p != nil {
			what = append(what, d.name+" says "+p.GetCode()+": "+p.GetText())
		}
	}
	for _, e := range w.ledger.order {
		if e.State.Live() || e.Removal.Step < keyshift.RemovalSecretWiped {
			what = append(what, e.name+" is "+string(e.State)+", removal "+e.Removal.Step.String())
		}
	}
	return what
}

// lendAgain checks that accounts can be lent in a healed world: the one that is most fought for, and any other.
func (w *world) lendAgain() {
	for _, a := range []int{0, 1 + w.dice.below(len(accounts)-1)} {
		if len(w.bad) > 0 {
			return
		}
		a, d := accounts[a], w.someDesk()
		lease, err := d.checkOut(w.newQuestion(a.name, 2*time.Minute))
		if err == nil && a.name != "facebook/role" {
			err = d.reveal(lease.GetId())
		}
		if err == nil {
			err = d.checkIn(lease.GetId())
		}
		if err != nil {
			w.violated("liveness: %s cannot be lent in a healed world: %v", a.name, err)
		}
	}
}

// audited checks that every effect is in the audit log once, and that the log proves itself.
func (w *world) audited() {
	_, err := w.hub.tree.Sequence(w.ctx)
	w.must(err)
	reader := w.hub.store.Read(w.ctx)
	report, err := audit.VerifyStore(w.ctx, reader, audit.Trust{HubID: w.hub.hub.ID()})
	if err != nil {
		w.violated("I4: the audit log does not prove itself: %s: %v", report.Text(), err)
		return
	}
	counts := w.countEvents(reader)
	for _, e := range w.ledger.order {
		w.wantEvents(counts, e)
	}
	for batch, n := range w.ledger.revocations {
		if counts["batch "+string(batch)] != 1 || counts["ended "+string(batch)] != int(n) {
			w.violated("I4: an acknowledged revocation of %d leases has %d events and %d of leases", n, counts["batch "+string(batch)], counts["ended "+string(batch)])
		}
	}
}

func (w *world) countEvents(r hub.Reader) map[string]int {
	counts := map[string]int{}
	for from := int64(0); ; {
		events, err := r.EventsFrom(from, 500)
		w.must(err)
		for _, e := range events {
			counts[string(e.Action)+" "+string(e.LeaseID)]++
			switch e.Action {
			case keyshift.ActRevocation:
				counts["batch "+e.Details["batch"]]++
			case keyshift.ActLeaseRevoked:
				counts["ended "+e.Details["revocation"]]++
			}
		}
		if from += int64(len(events)); len(events) < 500 {
			return counts
		}
	}
}

// wantEvents holds the events of one lease against what became of it.
func (w *world) wantEvents(counts map[string]int, e *entry) {
	n := func(action keyshift.AuditAction) int { return counts[string(action)+" "+string(e.ID)] }
	ended := n(keyshift.ActLeaseCheckedIn) + n(keyshift.ActLeaseExpired) + n(keyshift.ActLeaseRevoked)
	if n(keyshift.ActLeaseGranted) != 1 || ended != 1 || n(keyshift.ActLeaseActivated) > 1 || e.wasActive && n(keyshift.ActLeaseActivated) != 1 {
		w.violated("I4: %s has %d events of its grant, %d of its activation, %d of its end", e.name, n(keyshift.ActLeaseGranted), n(keyshift.ActLeaseActivated), ended)
	}
	for _, action := range []keyshift.AuditAction{keyshift.ActSecretShown, keyshift.ActCodeReleased, keyshift.ActLeaseRenewed} {
		answered, asked := w.ledger.answered[string(action)+" "+string(e.ID)], w.ledger.asked[string(action)+" "+string(e.ID)]
		if got := n(action); got < answered || got > asked {
			w.violated("I4, I6: %s has %d events %s; %d were answered for, %d asked for", e.name, got, action, answered, asked)
		}
	}
}

// sealed checks that nothing secret lies about: in the hub's files, in logs, and in keyrings and disks.
func (w *world) sealed() {
	for _, part := range []string{"", "-wal"} {
		data, err := os.ReadFile(w.hub.data() + part)
		if err == nil && (bytes.Contains(data, []byte(password)) || bytes.Contains(data, []byte(codeSeed))) {
			w.violated("I7: a secret is in the hub's database%s", part)
		}
	}
	if bytes.Contains(w.logs.Bytes(), []byte(password)) {
		w.violated("I3: the password is in a log")
	}
	for _, d := range w.desks {
		for _, key := range d.ring.Keys() {
			if strings.Contains(strings.Join(d.ring.Texts(key), " "), password) {
				w.violated("I3: the password is in the keyring of %s", d.name)
			}
		}
	}
}
