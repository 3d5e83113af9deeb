package store

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestAnEventIsReadBackAsItWasHashed(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		e := keyshift.AuditEvent{
			Action: keyshift.ActLeaseGranted, ActorKind: keyshift.ActorDevice, ActorID: "d", UserID: "u", DeviceID: "d", AccountID: "a", LeaseID: "l",
			Details:  map[string]string{"zebra": "<b> & \u2028 \x00", "account": "x/acme", "broken": "\xff\xfe"},
			Personal: map[string]string{"user": "dana", "reason": "“spring” campaign"},
		}
		s.do(func(tx hub.Tx) error { return tx.Append(e) })
		events, err := s.reader().Events(hub.EventFilter{Limit: 1})
		if len(events) != 1 || err != nil {
			t.Fatalf("%d events, %v", len(events), err)
		}
		got := events[0].AuditEvent
		want := e
		want.ID, want.At, want.Salt = got.ID, s.clock.now(), got.Salt
		want.Details = map[string]string{"zebra": "<b> & \u2028 \x00", "account": "x/acme", "broken": "\ufffd"}
		want.PersonalHash = keyshift.HashPersonal(got.Salt, e.Personal)
		same(t, "event", got, want)
		if len(got.Salt) != 16 || !keyshift.ID(got.ID).Valid() || events[0].LeafIndex != -1 {
			t.Errorf("salt %x, id %s, leaf %d", got.Salt, got.ID, events[0].LeafIndex)
		}
		if !bytes.Equal(got.Leaf(), want.Leaf()) {
			t.Errorf("the leaf changed on its way:\n%s\n%s", got.Leaf(), want.Leaf())
		}
	})
}

func TestEventsOfASetBasedEndHaveTheLeafOfTheirRow(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		l := s.lend(s.account(), s.device(s.user()))
		batch, _ := s.revoke(hub.Target{Kind: hub.TargetAll})
		events, err := s.reader().Unsequenced(10)
		if len(events) != 1 || err != nil {
			t.Fatalf("%d events, %v", len(events), err)
		}
		want := keyshift.AuditEvent{ID: string(batch) + "-" + string(l.ID), At: s.clock.now(), Action: keyshift.ActLeaseRevoked, ActorKind: keyshift.ActorUser,
			ActorID: "dana", UserID: l.UserID, DeviceID: l.DeviceID, AccountID: l.AccountID, LeaseID: l.ID, Details: map[string]string{"revocation": string(batch)}}
		same(t, "leaf", string(events[0].Leaf()), string(want.Leaf()))
	})
}

func TestEventsAreFoundByEveryID(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		add := func(action string, user, device, account, lease keyshift.ID) {
			s.do(func(tx hub.Tx) error {
				return tx.Append(keyshift.AuditEvent{Action: keyshift.AuditAction(action), UserID: user, DeviceID: device, AccountID: account, LeaseID: lease})
			})
		}
		add("1", "u1", "d1", "a1", "l1")
		add("2", "u1", "d1", "a2", "l2")
		add("3", "u2", "d2", "a1", "l3")
		add("4", "u1", "", "", "")
		for _, tt := range []struct {
			filter hub.EventFilter
			want   string
		}{
			{hub.EventFilter{}, "4321"}, {hub.EventFilter{UserID: "u1"}, "421"}, {hub.EventFilter{DeviceID: "d2"}, "3"},
			{hub.EventFilter{AccountID: "a1"}, "31"}, {hub.EventFilter{LeaseID: "l2"}, "2"},
			{hub.EventFilter{UserID: "u1", AccountID: "a1"}, "1"}, {hub.EventFilter{DeviceID: "d1", UserID: "u1", AccountID: "a2"}, "2"},
			{hub.EventFilter{LeaseID: "l1", AccountID: "a2"}, ""}, {hub.EventFilter{LeaseID: "l1", DeviceID: "d1", UserID: "u1", AccountID: "a1"}, "1"},
		} {
			got := ""
			for tt.filter.Limit = 2; ; {
				page, err := s.reader().Events(tt.filter)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range page {
					got, tt.filter.Before = got+string(e.Action), e.ID
				}
				if len(page) < 2 {
					break
				}
			}
			same(t, fmt.Sprintf("%+v", tt.filter), got, tt.want)
		}
	})
}

func TestTheTreeTakesEachEventOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		for range 3 {
			s.do(func(tx hub.Tx) error { return tx.Append(keyshift.AuditEvent{Action: keyshift.ActUserAdded}) })
		}
		waiting, err := s.reader().Unsequenced(2)
		if len(waiting) != 2 || err != nil {
			t.Fatalf("%d events wait, %v, want the oldest 2", len(waiting), err)
		}
		s.do(func(tx hub.Tx) error {
			return errors.Join(tx.Place(waiting[0].ID, 0, 0, [][]byte{{0}}), tx.Place(waiting[1].ID, 1, 1, [][]byte{{1}, {2}}),
				tx.AddCheckpoint(hub.Checkpoint{Size: 2, Note: "two", At: tx.Now()}))
		})
		placed, _ := s.reader().EventsFrom(1, 10)
		if len(placed) != 1 || placed[0].ID != waiting[1].ID || placed[0].LeafIndex != 1 {
			t.Errorf("from 1: %+v", placed)
		}
		hashes, err := s.reader().TreeHashes([]int64{2, 0, 2})
		same(t, "hashes", hashes, [][]byte{{2}, {0}, {2}})
		same(t, "error", err, nil)
		if _, err := s.reader().TreeHashes([]int64{0, 3}); err == nil {
			t.Error("a missing hash was not missed")
		}
		rest, _ := s.reader().Unsequenced(10)
		counts, _ := s.reader().Counts()
		if len(rest) != 1 || counts.AuditSize != 2 {
			t.Errorf("%d wait, size %d", len(rest), counts.AuditSize)
		}
		for name, fn := range map[string]func(tx hub.Tx) error{
			"placed before":   func(tx hub.Tx) error { return tx.Place(waiting[0].ID, 2, 3, nil) },
			"index taken":     func(tx hub.Tx) error { return tx.Place(rest[0].ID, 1, 3, nil) },
			"hash taken":      func(tx hub.Tx) error { return tx.Place(rest[0].ID, 2, 2, [][]byte{{9}}) },
			"size of another": func(tx hub.Tx) error { return tx.AddCheckpoint(hub.Checkpoint{Size: 2, Note: "other"}) },
		} {
			if err := s.Write(t.Context(), hub.Ordinary, fn); err == nil {
				t.Errorf("%s: was stored", name)
			}
		}
	})
}

func TestManyHashesAreReadInOrder(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		var all [][]byte
		var indexes []int64
		for i := range 40 {
			all, indexes = append(all, []byte{byte(i)}), append(indexes, int64(39-i))
		}
		s.do(func(tx hub.Tx) error {
			if err := tx.Append(keyshift.AuditEvent{}); err != nil {
				return err
			}
			e, err := tx.Unsequenced(1)
			return errors.Join(err, tx.Place(e[0].ID, 0, 0, all))
		})
		got, err := s.reader().TreeHashes(indexes)
		if err != nil || len(got) != 40 || got[0][0] != 39 || got[39][0] != 0 {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

func TestCheckpoints(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		none, err := s.reader().LatestCheckpoint()
		same(t, "latest of none", none, hub.Checkpoint{})
		same(t, "error", err, nil)
		var all []hub.Checkpoint
		for size := int64(1); size < 30; size += 9 {
			c := hub.Checkpoint{Size: size, Note: fmt.Sprint(size), At: s.clock.now()}
			all = append(all, c)
			s.do(func(tx hub.Tx) error { return tx.AddCheckpoint(c) })
		}
		latest, _ := s.reader().LatestCheckpoint()
		same(t, "latest", latest, all[3])
		page, err := s.reader().Checkpoints(1, 2)
		same(t, "page", page, all[1:3])
		same(t, "error", err, nil)
	})
}

