package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
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
		same(t, "view", view, hub.LeaseView{Lease: l, Account: a, UserName: u.Name, UserShown: u.Shown(), DeviceName: d.Name, LastContact: s.clock.now()})
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

// own is a command of a device about a lease, which was read ahead.
func own(l keyshift.Lease, n int) hub.Ahead {
	return hub.Ahead{DeviceID: l.DeviceID, LeaseID: l.ID, RequestID: benchRequest(n)}
}

// end gives back a lease that is live, and notes how it found it.
func end(id keyshift.ID, found *keyshift.Lease) func(hub.Tx) error {
	return func(tx hub.Tx) (err error) {
		if *found, err = tx.Lease(id); err != nil || !found.State.Live() {
			return err
		}
		l := *found
		l.State, l.Epoch, l.EndedAt = keyshift.LeaseCheckedIn, l.Epoch+1, tx.Now()
		return tx.SaveLease(l)
	}
}

// What was read ahead of a lease is what it was before the batch: whoever comes later sees what those before did.
func TestALeaseThatWasReadAheadIsNotOlderThanItsNeighbors(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		l := s.activate(s.lend(s.account(), s.device(s.user())))
		var found [2]keyshift.Lease
		h := s.hold()
		first, second := h.queue(s.ctx(), hub.Releasing, end(l.ID, &found[0]), own(l, 1)), h.queue(s.ctx(), hub.Releasing, end(l.ID, &found[1]), own(l, 2))
		h.release()
		if err := errors.Join(<-first, <-second); err != nil {
			t.Error(err)
		}
		h.done()
		same(t, "lease as the first found it", found[0].State, keyshift.LeaseActive)
		same(t, "lease as the second found it", found[1].State, keyshift.LeaseCheckedIn)
		same(t, "epoch", s.lease(l.ID).Epoch, l.Epoch+1)
	})
}

// Whoever changes a lease that another hub has changed since it was read runs again, and sees that.
func TestALeaseThatWasChangedSinceItWasReadAheadIsReadAgain(t *testing.T) {
	s := newScene(t, migrated.New(t))
	other := &scene{TB: t, Store: mustOpen(t, Options{Database: s.dsn, Clock: s.clock.now}), dsn: s.dsn, clock: s.clock}
	l := s.activate(s.lend(s.account(), s.device(s.user())))
	var found []keyshift.LeaseState
	err := s.Write(s.ctx(), hub.Ordinary, func(tx hub.Tx) error {
		now, err := tx.Lease(l.ID)
		if found = append(found, now.State); len(found) == 1 {
			other.giveBack(l)
		}
		if err != nil || !now.State.Live() {
			return err
		}
		now.Epoch++
		return tx.SaveLease(now)
	}, own(l, 1))
	if err != nil || !slices.Equal(found, []keyshift.LeaseState{keyshift.LeaseActive, keyshift.LeaseCheckedIn}) {
		t.Errorf("found %v, %v", found, err)
	}
	same(t, "epoch", s.lease(l.ID).Epoch, l.Epoch+1)
}

// interloper does something before the second question.
type interloper struct {
	db.DBTX
	asked int
	do    func()
}

func (i *interloper) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if i.asked++; i.asked == 2 {
		i.do()
	}
	return i.DBTX.QueryRowContext(ctx, query, args...)
}

// The holder is looked up in two steps. Who gave the account back between them is no holder, and who got it then is.
func TestWhoeverGivesBackWhileOneLooksIsNoHolder(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		a, d := s.account(), s.device(s.user())
		first := s.activate(s.lend(a, d))
		var next keyshift.Lease
		look := func(do func()) (hub.LeaseView, error) {
			r := &reader{ctx: t.Context(), queries: db.New(&interloper{DBTX: s.pool, do: do}), count: func() {}, judge: func(err error) error { return err }}
			return r.Holder(a.ID, s.clock.now())
		}
		got, err := look(func() {
			s.giveBack(first)
			next = s.lend(a, d)
		})
		same(t, "error", err, nil)
		same(t, "holder", got.ID, next.ID)
		_, err = look(func() { s.giveBack(next) })
		wantCode(t, err, keyshift.CodeNotFound)
	})
}

// giveBack ends a lease whose secret is wiped.
func (s *scene) giveBack(l keyshift.Lease) {
	s.Helper()
	l.State, l.Epoch, l.EndedAt, l.Removal.Step = keyshift.LeaseCheckedIn, l.Epoch+1, s.clock.now(), keyshift.RemovalSecretWiped
	s.do(func(tx hub.Tx) error { return tx.SaveLease(l) })
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
		same(t, "removals to do", ids(s.reader().RemovalsToDo(d.ID, 10)), []keyshift.ID(nil))
		delivered, later := s.lend(a, d), s.lend(a, d)
		s.checkIn(delivered, keyshift.RemovalDelivered)
		s.checkIn(later, keyshift.RemovalDelivered)
		same(t, "removals to do", ids(s.reader().RemovalsToDo(d.ID, 10)), []keyshift.ID{delivered.ID, later.ID})
		same(t, "the first removal to do", ids(s.reader().RemovalsToDo(d.ID, 1)), []keyshift.ID{delivered.ID})
		counts, err := s.reader().Counts()
		same(t, "counts", counts, hub.Counts{LiveLeases: 3, OpenRemovals: 3})
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
