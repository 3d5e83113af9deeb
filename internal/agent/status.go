package agent

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Status says how things stand now. It waits for nothing.
func (a *Agent) Status() *v1.LocalServiceGetStatusResponse {
	s := &v1.LocalServiceGetStatusResponse{
		Version: a.cfg.Version, Leases: a.Leases(), Trust: a.trustNow(), Problem: a.problem(),
	}
	l := a.link.Load()
	if l == nil {
		return s
	}
	d := l.self()
	s.Enrolled, s.HubUrl, s.HubName, s.HubId = true, d.HubURL, d.HubName, d.HubID
	s.User, s.DeviceId, s.DeviceName = d.User, d.DeviceID, d.DeviceName
	s.Connected, s.WitnessedSize = a.online.Load(), l.witness.size()
	if last := a.times.state().Witnessed.Last.HubTime; !last.IsZero() {
		s.LastContact = timestamppb.New(last)
	}
	return s
}

// problem is what keeps the agent from working, the most telling first.
func (a *Agent) problem() *v1.ErrorInfo {
	if a.damaged.Load() {
		return api.ToInfo(errDamaged)
	}
	if e := a.problems.worst(); e != nil {
		return api.ToInfo(e)
	}
	if a.link.Load() != nil && a.trustNow() == v1.Trust_TRUST_CLOCK_SUSPECT && a.online.Load() {
		return api.ToInfo(shown(a.times.refusal()))
	}
	for _, rec := range a.journal.all() {
		if rec.WipeFailure != "" {
			return api.ToInfo(errWipeFailed(rec))
		}
	}
	return nil
}

func errWipeFailed(rec record) *keyshift.Error {
	text := "A lent secret could not be removed yet: " + rec.WipeFailure + "."
	if rec.Phase == keyless {
		text += " It cannot be opened any more."
	}
	return keyshift.Refuse(keyshift.CodeWipeFailed, text,
		"Unlock your keyring and allow the deletion; your admin was told.").With("lease_id", rec.Lease.GetId())
}