func TestTheHubsOwnRow(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		_, err := s.reader().Hub()
		wantCode(t, err, keyshift.CodeNotFound)
		h := hub.HubRow{Name: "acme", SigningPublic: []byte{1}, SigningSealed: []byte{2}, State: hub.Serving}
		s.do(func(tx hub.Tx) error {
			h.ID, h.CreatedAt = tx.NewID(), tx.Now()
			return tx.AddHub(h)
		})
		if err := s.Write(t.Context(), hub.Closing, func(tx hub.Tx) error { return tx.AddHub(hub.HubRow{ID: "second"}) }); err == nil {
			t.Error("a database has two hubs")
		}
		h.TLSCert, h.TLSKeySealed, h.State = []byte("cert"), []byte("key"), hub.RollbackDetected
		s.do(func(tx hub.Tx) error { return tx.SaveHub(h) })
		got, err := s.reader().Hub()
		same(t, "hub", got, h)
		same(t, "error", err, nil)

		s.do(func(tx hub.Tx) error {
			return errors.Join(tx.SaveKEKCheck(1, []byte("one")), tx.SaveKEKCheck(2, []byte("two")), tx.SaveKEKCheck(2, []byte("two again")))
		})
		checks, _ := s.reader().KEKChecks()
		same(t, "key checks", checks, map[uint32][]byte{1: []byte("one"), 2: []byte("two again")})
		s.do(func(tx hub.Tx) error { return tx.DropKEKChecksExcept(2) })
		checks, _ = s.reader().KEKChecks()
		same(t, "key checks", checks, map[uint32][]byte{2: []byte("two again")})

		for _, tt := range []struct {
			user keyshift.ID
			want int64
		}{{"dana", 1}, {"dana", 1}, {"lee", 2}} {
			var n int64
			s.do(func(tx hub.Tx) (err error) { n, err = tx.AcceptRollback(tt.user); return err })
			same(t, "accepted by", n, tt.want)
		}
		s.do(func(tx hub.Tx) error { return tx.ClearRollback() })
		counts, _ := s.reader().Counts()
		same(t, "counts", counts, hub.Counts{})
	})
}

func TestARememberedRequestIsFoundByTheOneWhoCameSecond(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		e := hub.Effect{Actor: "d", RequestID: "r", Procedure: "CheckOut", BodyHash: []byte{1}, Result: []byte(`"l"`)}
		_, err := s.reader().Effect("d", "r")
		wantCode(t, err, keyshift.CodeNotFound)
		s.do(func(tx hub.Tx) error { return tx.AddEffect(e) })
		got, err := s.reader().Effect("d", "r")
		same(t, "effect", got, e)
		same(t, "error", err, nil)
		runs := 0
		s.do(func(tx hub.Tx) error {
			if runs++; runs > 1 {
				_, err := tx.Effect("d", "r")
				return err
			}
			return errors.Join(addUser("twice")(tx), tx.AddEffect(e))
		})
		if runs != 2 || s.hasUser("twice") {
			t.Errorf("%d runs, effect twice: %v", runs, s.hasUser("twice"))
		}
	})
}

func TestPruneForgetsWhatIsOver(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		u, now := s.user(), s.clock.now()
		s.do(func(tx hub.Tx) error {
			return errors.Join(
				tx.AddEffect(hub.Effect{Actor: "d", RequestID: "old"}),
				tx.AddCode(hub.CodeRow{ID: tx.NewID(), Hash: []byte("old"), ExpiresAt: now.Add(time.Minute)}),
				tx.AddToken(hub.Token{ID: tx.NewID(), Hash: []byte("expired"), UserID: u.ID, ExpiresAt: now.Add(time.Minute)}),
				tx.AddToken(hub.Token{ID: tx.NewID(), Hash: []byte("ended"), UserID: u.ID, ExpiresAt: now.Add(90 * 24 * time.Hour)}),
				tx.AddToken(hub.Token{ID: tx.NewID(), Hash: []byte("good"), UserID: u.ID, ExpiresAt: now.Add(90 * 24 * time.Hour)}),
				tx.EndToken([]byte("ended")),
			)
		})
		s.clock.advance(48 * time.Hour)
		s.do(func(tx hub.Tx) error { return tx.AddEffect(hub.Effect{Actor: "d", RequestID: "new"}) })
		s.do(func(tx hub.Tx) error { return tx.Prune(s.clock.now().Add(-24 * time.Hour)) })
		_, err := s.reader().Effect("d", "old")
		wantCode(t, err, keyshift.CodeNotFound)
		_, err = s.reader().Effect("d", "new")
		same(t, "new effect", err, nil)
		_, err = s.reader().Code([]byte("old"))
		wantCode(t, err, keyshift.CodeNotFound)
		var tokens int
		if err := s.pool.QueryRow("SELECT count(*) FROM api_tokens").Scan(&tokens); err != nil || tokens != 1 {
			t.Errorf("%d tokens, %v, want the good one", tokens, err)
		}
	})
}
