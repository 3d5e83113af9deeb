package hub

import (
	"errors"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network"
)

// question is what the gates are asked: may this user hold this account on this device now? It reads what a gate
// needs, at most once.
type question struct {
	r       Reader
	now     time.Time
	user    keyshift.User
	device  keyshift.Device
	account keyshift.Account
	// duration is 0 when nothing specific is asked for (a list of what could be checked out).
	duration time.Duration
	// own is the lease that is being renewed, if any.
	own keyshift.ID
	// treeFault is why the audit log cannot be sequenced, nil if it can.
	treeFault error
	// clockFault is why the hub does not know the time, nil if it does.
	clockFault error
}

// gate is one condition. It answers nil or a refusal that names what is missing and how to get it.
type gate struct {
	name string
	ask  func(*question) error
}

// gates are all conditions of a check-out and of a renewal, in the order in which a person would want to hear of them.
var gates = []gate{
	{"user active", gateUser},
	{"device trusted", gateDevice},
	{"grant", gateGrant},
	{"account enabled", gateEnabled},
	{"site", gateSite},
	{"access mode", gateAccessMode},
	{"risk acceptance", gateRisk},
	{"credential", gateCredential},
	{"work hours", gateHours},
	{"duration", gateDuration},
	{"account free", gateFree},
	{"audit log", gateAudit},
	{"clock", gateClock},
}

// ask gives the first refusal, nil when every gate is open.
func (q *question) ask() error {
	for _, g := range gates {
		if err := g.ask(q); err != nil {
			return err
		}
	}
	return nil
}

// missing gives every refusal.
func (q *question) missing() ([]*keyshift.Error, error) {
	var all []*keyshift.Error
	for _, g := range gates {
		var refusal *keyshift.Error
		switch err := g.ask(q); {
		case err == nil:
		case errors.As(err, &refusal):
			all = append(all, refusal)
		default:
			return nil, err
		}
	}
	return all, nil
}

func gateUser(q *question) error {
	if !q.user.Active {
		return errInactive
	}
	return nil
}

func gateDevice(q *question) error {
	if q.device.State != keyshift.DeviceTrusted {
		return errDevice
	}
	return nil
}

func gateGrant(q *question) error {
	granted, err := q.r.HasGrant(q.user.ID, q.account.ID)
	if err != nil || granted {
		return err
	}
	return keyshift.Refuse(keyshift.CodeGrantMissing, "You have no grant for @"+q.account.Handle+".", "Ask your admin for a grant on "+q.account.Name()+".")
}

func gateEnabled(q *question) error {
	if !q.account.Enabled {
		return keyshift.Refuse(keyshift.CodeAccountDisabled, "@"+q.account.Handle+" is disabled.", "Ask your admin why, and when it is back.")
	}
	return nil
}

func gateAccessMode(q *question) error {
	if q.account.AccessMode == keyshift.BreakGlass {
		return keyshift.Refuse(keyshift.CodeAccessModeRefused, "@"+q.account.Handle+" is the owner login, for emergencies only. It needs two approvers.", "Ask your admin.")
	}
	return nil
}

func gateRisk(q *question) error {
	if !q.account.NeedsRiskAcceptance() {
		return nil
	}
	accepted, err := q.r.RiskAcceptance(q.account.ID)
	if err != nil {
		return err
	}
	// Whoever accepted an older wording has not accepted today's.
	if clause, _ := network.Clause(q.account.Network); accepted.InForce(q.now) && accepted.TextHash == clause.Hash() {
		return nil
	}
	return keyshift.Refuse(keyshift.CodeRiskNotAccepted,
		q.account.Network.Title()+"'s terms forbid sharing a password, and no acceptance of that risk is in force for @"+q.account.Handle+".",
		"Ask an owner: lend it by the network's own roles (delegated), or record a risk acceptance.")
}

func gateCredential(q *question) error {
	if q.account.LendsSecret() && q.account.CredentialVersion == 0 {
		return keyshift.Refuse(keyshift.CodeCredentialMissing, "No credential is stored for @"+q.account.Handle+" yet.", "Ask your admin to store it.")
	}
	return nil
}

func gateDuration(q *question) error {
	if q.duration == 0 {
		return nil
	}
	return q.account.ValidateDuration(q.duration)
}

func gateFree(q *question) error {
	holder, err := q.r.Holder(q.account.ID, q.now)
	switch {
	case errors.Is(err, keyshift.ErrNotFound) || err == nil && holder.ID == q.own:
		return nil
	case err != nil:
		return err
	}
	return inUse(holder, q.now)
}

func gateClock(q *question) error { return q.clockFault }

// inUse names the holder of an exclusive account and when it is free at the latest.
func inUse(l LeaseView, now time.Time) error {
	until, text := l.HeldUntil(now), "@"+l.Account.Handle+" is with "+l.UserShown+" until "
	if !l.LiveAt(now) {
		text = "@" + l.Account.Handle + " was with " + l.UserShown + " and its removal there is not confirmed. It is free by "
	}
	return keyshift.Refuse(keyshift.CodeAccountInUse, text+keyshift.ClockText(until, now)+".", "Try again then, or ask "+l.UserShown+" to check it in.").
		With("holder", l.UserShown).With("until", until.UTC().Format(time.RFC3339))
}

func gateAudit(q *question) error {
	if q.treeFault != nil {
		return keyshift.Refuse(keyshift.CodeAuditUnavailable, "The hub's audit log cannot be written. No check-outs until that is fixed; revoke still works.",
			"Tell your admin.").Because(q.treeFault)
	}
	return nil
}
