package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func (s *scene) expire() (n int64) {
	s.Helper()
	s.do(func(tx hub.Tx) (err error) { n, err = tx.ExpireDue(tx.NewID()); return err })
	return n
}

func (s *scene) checkIn(l keyshift.Lease, step keyshift.RemovalStep) {
	s.Helper()
	l = s.lease(l.ID)
	l.State, l.Epoch, l.EndedAt, l.EndReason = keyshift.LeaseCheckedIn, l.Epoch+1, s.clock.now(), "checked in"
	l.Removal, _ = l.Removal.Apply(keyshift.Receipt{Step: step}, s.clock.now())
	s.do(func(tx hub.Tx) error { return tx.SaveLease(l) })
}

func (s *scene) revoke(target hub.Target, change ...func(*hub.Ending)) (batch keyshift.ID, n int64) {
	s.Helper()
	err := s.Write(s.ctx(), hub.Closing, func(tx hub.Tx) (err error) {
		batch = tx.NewID()
		e := hub.Ending{Batch: batch, Target: target, Reason: "off-boarding", ActorKind: keyshift.ActorUser, ActorID: "dana"}
		for _, c := range change {
			c(&e)
		}
		n, err = tx.EndLeases(e)
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return batch, n
}

// token gives a user one, as it is asked for ahead.
func (s *scene) token(u keyshift.User) []byte {
	s.Helper()
	hash := []byte("hash of " + u.Name)
	s.do(func(tx hub.Tx) error {
		return tx.AddToken(hub.Token{ID: tx.NewID(), Hash: hash, UserID: u.ID, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Hour)})
	})
	return hash
}

// ending is a revocation, and how many leases it ended.
type ending struct {
	ahead hub.Ahead
	kind  hub.TargetKind
	ended int64
}

func (e *ending) run(tx hub.Tx) (err error) {
	e.ended, err = tx.EndLeases(hub.Ending{Batch: tx.NewID(), Target: hub.Target{Kind: e.kind, ID: e.ahead.LeaseID}, Reason: "off-boarding", ActorKind: keyshift.ActorUser, ActorID: "dana"})
	return err
}

// A lease that was read ahead is ended by itself, and it must not show.
func TestALeaseThatWasReadAheadEndsLikeAnyOther(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		u, a := s.user(), s.account(shared)
		d, token := s.device(u), s.token(u)
		leases, ended, told := [2]keyshift.Lease{}, [2]keyshift.Lease{}, [2]hub.LoggedEvent{}
		for i := range leases {
			leases[i] = s.activate(s.lend(a, d))
		}
		s.clock.advance(time.Minute)
		for i, ahead := range []hub.Ahead{{LeaseID: leases[0].ID}, {LeaseID: leases[1].ID, TokenHash: token, RequestID: benchRequest(1)}} {
			e := ending{ahead: ahead, kind: hub.TargetLease}
			if err := s.Write(t.Context(), hub.Closing, e.run, ahead); err != nil || e.ended != 1 {
				t.Fatalf("%d leases ended, %v, want 1", e.ended, err)
			}
			ended[i] = s.lease(ahead.LeaseID)
			events, err := s.reader().Events(hub.EventFilter{LeaseID: ahead.LeaseID, Limit: 10})
			if err != nil || len(events) != 1 {
				t.Fatalf("%d events, %v, want 1", len(events), err)
			}
			told[i] = events[0]
			if want := told[i].Details["revocation"] + "-" + string(ahead.LeaseID); told[i].ID != want {
				t.Errorf("event %s, want %s", told[i].ID, want)
			}
			ended[i].ID, told[i].ID, told[i].LeaseID, told[i].Details = "", "", "", nil
		}
		if diff := cmp.Diff(ended[0], ended[1]); diff != "" {
			t.Errorf("lease (-asked for +read ahead):\n%s", diff)
		}
		if diff := cmp.Diff(told[0], told[1]); diff != "" {
			t.Errorf("event (-asked for +read ahead):\n%s", diff)
		}
	})
}

func TestNeighborsEndALeaseOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		u := s.user()
		l, token := s.lend(s.account(shared), s.device(u)), s.token(u)
		one := func(n int) *ending {
			return &ending{ahead: hub.Ahead{TokenHash: token, LeaseID: l.ID, RequestID: benchRequest(n)}, kind: hub.TargetLease}
		}
		all := []*ending{one(1), one(2), {kind: hub.TargetAll}}
		h := s.hold()
		var answers []<-chan error
		for _, e := range all {
			answers = append(answers, h.queue(t.Context(), hub.Closing, e.run, e.ahead))
		}
		h.release()
		for i, answer := range answers {
			if err := <-answer; err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
		h.done()
		if got := [3]int64{all[0].ended, all[1].ended, all[2].ended}; got != [3]int64{1, 0, 0} {
			t.Errorf("ended %v leases, want one by the first", got)
		}
	})
}

func TestARevocationEndsTheLeasesOfItsTarget(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		type lent struct {
			user    keyshift.User
			device  keyshift.Device
			account keyshift.Account
			group   keyshift.ID
			covered keyshift.Lease
			bare    keyshift.Lease
		}
		setUp := func() (l lent) {
			l.user, l.account = s.user(), s.account(shared)
			l.device = s.device(l.user)
			other := s.device(s.user())
			s.do(func(tx hub.Tx) error {
				g := keyshift.Group{ID: tx.NewID(), Name: s.name("group")}
				l.group = g.ID
				_, err := tx.UserByName(l.user.Name)
				err = errors.Join(err, tx.AddGroup(g))
				_, err2 := tx.AddMember(g.ID, l.user.ID)
				return errors.Join(err, err2, tx.AddGrant(keyshift.Grant{ID: tx.NewID(), AccountID: l.account.ID, GroupID: g.ID}))
			})
			l.covered, l.bare = s.activate(s.lend(l.account, l.device)), s.lend(l.account, other)
			return l
		}
		for _, tt := range []struct {
			kind          hub.TargetKind
			id            func(lent) keyshift.ID
			covered, bare bool
		}{
			{hub.TargetLease, func(l lent) keyshift.ID { return l.bare.ID }, false, true},
			{hub.TargetAccount, func(l lent) keyshift.ID { return l.account.ID }, true, true},
			{hub.TargetUser, func(l lent) keyshift.ID { return l.user.ID }, true, false},
			{hub.TargetDevice, func(l lent) keyshift.ID { return l.device.ID }, true, false},
			{hub.TargetGroup, func(l lent) keyshift.ID { return l.group }, true, false},
			{hub.TargetUncovered, func(l lent) keyshift.ID { return l.account.ID }, false, true},
			{hub.TargetUncovered, func(lent) keyshift.ID { return "" }, false, true},
			{hub.TargetAll, func(lent) keyshift.ID { return "" }, true, true},
		} {
			l := setUp()
			batch, n := s.revoke(hub.Target{Kind: tt.kind, ID: tt.id(l)})
			gotCovered, gotBare := s.lease(l.covered.ID).State == keyshift.LeaseRevoked, s.lease(l.bare.ID).State == keyshift.LeaseRevoked
			if gotCovered != tt.covered || gotBare != tt.bare {
				t.Errorf("%s: revoked %v, %v, want %v, %v", tt.kind, gotCovered, gotBare, tt.covered, tt.bare)
			}
			if ended, _ := s.reader().Leases(hub.LeaseFilter{Revocation: batch, Limit: 100}); int64(len(ended)) != n {
				t.Errorf("%s: reported %d, the batch has %d", tt.kind, n, len(ended))
			}
			s.revoke(hub.Target{Kind: hub.TargetAll})
		}
	})
}

