package store

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func secret(a *keyshift.Account) { a.AccessMode = keyshift.SharedSecret }

// takeOut does what a check-out does about exclusivity: ask who holds the account, then add the lease.
func takeOut(a keyshift.Account, d keyshift.Device, id *keyshift.ID) func(hub.Tx) error {
	return func(tx hub.Tx) error {
		*id = ""
		holder, err := tx.Holder(a.ID, tx.Now())
		if err == nil {
			return keyshift.Refuse(keyshift.CodeAccountInUse, "In use.", "").With("holder", holder.UserName)
		}
		if !errors.Is(err, keyshift.ErrNotFound) {
			return err
		}
		l := keyshift.NewLease(tx.NewID(), a, keyshift.User{ID: d.UserID}, d, "campaign", time.Hour, tx.Now())
		if err := tx.AddLease(l); err != nil {
			return err
		}
		*id = l.ID
		return nil
	}
}

func (s *scene) holder(a keyshift.Account) keyshift.ID {
	s.Helper()
	holder, err := s.reader().Holder(a.ID, s.clock.now())
	if err != nil && !errors.Is(err, keyshift.ErrNotFound) {
		s.Fatal(err)
	}
	return holder.ID
}

func TestALeaseIsKeptAsItWasSaved(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		u := s.user()
		d, a := s.device(u), s.account()
		l := s.lend(a, d)
		got, err := s.reader().Lease(l.ID)
		same(t, "lease", got, l)
		same(t, "error", err, nil)
		s.do(func(tx hub.Tx) error {
			return tx.SavePresence([]hub.Presence{{DeviceID: d.ID, LastContact: s.clock.now()}})
		})

		l = s.activate(l)
		l.State, l.Epoch, l.EndedAt, l.EndReason = keyshift.LeaseCheckedIn, 3, s.clock.now().Add(time.Second), "checked in"
		l.Removal, _ = l.Removal.Apply(keyshift.Receipt{Step: keyshift.RemovalDelivered, WipeFailure: "locked", SessionUnconfirmed: true}, s.clock.now())
		l.Removal.Rotation = keyshift.RotationDue
		s.do(func(tx hub.Tx) error { return tx.SaveLease(l) })
		view, err := s.reader().LeaseView(l.ID)
		same(t, "view", view, hub.LeaseView{Lease: l, Account: a, UserName: u.Name, DeviceName: d.Name, LastContact: s.clock.now()})
		same(t, "error", err, nil)
		_, err = s.reader().Lease("none")
		wantCode(t, err, keyshift.CodeNotFound)
	})
}

func TestAnOlderCopyOfALeaseIsNotSaved(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		l := s.lend(s.account(), s.device(s.user()))
		stale := l
		s.activate(l)
		runs := 0
		s.do(func(tx hub.Tx) error {
			runs++
			if runs > 1 {
				var err error
				if stale, err = tx.Lease(l.ID); err != nil {
					return err
				}
			}
			stale.Epoch, stale.EndsAt = stale.Epoch+1, stale.EndsAt.Add(time.Minute)
			return tx.SaveLease(stale)
		})
		got := s.lease(l.ID)
		if runs != 2 || got.State != keyshift.LeaseActive || got.Epoch != 3 {
			t.Errorf("%d runs, lease %+v, want the change on top of the activation", runs, got)
		}
	})
}

