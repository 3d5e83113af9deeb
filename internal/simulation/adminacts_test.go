package simulation

import (
	"strconv"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// maxHubStep is how far the hub's clock ever is from the true time.
const maxHubStep = 20 * time.Second

// order lets the owner do something at the hub. The answer may get lost; then the same order is given again later, and has
// to be the same order. It gives false when nobody answered for it.
func (w *world) order(what string, lost bool, do func(call hub.Call) error) (ok bool) {
	if !w.hub.up {
		return false
	}
	call := w.byOwner()
	for try := range 3 {
		err := do(call)
		w.look()
		gone := w.hub.dies()
		w.say("owner, try %d: %s: %s", try+1, what, outcome(err))
		switch {
		case gone:
			w.must(w.hub.start(w.ctx, ""))
			w.say("the hub starts")
		case lost:
			lost = false
		default:
			return err == nil
		}
	}
	return false
}

// revoke revokes, and remembers what was answered for.
func (w *world) revoke(target hub.RevokeTarget, lost bool) bool {
	var ended hub.Ended
	ok := w.order("revoke "+w.targetText(target), lost, func(call hub.Call) (err error) {
		ended, err = w.hub.hub.Revoke(w.ctx, call, target, "an incident")
		return err
	})
	if ok {
		w.ledger.revocations[ended.Batch] = ended.Leases
		w.revoked(target)
	}
	return ok
}

func (w *world) targetText(t hub.RevokeTarget) string {
	device := ""
	if d := w.deskOf(t.Device); d != nil {
		device = d.name
	}
	all := ""
	if t.All {
		all = "all"
	}
	lease := ""
	if t.Lease != "" {
		lease = w.nameOf(string(t.Lease))
	}
	return strings.TrimSpace(strings.Join([]string{lease, t.Account, t.User, device, all}, " "))
}

// revoked checks that an acknowledged revocation left nothing live.
func (w *world) revoked(t hub.RevokeTarget) {
	for _, e := range w.ledger.order {
		hit := t.All || e.ID == t.Lease || e.Account.Name() == t.Account || e.DeviceID == t.Device || w.deskOf(e.DeviceID).user == t.User
		if hit && e.State.Live() {
			w.violated("I5: %s is %s right after its revocation was acknowledged", e.name, e.State)
		}
	}
}

func (w *world) deactivate(user string, lost bool) bool {
	ok := w.order("deactivate "+user, lost, func(call hub.Call) error {
		_, err := w.hub.hub.DeactivateUser(w.ctx, call, user, "left")
		return err
	})
	if ok {
		w.revoked(hub.RevokeTarget{User: user})
	}
	return ok
}

func (w *world) activate(user string) bool {
	return w.order("activate "+user, false, func(call hub.Call) error {
		_, err := w.hub.hub.ActivateUser(w.ctx, call, user)
		return err
	})
}

func (w *world) setDevice(d *desk, state keyshift.DeviceState, lost bool) bool {
	ok := w.order("set "+d.name+" "+string(state), lost, func(call hub.Call) error {
		_, err := w.hub.hub.SetDeviceState(w.ctx, call, keyshift.ID(d.id), state, "")
		return err
	})
	if ok && state != keyshift.DeviceTrusted {
		w.revoked(hub.RevokeTarget{Device: keyshift.ID(d.id)})
	}
	return ok
}

// rotate stores a new password for an account.
func (w *world) rotate(account string, version int, lost bool) bool {
	ok := w.order("rotate "+account+" to "+strconv.Itoa(version%10), lost, func(call hub.Call) error {
		credential := keyshift.Credential{Login: "acme", Password: keyshift.NewSecret(password + "-" + strconv.Itoa(version%10))}
		_, err := w.hub.hub.SetCredential(w.ctx, call, account, credential, keyshift.NewSecret(codeSeed))
		return err
	})
	if ok {
		w.ledger.rotated[keyshift.ID(w.accountID(account))] = time.Now()
	}
	return ok
}

// change changes the settings of an account.
func (w *world) change(account, what string, s hub.AccountSettings, lost bool) bool {
	return w.order("make "+account+" "+what, lost, func(call hub.Call) error {
		_, err := w.hub.hub.UpdateAccount(w.ctx, call, account, s)
		return err
	})
}

// accountID gives the id of an account.
func (w *world) accountID(name string) string { return founded.accounts[name] }
