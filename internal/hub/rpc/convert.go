package rpc

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// The domain's words and the contract's numbers name the same things: the enum value NETWORK_X is the network "x".
// These two functions go from one to the other by that rule.
func enumOf[E ~int32](values map[string]int32, prefix, word string) E {
	return E(values[prefix+strings.ToUpper(word)])
}

func wordOf(names map[int32]string, prefix string, value int32) string {
	word := strings.ToLower(strings.TrimPrefix(names[value], prefix))
	if word == "unspecified" {
		return ""
	}
	return word
}

func roleOf(r v1.Role) keyshift.Role {
	return keyshift.Role(wordOf(v1.Role_name, "ROLE_", int32(r)))
}

func rolesOf(list []v1.Role) []keyshift.Role {
	roles := make([]keyshift.Role, len(list))
	for i, r := range list {
		roles[i] = roleOf(r)
	}
	return roles
}

func networkOf(n v1.Network) keyshift.Network {
	return keyshift.Network(wordOf(v1.Network_name, "NETWORK_", int32(n)))
}

func networkEnum(n keyshift.Network) v1.Network {
	return enumOf[v1.Network](v1.Network_value, "NETWORK_", string(n))
}

func accessModeEnum(m keyshift.AccessMode) v1.AccessMode {
	return enumOf[v1.AccessMode](v1.AccessMode_value, "ACCESS_MODE_", string(m))
}

func leaseStorageEnum(s keyshift.LeaseStorage) v1.LeaseStorage {
	return enumOf[v1.LeaseStorage](v1.LeaseStorage_value, "LEASE_STORAGE_", string(s))
}

func deviceStateOf(s v1.DeviceState) keyshift.DeviceState {
	return keyshift.DeviceState(wordOf(v1.DeviceState_name, "DEVICE_STATE_", int32(s)))
}

func rotationEnum(r keyshift.Rotation) v1.Rotation {
	return enumOf[v1.Rotation](v1.Rotation_value, "ROTATION_", string(r))
}

func userMessage(u keyshift.User) *v1.User {
	m := &v1.User{Id: string(u.ID), Name: u.Name, DisplayName: u.DisplayName, Active: u.Active, CreatedAt: stamp(u.CreatedAt)}
	for _, r := range u.Roles {
		m.Roles = append(m.Roles, enumOf[v1.Role](v1.Role_value, "ROLE_", string(r)))
	}
	return m
}

func groupMessage(g hub.GroupView) *v1.Group {
	return &v1.Group{Id: string(g.Group.ID), Name: g.Group.Name, Members: g.Members, CreatedAt: stamp(g.Group.CreatedAt)}
}

func accountMessage(v hub.AccountView) *v1.Account {
	a := v.Account
	m := &v1.Account{
		Id: string(a.ID), Network: networkEnum(a.Network), Handle: a.Handle, AccessMode: accessModeEnum(a.AccessMode),
		Exclusive: a.Exclusive, Enabled: a.Enabled, MaxDuration: durationpb.New(a.MaxDuration), OfflineGrace: durationpb.New(a.OfflineGrace),
		LeaseStorage: leaseStorageEnum(a.LeaseStorage), AllowShow: a.AllowShow, HasCredential: a.CredentialVersion > 0, HasCodeSeed: a.HasCodeSeed,
		Rotation: v1.Rotation_ROTATION_NONE, CreatedAt: stamp(a.CreatedAt),
	}
	if a.RotationDue {
		m.Rotation = v1.Rotation_ROTATION_DUE
	}
	if v.Risk != nil {
		m.RiskAcceptance = &v1.RiskAcceptance{Clause: v.Risk.Clause, TextHash: v.Risk.TextHash, AcceptedBy: v.AcceptedBy, AcceptedAt: stamp(v.Risk.AcceptedAt), Until: stamp(v.Risk.Until)}
	}
	return m
}

func settingsOf(m *v1.AccountSettings) hub.AccountSettings {
	s := hub.AccountSettings{Exclusive: m.Exclusive, Enabled: m.Enabled, AllowShow: m.AllowShow}
	if m.AccessMode != nil {
		mode := keyshift.AccessMode(wordOf(v1.AccessMode_name, "ACCESS_MODE_", int32(m.GetAccessMode())))
		s.AccessMode = &mode
	}
	if m.LeaseStorage != nil {
		storage := keyshift.LeaseStorage(wordOf(v1.LeaseStorage_name, "LEASE_STORAGE_", int32(m.GetLeaseStorage())))
		s.LeaseStorage = &storage
	}
	s.MaxDuration, s.OfflineGrace = optionalDuration(m.GetMaxDuration()), optionalDuration(m.GetOfflineGrace())
	return s
}