func TestARevokedLeaseTellsEverything(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		a := s.account(secret)
		d := s.device(s.user())
		l := s.activate(s.lend(a, d))
		s.clock.advance(10 * time.Minute)
		batch, n := s.revoke(hub.Target{Kind: hub.TargetUser, ID: d.UserID}, func(e *hub.Ending) { e.RotationDue = true })
		now := s.clock.now()

		want := l
		want.State, want.Epoch, want.EndedAt, want.EndReason = keyshift.LeaseRevoked, l.Epoch+1, now, "off-boarding"
		want.FreeAt = now.Add(l.OfflineGrace + keyshift.ReissueMargin)
		want.Removal = keyshift.Removal{Step: keyshift.RemovalRequested, RequestedAt: now, Rotation: keyshift.RotationDue}
		same(t, "lease", s.lease(l.ID), want)
		same(t, "number", n, int64(1))
		account, _ := s.reader().Account(a.ID)
		same(t, "account's rotation due", account.RotationDue, true)
		devices, err := s.reader().RevokedDevices(batch)
		same(t, "devices", devices, []keyshift.ID{d.ID})
		same(t, "error", err, nil)
		events, _ := s.reader().Events(hub.EventFilter{LeaseID: l.ID, Limit: 10})
		same(t, "events", events, []hub.LoggedEvent{{LeafIndex: -1, AuditEvent: keyshift.AuditEvent{
			ID: string(batch) + "-" + string(l.ID), At: now, Action: keyshift.ActLeaseRevoked, ActorKind: keyshift.ActorUser, ActorID: "dana",
			UserID: d.UserID, DeviceID: d.ID, AccountID: a.ID, LeaseID: l.ID, Details: map[string]string{"revocation": string(batch)},
		}}})

		_, again := s.revoke(hub.Target{Kind: hub.TargetUser, ID: d.UserID})
		same(t, "ended again", again, int64(0))
		s.do(func(tx hub.Tx) error { return tx.SetRotationDue(a.ID, false) })
		account, _ = s.reader().Account(a.ID)
		if account.RotationDue || s.lease(l.ID).Removal.Rotation != keyshift.RotationDone {
			t.Errorf("after a rotation: account %v, lease %v", account.RotationDue, s.lease(l.ID).Removal.Rotation)
		}
	})
}

func TestOneBatchMayHaveSeveralTargets(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		a := s.account(shared)
		one, two := s.lend(a, s.device(s.user())), s.lend(a, s.device(s.user()))
		var batch keyshift.ID
		s.do(func(tx hub.Tx) error {
			batch = tx.NewID()
			for _, l := range []keyshift.Lease{one, two} {
				if _, err := tx.EndLeases(hub.Ending{Batch: batch, Target: hub.Target{Kind: hub.TargetLease, ID: l.ID}, Reason: "r"}); err != nil {
					return err
				}
			}
			return nil
		})
		events, err := s.reader().Unsequenced(10)
		if len(events) != 2 || err != nil {
			t.Errorf("%d events, %v, want one for each lease", len(events), err)
		}
	})
}

func TestLeasesExpireAtTheirTimeWheneverSomebodyLooks(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		none, err := s.reader().NextDue()
		if !none.IsZero() || err != nil {
			t.Errorf("next due of nothing: %v, %v", none, err)
		}
		active := s.activate(s.lend(s.account(), s.device(s.user())))
		pending := s.lend(s.account(), s.device(s.user()))
		longer := s.activate(s.lend(s.account(), s.device(s.user())))
		longer.EndsAt, longer.FreeAt, longer.Epoch = longer.EndsAt.Add(5*time.Hour), longer.FreeAt.Add(5*time.Hour), longer.Epoch+1
		s.do(func(tx hub.Tx) error { return tx.SaveLease(longer) })
		due, _ := s.reader().NextDue()
		same(t, "next due", due, pending.ActivateBy)
		same(t, "expired before time", s.expire(), int64(0))

		s.clock.advance(3 * time.Hour)
		same(t, "expired", s.expire(), int64(2))
		now := s.clock.now()
		for _, tt := range []struct {
			before keyshift.Lease
			ended  time.Time
			reason string
		}{{active, active.EndsAt, "expired"}, {pending, pending.ActivateBy, "not activated in time"}} {
			want := tt.before
			want.State, want.Epoch, want.EndedAt, want.EndReason = keyshift.LeaseExpired, want.Epoch+1, tt.ended, tt.reason
			want.FreeAt = tt.ended.Add(keyshift.ReissueMargin)
			want.Removal = keyshift.Removal{Step: keyshift.RemovalRequested, RequestedAt: now, Rotation: keyshift.RotationNone}
			same(t, tt.reason, s.lease(want.ID), want)
			events, _ := s.reader().Events(hub.EventFilter{LeaseID: want.ID, Limit: 10})
			if len(events) != 1 || events[0].Action != keyshift.ActLeaseExpired || events[0].Details["cause"] != tt.reason || !events[0].At.Equal(now) {
				t.Errorf("%s: events %+v", tt.reason, events)
			}
		}
		due, _ = s.reader().NextDue()
		same(t, "next due", due, longer.EndsAt)
		same(t, "expired again", s.expire(), int64(0))
	})
}

