package store

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestADeviceIsKeptWithTheBitsOfItsWindow(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		u := s.user()
		d := s.device(u)
		before := keyshift.SequenceWindow{}
		after := keyshift.SequenceWindow{High: math.MaxUint64, Seen: 1<<63 | 1}
		s.do(func(tx hub.Tx) error { return tx.SaveWindow(d.ID, before, after) })
		d.Window = after
		got, user, err := s.reader().DeviceAndUser(d.ID)
		same(t, "device", got, d)
		same(t, "user", user, u)
		same(t, "error", err, nil)
	})
}

func TestAWindowThatChangedMeanwhileIsReadAgain(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		d := s.device(s.user())
		stale, runs := keyshift.SequenceWindow{High: 9, Seen: 1}, 0
		s.do(func(tx hub.Tx) error {
			runs++
			before := stale
			if runs > 1 {
				fresh, err := tx.Device(d.ID)
				if err != nil {
					return err
				}
				before = fresh.Window
			}
			after := before
			after.Accept(before.High + 1)
			return tx.SaveWindow(d.ID, before, after)
		})
		got, _ := s.reader().Device(d.ID)
		if runs != 2 || got.Window.High != 1 {
			t.Errorf("%d runs, window %+v, want 2 runs and the first number used", runs, got.Window)
		}
	})
}

func TestDeviceStates(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		u := s.user()
		a, b := s.device(u), s.device(u)
		other := s.device(s.user())
		s.do(func(tx hub.Tx) error { return tx.SetDeviceState(a.ID, keyshift.DeviceLost) })
		s.do(func(tx hub.Tx) error { return tx.SetDevicesState(u.ID, keyshift.DeviceBlocked) })
		devices, err := s.reader().Devices("", 10)
		if err != nil {
			t.Fatal(err)
		}
		got := map[keyshift.ID]keyshift.DeviceState{}
		for _, d := range devices {
			got[d.ID] = d.State
		}
		same(t, "states", got, map[keyshift.ID]keyshift.DeviceState{a.ID: keyshift.DeviceLost, b.ID: keyshift.DeviceBlocked, other.ID: keyshift.DeviceTrusted})
		wantCode(t, s.Write(t.Context(), hub.Closing, func(tx hub.Tx) error { return tx.SetDeviceState("none", keyshift.DeviceLost) }), keyshift.CodeNotFound)
	})
}

func TestRefusalsAreCountedAlsoWhenTheRequestIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		d := s.device(s.user())
		refusal := keyshift.Refuse(keyshift.CodeBadSignature, "The signature is wrong.", "")
		for want := int64(1); want <= 3; want++ {
			var got int64
			err := s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) (err error) {
				if got, err = tx.CountRefusal(d.ID); err != nil {
					return err
				}
				return tx.Keep(refusal)
			})
			wantCode(t, err, keyshift.CodeBadSignature)
			if got != want {
				t.Errorf("counted %d, want %d", got, want)
			}
		}
		wantCode(t, s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error { _, err := tx.CountRefusal("none"); return err }), keyshift.CodeNotFound)
	})
}

func TestPresenceNeverGoesBack(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		a, b := s.device(s.user()), s.device(s.user())
		none, err := s.reader().Presence(a.ID)
		same(t, "presence before contact", none, hub.Presence{})
		same(t, "error", err, nil)

		newer := hub.Presence{DeviceID: a.ID, LastContact: s.clock.now().Add(time.Minute), AgentVersion: "1.1", WitnessedSize: 8, WitnessNote: "eight", WitnessSignature: []byte{8}}
		older := hub.Presence{DeviceID: a.ID, LastContact: s.clock.now(), AgentVersion: "1.0", WitnessedSize: 5, WitnessNote: "five", WitnessSignature: []byte{5}}
		s.do(func(tx hub.Tx) error {
			return tx.SavePresence([]hub.Presence{{DeviceID: b.ID, LastContact: s.clock.now()}, newer})
		})
		s.do(func(tx hub.Tx) error { return tx.SavePresence([]hub.Presence{older}) })
		got, _ := s.reader().Presence(a.ID)
		same(t, "presence", got, newer)

		later := hub.Presence{DeviceID: a.ID, LastContact: newer.LastContact.Add(time.Minute), AgentVersion: "1.2"}
		s.do(func(tx hub.Tx) error { return tx.SavePresence([]hub.Presence{later}) })
		got, _ = s.reader().Presence(a.ID)
		newer.LastContact, newer.AgentVersion = later.LastContact, later.AgentVersion
		same(t, "a contact without a checkpoint", got, newer)
	})
}

func TestAWakeUpFindsItsDevices(t *testing.T) {
	onEach(t, func(_ *testing.T, s *scene) {
		dana, lee, kim := s.user(), s.user(), s.user()
		danas, lees, kims := s.device(dana), s.device(lee), s.device(kim)
		blocked := s.device(dana)
		account := s.account()
		var group keyshift.Group
		s.do(func(tx hub.Tx) error {
			group = keyshift.Group{ID: tx.NewID(), Name: "social", CreatedAt: tx.Now()}
			return errors.Join(tx.AddGroup(group), second(tx.AddMember(group.ID, lee.ID)), tx.SetDeviceState(blocked.ID, keyshift.DeviceBlocked),
				tx.AddGrant(keyshift.Grant{ID: tx.NewID(), AccountID: account.ID, UserID: dana.ID}), tx.AddGrant(keyshift.Grant{ID: tx.NewID(), AccountID: account.ID, GroupID: group.ID}))
		})
		for _, tt := range []struct {
			topic string
			ref   keyshift.ID
			want  []keyshift.ID
		}{
			{hub.TopicUser, dana.ID, []keyshift.ID{danas.ID}},
			{hub.TopicGroup, group.ID, []keyshift.ID{lees.ID}},
			{hub.TopicAccount, account.ID, []keyshift.ID{danas.ID, lees.ID}},
			{hub.TopicUser, kim.ID, []keyshift.ID{kims.ID}},
			{hub.TopicAccount, kim.ID, []keyshift.ID{}},
		} {
			got, err := s.reader().DevicesOf(tt.topic, tt.ref)
			if err != nil {
				s.Fatal(err)
			}
			same(s, tt.topic, got, tt.want)
		}
		if _, err := s.reader().DevicesOf("moon", dana.ID); err == nil {
			s.Error("a topic that has no devices has some")
		}
	})
}