func optionalDuration(d *durationpb.Duration) *time.Duration {
	if d == nil {
		return nil
	}
	value := durationOf(d)
	return &value
}

func grantMessage(v hub.GrantView) *v1.Grant {
	return &v1.Grant{Id: string(v.Grant.ID), AccountId: string(v.Grant.AccountID), Account: v.Account, User: v.User, Group: v.Group, CreatedAt: stamp(v.Grant.CreatedAt)}
}

func deviceMessage(v hub.DeviceView) *v1.Device {
	d := v.Device
	return &v1.Device{
		Id: string(d.ID), Name: d.Name, Os: d.OS, User: v.User, State: enumOf[v1.DeviceState](v1.DeviceState_value, "DEVICE_STATE_", string(d.State)),
		EnrolledAt: stamp(d.EnrolledAt), LastContact: stamp(v.Presence.LastContact), AgentVersion: v.Presence.AgentVersion,
		Flagged: d.Refusals >= keyshift.FlagAfter, WitnessedSize: v.Presence.WitnessedSize,
	}
}

func (s *Server) leaseMessage(v hub.LeaseView) *v1.Lease {
	a := v.Account
	return &v1.Lease{
		Id: string(v.ID), AccountId: string(v.AccountID), Network: networkEnum(a.Network), Handle: a.Handle, User: v.UserShown, UserName: v.UserName,
		DeviceId: string(v.DeviceID), Device: v.DeviceName, Reason: v.Reason, State: enumOf[v1.LeaseState](v1.LeaseState_value, "LEASE_STATE_", string(v.State)),
		Epoch: v.Epoch, StartedAt: stamp(v.StartedAt), ActivateBy: stamp(v.ActivateBy), EndsAt: stamp(v.EndsAt), EndedAt: stamp(v.EndedAt), EndReason: v.EndReason,
		AccessMode: accessModeEnum(a.AccessMode), LeaseStorage: leaseStorageEnum(a.LeaseStorage), OfflineGrace: durationpb.New(v.OfflineGrace),
		MaxDuration: durationpb.New(a.MaxDuration), AllowShow: a.AllowShow, HasCodeSeed: a.HasCodeSeed, Exclusive: v.Exclusive, Removal: s.removalMessage(v),
	}
}

func (s *Server) removalMessage(v hub.LeaseView) *v1.Removal {
	r := v.Removal
	if r.Step == keyshift.RemovalNone {
		return nil
	}
	m := &v1.Removal{
		Step: v1.RemovalStep(r.Step), Text: v.RemovalText(v.LastContact, s.Hub.Now()), WipeFailure: r.WipeFailure, Rotation: rotationEnum(r.Rotation), //nolint:gosec // five steps
		RequestedAt: stamp(r.RequestedAt), DeliveredAt: stamp(r.DeliveredAt), WipedAt: stamp(r.WipedAt), ClosedAt: stamp(r.ClosedAt),
		BrowserPending: r.BrowserPending,
	}
	if !r.Done() {
		m.EndsBy = stamp(v.EndsBy(v.LastContact))
	}
	return m
}

func (s *Server) leaseMessages(views []hub.LeaseView) []*v1.Lease { return each(views, s.leaseMessage) }

func each[T, M any](list []T, message func(T) M) []M {
	messages := make([]M, len(list))
	for i, item := range list {
		messages[i] = message(item)
	}
	return messages
}

func eventMessage(e hub.LoggedEvent) *v1.AuditEvent {
	m := &v1.AuditEvent{
		Id: e.ID, At: stamp(e.At), Action: string(e.Action), ActorKind: string(e.ActorKind), ActorId: string(e.ActorID), UserId: string(e.UserID),
		DeviceId: string(e.DeviceID), AccountId: string(e.AccountID), LeaseId: string(e.LeaseID), Details: e.Details, Personal: e.Personal,
	}
	if e.LeafIndex >= 0 {
		m.LeafIndex = &e.LeafIndex
	}
	return m
}

func lendableMessage(l hub.Lendable) *v1.Lendable {
	a := l.Account
	m := &v1.Lendable{
		AccountId: string(a.ID), Network: networkEnum(a.Network), Handle: a.Handle, AccessMode: accessModeEnum(a.AccessMode), Exclusive: a.Exclusive,
		MaxDuration: durationpb.New(a.MaxDuration), LeaseStorage: leaseStorageEnum(a.LeaseStorage), AllowShow: a.AllowShow, HasCodeSeed: a.HasCodeSeed,
		Missing: each(l.Missing, api.ToInfo),
	}
	if l.Holder != nil {
		m.Holder, m.HeldUntil = l.Holder.UserShown, stamp(l.HeldUntil)
	}
	return m
}