func TestAnUnconfirmedRemovalMakesRotationDue(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		lends, delegates := s.account(secret), s.account(func(a *keyshift.Account) { a.AccessMode = keyshift.Delegated })
		open, wiped, bare := s.lend(lends, s.device(s.user())), s.lend(s.account(secret), s.device(s.user())), s.lend(delegates, s.device(s.user()))
		live := s.activate(s.lend(s.account(secret), s.device(s.user())))
		for _, l := range []keyshift.Lease{open, wiped, bare} {
			s.revoke(hub.Target{Kind: hub.TargetLease, ID: l.ID})
		}
		done := s.lease(wiped.ID)
		done.Removal, _ = done.Removal.Apply(keyshift.Receipt{Step: keyshift.RemovalSessionClosed}, s.clock.now())
		s.do(func(tx hub.Tx) error { return tx.SaveRemoval(done) })
		mark := func() (n int64) {
			s.do(func(tx hub.Tx) (err error) { n, err = tx.MarkUnconfirmed(); return err })
			return n
		}
		s.clock.advance(keyshift.DefaultOfflineGrace + keyshift.UnconfirmedAfter - time.Second)
		same(t, "marked too early", mark(), int64(0))
		s.clock.advance(time.Second)
		same(t, "marked", mark(), int64(1))
		same(t, "marked again", mark(), int64(0))
		for _, tt := range []struct {
			id   keyshift.ID
			want keyshift.Rotation
		}{{open.ID, keyshift.RotationDue}, {wiped.ID, keyshift.RotationNone}, {bare.ID, keyshift.RotationNone}, {live.ID, ""}} {
			same(t, "rotation", s.lease(tt.id).Removal.Rotation, tt.want)
		}
		account, _ := s.reader().Account(lends.ID)
		same(t, "account", account.RotationDue, true)
		account, _ = s.reader().Account(delegates.ID)
		same(t, "delegated account", account.RotationDue, false)

		s.do(func(tx hub.Tx) error { return tx.SetRotationDue(lends.ID, false) })
		same(t, "marked after the rotation", mark(), int64(0))
	})
}

func TestTenThousandLeasesEndInOneStatement(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		const total, perWrite = 10_000, 500
		a, u := s.account(shared, secret), s.user()
		for range total / perWrite {
			d := s.device(u)
			s.do(func(tx hub.Tx) error {
				for range perWrite {
					if err := tx.AddLease(keyshift.NewLease(tx.NewID(), a, u, d, "campaign", time.Hour, tx.Now())); err != nil {
						return err
					}
				}
				return nil
			})
		}
		began := time.Now()
		batch, n := s.revoke(hub.Target{Kind: hub.TargetAll}, func(e *hub.Ending) { e.RotationDue = true })
		t.Logf("ended %d leases in %v", n, time.Since(began))
		same(t, "ended", n, int64(total))
		devices, _ := s.reader().RevokedDevices(batch)
		same(t, "devices", len(devices), total/perWrite)
		counts, _ := s.reader().Counts()
		same(t, "counts", counts, hub.Counts{OpenRemovals: total})
		events, err := s.reader().Unsequenced(total + 1)
		same(t, "events", len(events), total)
		same(t, "error", err, nil)
	})
}