func TestAnExclusiveAccountIsHeldFromTheStartToTheWipeOrUntilItIsFree(t *testing.T) {
	cases := []struct {
		name string
		then func(s *scene, l keyshift.Lease)
		held bool
	}{
		{"pending", func(*scene, keyshift.Lease) {}, true},
		{"active", func(s *scene, l keyshift.Lease) { s.activate(l) }, true},
		{"pending too long, not marked yet", func(s *scene, _ keyshift.Lease) { s.clock.advance(keyshift.ActivateWithin + time.Second) }, true},
		{"pending too long and the margin over", func(s *scene, _ keyshift.Lease) {
			s.clock.advance(keyshift.ActivateWithin + keyshift.ReissueMargin)
		}, false},
		{"pending too long, marked", func(s *scene, _ keyshift.Lease) {
			s.clock.advance(keyshift.ActivateWithin + time.Second)
			s.expire()
		}, true},
		{"pending too long, marked, margin over", func(s *scene, _ keyshift.Lease) {
			s.clock.advance(keyshift.ActivateWithin + time.Second)
			s.expire()
			s.clock.advance(keyshift.ReissueMargin)
		}, false},
		{"active past its end, not marked yet", func(s *scene, l keyshift.Lease) {
			s.activate(l)
			s.clock.advance(time.Hour + time.Second)
		}, true},
		{"active past its end and the margin", func(s *scene, l keyshift.Lease) {
			s.activate(l)
			s.clock.advance(time.Hour + keyshift.ReissueMargin)
		}, false},
		{"checked in, nothing confirmed", func(s *scene, l keyshift.Lease) { s.checkIn(l, keyshift.RemovalDelivered) }, true},
		{"checked in and wiped", func(s *scene, l keyshift.Lease) { s.checkIn(l, keyshift.RemovalSecretWiped) }, false},
		{"revoked", func(s *scene, l keyshift.Lease) { s.revoke(hub.Target{Kind: hub.TargetLease, ID: l.ID}) }, true},
		{"revoked, wiped later", func(s *scene, l keyshift.Lease) {
			s.revoke(hub.Target{Kind: hub.TargetLease, ID: l.ID})
			l = s.lease(l.ID)
			l.Removal, _ = l.Removal.Apply(keyshift.Receipt{Step: keyshift.RemovalSecretWiped}, s.clock.now())
			s.do(func(tx hub.Tx) error { return tx.SaveRemoval(l) })
		}, false},
		{"revoked, offline limit not over", func(s *scene, l keyshift.Lease) {
			s.revoke(hub.Target{Kind: hub.TargetLease, ID: l.ID})
			s.clock.advance(keyshift.DefaultOfflineGrace + keyshift.ReissueMargin - time.Second)
		}, true},
		{"revoked, offline limit and margin over", func(s *scene, l keyshift.Lease) {
			s.revoke(hub.Target{Kind: hub.TargetLease, ID: l.ID})
			s.clock.advance(keyshift.DefaultOfflineGrace + keyshift.ReissueMargin)
		}, false},
		{"revoked, password rotated", func(s *scene, l keyshift.Lease) {
			s.revoke(hub.Target{Kind: hub.TargetLease, ID: l.ID})
			s.do(func(tx hub.Tx) error { return tx.SetRotationDue(l.AccountID, false) })
		}, false},
		{"active, password rotated", func(s *scene, l keyshift.Lease) {
			s.activate(l)
			s.do(func(tx hub.Tx) error { return tx.SetRotationDue(l.AccountID, false) })
		}, true},
	}
	onEach(t, func(t *testing.T, s *scene) {
		for _, tt := range cases {
			a := s.account(secret)
			l := s.lend(a, s.device(s.user()))
			other := s.device(s.user())
			tt.then(s, l)
			want := keyshift.ID("")
			if tt.held {
				want = l.ID
			}
			same(t, tt.name, s.holder(a), want)
			var next keyshift.ID
			err := s.Write(t.Context(), hub.Ordinary, takeOut(a, other, &next))
			if tt.held != (keyshift.CodeOf(err) == keyshift.CodeAccountInUse) || !tt.held && err != nil {
				t.Errorf("%s: the next got %v", tt.name, err)
			}
		}
	})
}

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

func TestAnAccountThatIsNotExclusiveIsHeldByNobody(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		a := s.account(shared)
		s.lend(a, s.device(s.user()))
		s.lend(a, s.device(s.user()))
		same(t, "holder", s.holder(a), keyshift.ID(""))
		a.Exclusive = true
		s.do(func(tx hub.Tx) error { return tx.SaveAccount(a) })
		if s.holder(a) == "" {
			t.Error("an account made exclusive is free although two hold it")
		}
	})
}

// The caller asked who holds the account before; when that changed meanwhile, the command runs again and sees the
// holder.
func TestALateComerIsRunAgainAndSeesTheHolder(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		a := s.account()
		first := s.lend(a, s.device(s.user()))
		d, runs := s.device(s.user()), 0
		err := s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error {
			if runs++; runs > 1 {
				var id keyshift.ID
				return takeOut(a, d, &id)(tx)
			}
			return tx.AddLease(keyshift.NewLease(tx.NewID(), a, keyshift.User{ID: d.UserID}, d, "blind", time.Hour, tx.Now()))
		})
		wantCode(t, err, keyshift.CodeAccountInUse)
		if runs != 2 || s.holder(a) != first.ID {
			t.Errorf("%d runs, held by %s", runs, s.holder(a))
		}
	})
}

// Two hubs on PostgreSQL, one on SQLite: of 64 who ask at once one gets the account, the others are told who.
func TestOfManyAtOnceOneGetsAnExclusiveAccount(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		stores := []*Store{s.Store}
		if s.engine.name() == "PostgreSQL" {
			stores = append(stores, mustOpen(t, Options{Database: s.dsn, Clock: s.clock.now}))
		}
		var devices []keyshift.Device
		for range 64 {
			devices = append(devices, s.device(s.user()))
		}
		for round := range 10 {
			race(t, s, stores, s.account(), devices, round)
		}
	})
}

