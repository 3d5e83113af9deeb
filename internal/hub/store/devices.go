package store

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func (r *reader) Device(id keyshift.ID) (keyshift.Device, error) {
	row, err := r.q().Device(r.ctx, string(id))
	return one(r, "device", deviceOf, row, err)
}

func (r *reader) DeviceAndUser(id keyshift.ID) (keyshift.Device, keyshift.User, error) {
	row, err := r.q().DeviceAndUser(r.ctx, string(id))
	if err != nil {
		return keyshift.Device{}, keyshift.User{}, r.failed("read device", err)
	}
	return deviceOf(row.Device), userOf(row.User), nil
}

func (r *reader) Devices(after keyshift.ID, limit int) ([]keyshift.Device, error) {
	rows, err := r.q().Devices(r.ctx, db.DevicesParams{After: string(after), Most: most(limit)})
	return list(r, "devices", deviceOf, rows, err)
}

func (r *reader) DevicesOf(topic string, ref keyshift.ID) (ids []keyshift.ID, err error) {
	var rows []string
	switch topic {
	case hub.TopicUser:
		rows, err = r.aside().DevicesOfUser(r.ctx, string(ref))
	case hub.TopicGroup:
		rows, err = r.aside().DevicesOfGroup(r.ctx, string(ref))
	case hub.TopicAccount:
		rows, err = r.aside().DevicesGranted(r.ctx, string(ref))
	default:
		return nil, fmt.Errorf("list devices: the topic %q has none", topic)
	}
	return list(r, "devices of a "+topic, func(id string) keyshift.ID { return keyshift.ID(id) }, rows, err)
}

func (r *reader) Presence(device keyshift.ID) (hub.Presence, error) {
	row, err := r.q().Presence(r.ctx, string(device))
	if errors.Is(err, sql.ErrNoRows) {
		return hub.Presence{}, nil
	}
	return one(r, "presence", presenceOf, row, err)
}

func (t *tx) AddDevice(d keyshift.Device) error {
	n, err := t.q().AddDevice(t.ctx, db.AddDeviceParams{
		ID: string(d.ID), UserID: string(d.UserID), Name: d.Name, Os: d.OS, State: string(d.State), EnrolledAt: micros(d.EnrolledAt),
		SigningKey: blob(d.SigningKey), SealingKey: blob(d.SealingKey), SeqHigh: int64(d.Window.High), SeqSeen: int64(d.Window.Seen), //nolint:gosec // the bits are stored
		Refusals: d.Refusals,
	})
	return t.added("device", n, err)
}

func (t *tx) SetDeviceState(id keyshift.ID, s keyshift.DeviceState) error {
	n, err := t.q().SetDeviceState(t.ctx, db.SetDeviceStateParams{ID: string(id), State: string(s)})
	return t.saved("set device state", n, err)
}

func (t *tx) SetDevicesState(user keyshift.ID, s keyshift.DeviceState) error {
	n, err := t.q().SetDevicesState(t.ctx, db.SetDevicesStateParams{UserID: string(user), State: string(s)})
	_, err = t.changed("set devices' state", n, err)
	return err
}

func (t *tx) SaveWindow(id keyshift.ID, before, after keyshift.SequenceWindow) error {
	_, err := t.later().SaveWindow(t.ctx, db.SaveWindowParams{
		ID: string(id), High: int64(after.High), Seen: int64(after.Seen), //nolint:gosec // the bits are stored
		HighBefore: int64(before.High), SeenBefore: int64(before.Seen), //nolint:gosec // the bits are stored
	})
	t.batch.change(id)
	return err
}

func (t *tx) CountRefusal(id keyshift.ID) (int64, error) {
	n, err := t.q().CountRefusal(t.ctx, string(id))
	if err != nil {
		return 0, t.failed("count refusal", err)
	}
	t.wrote()
	return n, nil
}

// SavePresence writes in the order of the ids, so that two replicas never wait for each other crosswise.
func (t *tx) SavePresence(batch []hub.Presence) error {
	batch = slices.SortedFunc(slices.Values(batch), func(a, b hub.Presence) int { return strings.Compare(string(a.DeviceID), string(b.DeviceID)) })
	for _, p := range batch {
		n, err := t.q().SavePresence(t.ctx, db.SavePresenceParams{DeviceID: string(p.DeviceID), LastContact: micros(p.LastContact),
			AgentVersion: p.AgentVersion, WitnessedSize: p.WitnessedSize, WitnessNote: p.WitnessNote, WitnessSignature: blob(p.WitnessSignature)})
		if _, err := t.changed("save presence", n, err); err != nil {
			return err
		}
	}
	return nil
}

func deviceOf(row db.Device) keyshift.Device {
	return keyshift.Device{
		ID: keyshift.ID(row.ID), UserID: keyshift.ID(row.UserID), Name: row.Name, OS: row.Os, State: keyshift.DeviceState(row.State),
		EnrolledAt: moment(row.EnrolledAt), SigningKey: bytesOf(row.SigningKey), SealingKey: bytesOf(row.SealingKey),
		Window: keyshift.SequenceWindow{High: uint64(row.SeqHigh), Seen: uint64(row.SeqSeen)}, Refusals: row.Refusals, //nolint:gosec // the bits are stored
	}
}

func presenceOf(row db.DevicePresence) hub.Presence {
	return hub.Presence{DeviceID: keyshift.ID(row.DeviceID), LastContact: moment(row.LastContact), AgentVersion: row.AgentVersion,
		WitnessedSize: row.WitnessedSize, WitnessNote: row.WitnessNote, WitnessSignature: bytesOf(row.WitnessSignature)}
}