func race(t *testing.T, s *scene, stores []*Store, a keyshift.Account, devices []keyshift.Device, round int) {
	t.Helper()
	ids, errs := make([]keyshift.ID, len(devices)), make([]error, len(devices))
	start := make(chan struct{})
	var all sync.WaitGroup
	for i, d := range devices {
		all.Go(func() {
			<-start
			errs[i] = stores[i%len(stores)].Write(t.Context(), hub.Ordinary, takeOut(a, d, &ids[i]))
		})
	}
	close(start)
	all.Wait()
	winners := 0
	for i, err := range errs {
		if err == nil {
			winners++
			same(t, "holder", s.holder(a), ids[i])
			continue
		}
		var refusal *keyshift.Error
		if !errors.As(err, &refusal) || refusal.Code != keyshift.CodeAccountInUse || refusal.Facts["holder"] == "" {
			t.Errorf("round %d: a loser got %v", round, err)
		}
	}
	if winners != 1 {
		t.Errorf("round %d: %d winners", round, winners)
	}
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
		outbox, _ := s.reader().OutboxBefore(now.Add(time.Microsecond), 10)
		if len(outbox) != 1 || outbox[0].Topic != hub.TopicBatch || outbox[0].Ref != string(batch) {
			t.Errorf("outbox: %+v", outbox)
		}
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

func TestWhoHeldAnAccountAtAMoment(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		a := s.account(shared)
		start := s.clock.now()
		first := s.activate(s.lend(a, s.device(s.user()))) // 0:00 to 0:30
		s.clock.advance(30 * time.Minute)
		s.checkIn(first, keyshift.RemovalSecretWiped)
		second := s.activate(s.lend(a, s.device(s.user()))) // 0:30 to 1:30, never marked
		third := s.lend(a, s.device(s.user()))              // 0:30 to 0:31, never activated
		s.lend(s.account(), s.device(s.user()))             // another account
		s.clock.advance(48 * time.Hour)
		for _, tt := range []struct {
			after time.Duration
			want  []keyshift.ID
		}{
			{-time.Second, nil}, {0, []keyshift.ID{first.ID}}, {29 * time.Minute, []keyshift.ID{first.ID}},
			{30 * time.Minute, []keyshift.ID{second.ID, third.ID}}, {31 * time.Minute, []keyshift.ID{second.ID}},
			{90*time.Minute - time.Second, []keyshift.ID{second.ID}}, {90 * time.Minute, nil}, {47 * time.Hour, nil},
		} {
			views, err := s.reader().HeldAt(a.ID, start.Add(tt.after))
			var got []keyshift.ID
			for _, v := range views {
				got = append(got, v.ID)
			}
			same(t, fmt.Sprint(tt.after), got, tt.want)
			same(t, "error", err, nil)
		}
	})
}

func TestListsOfLeasesRunFromTheNewestDown(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		a, d := s.account(shared), s.device(s.user())
		var all, open []keyshift.ID
		for i := range 7 {
			l := s.lend(a, d)
			all = append(all, l.ID)
			if i%2 == 0 {
				s.checkIn(l, keyshift.RemovalSessionClosed)
			} else {
				open = append(open, l.ID)
			}
		}
		slices.Reverse(all)
		slices.Reverse(open)
		pages := func(f hub.LeaseFilter) (got []keyshift.ID) {
			for f.Limit = 2; ; {
				page, err := s.reader().Leases(f)
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range page {
					got, f.Before = append(got, v.ID), v.ID
				}
				if len(page) < f.Limit {
					return got
				}
			}
		}
		same(t, "all", pages(hub.LeaseFilter{}), all)
		same(t, "open", pages(hub.LeaseFilter{Open: true}), open)
		batch, _ := s.revoke(hub.Target{Kind: hub.TargetAll})
		same(t, "of the batch", pages(hub.LeaseFilter{Revocation: batch}), open)
		l := s.lease(open[0])
		l.Removal, _ = l.Removal.Apply(keyshift.Receipt{Step: keyshift.RemovalSessionClosed}, s.clock.now())
		s.do(func(tx hub.Tx) error { return tx.SaveRemoval(l) })
		same(t, "open of the batch", pages(hub.LeaseFilter{Revocation: batch, Open: true}), open[1:])
	})
}

func TestADeviceSeesItsLiveLeasesAndItsOpenRemovals(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		a, d := s.account(shared), s.device(s.user())
		pending, active := s.lend(a, d), s.activate(s.lend(a, d))
		ended, removed := s.lend(a, d), s.lend(a, d)
		s.lend(a, s.device(s.user()))
		s.checkIn(ended, keyshift.RemovalSecretWiped)
		s.checkIn(removed, keyshift.RemovalSessionClosed)
		ids := func(views []hub.LeaseView, err error) (got []keyshift.ID) {
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range views {
				got = append(got, v.ID)
			}
			return got
		}
		same(t, "live", ids(s.reader().LiveLeases(d.ID)), []keyshift.ID{pending.ID, active.ID})
		same(t, "open removals", ids(s.reader().RemovalsOpen(d.ID)), []keyshift.ID{ended.ID})
		counts, err := s.reader().Counts()
		same(t, "counts", counts, hub.Counts{LiveLeases: 3, OpenRemovals: 1})
		same(t, "error", err, nil)
	})
}

func TestACodeStepIsTakenOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		l := s.lend(s.account(), s.device(s.user()))
		for _, tt := range []struct {
			step int64
			want bool
		}{{100, true}, {100, false}, {99, false}, {101, true}} {
			var got bool
			s.do(func(tx hub.Tx) (err error) { got, err = tx.UseCodeStep(l.ID, tt.step); return err })
			if got != tt.want {
				t.Errorf("step %d: %v, want %v", tt.step, got, tt.want)
			}
		}
		same(t, "lease", s.lease(l.ID), l)
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
