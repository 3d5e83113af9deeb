package store

import (
	"errors"
	"net"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// told is what a check-out is told.
type told struct {
	Device     keyshift.Device
	User       keyshift.User
	Account    keyshift.Account
	Credential hub.SealedCredential
	Risk       *keyshift.RiskAcceptance
	Granted    bool
	Hours      hub.Hours
}

func (l lending) ask(r hub.Reader) (got told, err error) {
	var errs [6]error
	got.Device, got.User, errs[0] = r.DeviceAndUser(l.devices[0].ID)
	got.Account, errs[1] = r.Account(l.account.ID)
	if got.Credential, errs[2] = r.Credential(l.account.ID); errors.Is(errs[2], keyshift.ErrNotFound) {
		got.Credential, errs[2] = hub.SealedCredential{}, nil
	}
	got.Risk, errs[3] = r.RiskAcceptance(l.account.ID)
	got.Granted, errs[4] = r.HasGrant(got.User.ID, l.account.ID)
	got.Hours, errs[5] = r.WorkHoursFor(got.User.ID)
	return got, errors.Join(errs[:]...)
}

// lendAs is the n-th check-out by the first device, of whatever it is told, and tells it.
func (l lending) lendAs(s *Store, n int) (got told, err error) {
	d := l.devices[0].ID
	err = s.Write(l.ctx(), hub.Ordinary, func(tx hub.Tx) error {
		if got, err = l.ask(tx); err != nil {
			return err
		}
		window := got.Device.Window
		window.Accept(uint64(n))
		if _, err := tx.Effect(d, benchRequest(n)); !errors.Is(err, keyshift.ErrNotFound) {
			return errBenchEffect
		}
		return errors.Join(tx.SaveWindow(d, got.Device.Window, window), tx.Append(keyshift.AuditEvent{Action: "lent", DeviceID: d}),
			tx.AddEffect(hub.Effect{Actor: d, RequestID: benchRequest(n), Procedure: "CheckOut", BodyHash: []byte{1}, Result: []byte{}}))
	}, hub.Ahead{DeviceID: d, AccountID: l.account.ID, RequestID: benchRequest(n)})
	got.Device.Window = keyshift.SequenceWindow{}
	return got, err
}

// recalled tells how many transactions went by what is remembered while do ran.
func (s *scene) recalled(do func()) int64 {
	before := s.Stats().Recalled
	do()
	return s.Stats().Recalled - before
}

func (l lending) mustLendAs(n int) (got told) {
	l.Helper()
	got, err := l.lendAs(l.Store, n)
	if err != nil {
		l.Fatal(err)
	}
	return got
}

// twoHubs are two on one PostgreSQL.
func twoHubs(t *testing.T) (s *scene, other *Store) {
	t.Helper()
	s = newScene(t, migrated.New(t))
	return s, mustOpen(t, Options{Database: s.dsn, Clock: s.clock.now})
}

// readied is a lending whose facts are remembered.
func readied(t *testing.T, s *scene) (l lending) {
	t.Helper()
	l = newLending(s, 1, shared)
	s.do(func(tx hub.Tx) error {
		return tx.SaveCredential(hub.SealedCredential{AccountID: l.account.ID, Version: 1, Sealed: []byte{1}, KEKVersion: 1})
	})
	l.mustLendAs(1)
	if n := l.recalled(func() { l.mustLendAs(2) }); n != 1 {
		t.Fatalf("%d transactions went by what is remembered, want 1", n)
	}
	return l
}

func TestWhatIsRememberedIsHeldAgainstTheDatabase(t *testing.T) {
	s, other := twoHubs(t)
	for name, change := range map[string]func(l lending, tx hub.Tx) error{
		"the device is blocked": func(l lending, tx hub.Tx) error {
			return tx.SetDeviceState(l.devices[0].ID, keyshift.DeviceBlocked)
		},
		"the user is deactivated": func(l lending, tx hub.Tx) error {
			u, err := tx.User(l.devices[0].UserID)
			u.Active = false
			return errors.Join(err, tx.SaveUser(u))
		},
		"the account is disabled": func(l lending, tx hub.Tx) error {
			l.account.Enabled = false
			return tx.SaveAccount(l.account)
		},
		"the account is made exclusive": func(l lending, tx hub.Tx) error {
			l.account.Exclusive = true
			return tx.SaveAccount(l.account)
		},
		"rotation is due": func(l lending, tx hub.Tx) error { return tx.SetRotationDue(l.account.ID, true) },
		"a credential is stored": func(l lending, tx hub.Tx) error {
			return tx.SaveCredential(hub.SealedCredential{AccountID: l.account.ID, Version: 7, Sealed: []byte{7}, KEKVersion: 1})
		},
		"the credential is sealed anew": func(l lending, tx hub.Tx) error {
			return tx.ReplaceSealed(hub.SealedCredential{AccountID: l.account.ID, Version: 1, Sealed: []byte{2}, KEKVersion: 2})
		},
		"a risk is accepted": func(l lending, tx hub.Tx) error {
			return tx.SaveRiskAcceptance(l.account.ID, keyshift.RiskAcceptance{Clause: "c", TextHash: "h", AcceptedBy: "o", AcceptedAt: tx.Now(), Until: tx.Now().Add(time.Hour)})
		},
		"the grant is removed": func(l lending, tx hub.Tx) error {
			grants, err := tx.Grants(l.account.ID, "", 10)
			return errors.Join(err, tx.RemoveGrant(grants[0].ID))
		},
		"the user gets work hours": func(l lending, tx hub.Tx) error { return tx.SaveWorkHours(l.devices[0].UserID, mornings()) },
		"a group of the user gets work hours": func(l lending, tx hub.Tx) error {
			group := keyshift.Group{ID: tx.NewID(), Name: l.name("group"), CreatedAt: tx.Now()}
			err := tx.AddGroup(group)
			_, err2 := tx.AddMember(group.ID, l.devices[0].UserID)
			return errors.Join(err, err2, tx.SaveWorkHours(group.ID, mornings()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := readied(t, s)
			before := l.mustLendAs(3)
			if err := other.Write(t.Context(), hub.Closing, func(tx hub.Tx) error { return change(l, tx) }); err != nil {
				t.Fatal(err)
			}
			var got told
			if n := l.recalled(func() { got = l.mustLendAs(4) }); n != 0 {
				t.Errorf("%d transactions went by what is remembered, want none", n)
			}
			want, err := l.ask(l.reader())
			want.Device.Window = keyshift.SequenceWindow{}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v, want what is in the database:\n%s", err, diff)
			}
			if reflect.DeepEqual(before, got) {
				t.Error("nothing changed")
			}
		})
	}
}

func mornings() (w keyshift.WorkHours) {
	for day := range w.Week {
		w.Week[day] = []keyshift.Span{{From: 8 * time.Hour, Until: 12 * time.Hour}}
	}
	return w
}

// What another hub did in the name of the same device is seen, too.
func TestWhatADeviceAskedElsewhereIsNotForgotten(t *testing.T) {
	s, other := twoHubs(t)
	l := readied(t, s)
	if _, err := l.lendAs(other, 3); err != nil {
		t.Fatal(err)
	}
	if _, err := l.lendAs(l.Store, 3); !errors.Is(err, errBenchEffect) {
		t.Errorf("the same request: %v, want to hear that it was answered", err)
	}
	l.mustLendAs(4)
	if n := l.recalled(func() { l.mustLendAs(5) }); n != 1 {
		t.Errorf("afterwards %d transactions went by what is remembered, want 1", n)
	}
	d, err := l.reader().Device(l.devices[0].ID)
	if err != nil || d.Window.High != 5 {
		t.Errorf("sequence = %d, %v, want all five numbers used", d.Window.High, err)
	}
}

// Only a yes is given by what is remembered: the reason for a no may be gone.
func TestARefusalIsNeverGivenByWhatIsRemembered(t *testing.T) {
	s, other := twoHubs(t)
	l := readied(t, s)
	runs := 0
	err := l.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error {
		if runs++; runs == 1 {
			if err := other.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error { return tx.SetRotationDue(l.account.ID, true) }); err != nil {
				t.Error(err)
			}
		}
		a, err := tx.Account(l.account.ID)
		if err != nil || !a.RotationDue {
			return errors.Join(err, keyshift.Refuse(keyshift.CodeFieldInvalid, "Not due.", ""))
		}
		return tx.Append(keyshift.AuditEvent{Action: "due"})
	}, hub.Ahead{DeviceID: l.devices[0].ID, AccountID: l.account.ID, RequestID: benchRequest(9)})
	if err != nil || runs != 2 {
		t.Errorf("%v after %d runs, want a second one that reads", err, runs)
	}
}

func TestWhoHoldsAnExclusiveAccountIsNotRemembered(t *testing.T) {
	l := newLending(newScene(t, migrated.New(t)), 1)
	n := l.recalled(func() { l.mustLendAs(1); l.mustLendAs(2) })
	if n != 0 {
		t.Errorf("%d transactions went by what is remembered", n)
	}
}

// A writer whose mark somebody removed has no lock either, also when everything is sent at once.
func TestAWriterWithoutItsMarkCommitsNothingByWhatIsRemembered(t *testing.T) {
	l := readied(t, newScene(t, migrated.New(t)))
	l.sql("DELETE FROM write_marks")
	if n := l.recalled(func() { l.mustLendAs(3) }); n != 0 {
		t.Errorf("%d transactions went by what is remembered, want none", n)
	}
}

// revocation is one of a lease in the name of a token.
func (l lending) revoke(s *Store, token []byte, lease keyshift.ID, n int) (ended int64, err error) {
	err = s.Write(l.ctx(), hub.Closing, func(tx hub.Tx) error {
		_, user, err := tx.TokenUser(token, tx.Now())
		if err != nil {
			return err
		}
		if _, err := tx.Effect(user.ID, benchRequest(n)); !errors.Is(err, keyshift.ErrNotFound) {
			return errBenchEffect
		}
		batch := tx.NewID()
		ended, err = tx.EndLeases(hub.Ending{Batch: batch, Target: hub.Target{Kind: hub.TargetLease, ID: lease}, Reason: "over", ActorKind: keyshift.ActorUser, ActorID: user.ID})
		return errors.Join(err, tx.AddEffect(hub.Effect{Actor: user.ID, RequestID: benchRequest(n), Procedure: "Revoke", BodyHash: []byte{1}, Result: []byte{}}))
	}, hub.Ahead{TokenHash: token, LeaseID: lease, RequestID: benchRequest(n)})
	return ended, err
}

func TestRevocationsGoByWhatIsRemembered(t *testing.T) {
	s, other := twoHubs(t)
	l := readied(t, s)
	token := l.token(l.user())
	leases := make([]keyshift.ID, 4)
	for i := range leases {
		leases[i] = l.lend(l.account, l.devices[0]).ID
	}
	revoke := func(i int, wantEnded, wantRecalled int64) {
		t.Helper()
		n := l.recalled(func() {
			if ended, err := l.revoke(l.Store, token, leases[i], 10+i); err != nil || ended != wantEnded {
				t.Errorf("%d ended, %v, want %d", ended, err, wantEnded)
			}
		})
		if n != wantRecalled {
			t.Errorf("%d transactions went by what is remembered, want %d", n, wantRecalled)
		}
	}
	revoke(0, 1, 0)
	revoke(1, 1, 1)
	if _, err := l.revoke(other, token, leases[2], 20); err != nil {
		t.Fatal(err)
	}
	revoke(2, 0, 0) // it has ended on the other hub
	if err := other.Write(t.Context(), hub.Closing, func(tx hub.Tx) error { return tx.EndToken(token) }); err != nil {
		t.Fatal(err)
	}
	if _, err := l.revoke(l.Store, token, leases[3], 21); !errors.Is(err, keyshift.ErrNotFound) {
		t.Errorf("with a token that has ended: %v, want %v", err, keyshift.ErrNotFound)
	}
	if got := l.lease(leases[3]); got.State != keyshift.LeasePending {
		t.Errorf("the lease is %s", got.State)
	}
}

// The race of TestNoLeaseSlipsPastARevocationOnAnotherHub, for a hub that remembers the user as active.
func TestNoLeaseSlipsPastARevocationByWhatIsRemembered(t *testing.T) {
	s, other := twoHubs(t)
	recalled, refused := int64(0), 0
	for round := range 30 {
		l := newLending(s, 1, shared)
		l.mustCheckOut(1)
		var all sync.WaitGroup
		begun := newSignal()
		before := s.Stats().Recalled
		all.Go(func() {
			for n := 2; n < 40; n++ {
				if n == 2+round%10 {
					begun.give()
				}
				if err := l.checkOutAlone(n); err != nil {
					wantCode(t, err, keyshift.CodeUserInactive)
					refused++
					return
				}
			}
		})
		all.Go(func() {
			<-begun.given
			err := other.Write(t.Context(), hub.Closing, func(tx hub.Tx) error {
				user, err := tx.User(l.devices[0].UserID)
				user.Active = false
				_, err2 := tx.EndLeases(hub.Ending{Batch: tx.NewID(), Target: hub.Target{Kind: hub.TargetUser, ID: user.ID}, Reason: "deactivated"})
				return errors.Join(err, err2, tx.SaveUser(user))
			})
			if err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		recalled += s.Stats().Recalled - before
		if live, err := s.reader().LiveLeases(l.devices[0].ID); len(live) != 0 || err != nil {
			t.Fatalf("round %d: %d leases slipped past, %v", round, len(live), err)
		}
	}
	if recalled == 0 || refused == 0 {
		t.Errorf("%d went by what is remembered, %d were refused: the race never happened", recalled, refused)
	}
}

func (l lending) mustCheckOut(n int) {
	l.Helper()
	if err := l.checkOutAlone(n); err != nil {
		l.Fatal(err)
	}
}

// checkOutAlone is the n-th check-out by the first device, for users who are active.
func (l lending) checkOutAlone(n int) error {
	id := l.devices[0].ID
	return l.Write(l.ctx(), hub.Ordinary, func(tx hub.Tx) error {
		if _, user, err := tx.DeviceAndUser(id); err != nil || !user.Active {
			return errors.Join(err, keyshift.Refuse(keyshift.CodeUserInactive, "Inactive.", ""))
		}
		return checkOut(tx, l.account.ID, id, n)
	}, hub.Ahead{DeviceID: id, AccountID: l.account.ID, RequestID: benchRequest(n)})
}

// A transaction that is sent at once may reach the server after the hub has given its connection up and found that nothing
// happened. Then it must not happen any more.
func TestATransactionThatArrivesTooLateIsNotCommitted(t *testing.T) {
	direct := newScene(t, migrated.New(t))
	p, through := newProxy(t, direct.dsn)
	e := mustOpen(t, Options{Database: through}).engine.(*postgresEngine)
	l, err := e.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	write := func(id string) error {
		row := statement{"INSERT INTO outbox (id, topic, ref, at) VALUES ($1, 'late', '', 0)", []any{id}}
		return e.commitWhole(t.Context(), l, recalled{}, []expecting{{row, 1}}, true)
	}
	if err := write("first"); err != nil {
		t.Fatal(err)
	}
	var session string
	if err := l.conn.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&session); err != nil {
		t.Fatal(err)
	}
	settled := make(chan struct{})
	p.set(commitName(), func(client, server net.Conn, message []byte) {
		_ = client.Close()
		<-settled
		_, _ = server.Write(message) // what serves the connection does it, and then sees that there is no more
	}, false)
	if err := write("second"); e.classify(err) != faultLost {
		t.Errorf("got %v, want that the connection is lost", err)
	}
	l.drop()
	for range 2 { // the second time as if the answer to the first was lost
		if committed, err := e.settle(l); committed || err != nil {
			t.Errorf("committed: %v, %v", committed, err)
		}
	}
	close(settled)
	eventually(t, "end the session", func() bool {
		return number(t, direct, "SELECT count(*) FROM pg_stat_activity WHERE pid = "+session) == "0"
	})
	if n := number(t, direct, "SELECT count(*) FROM outbox WHERE topic = 'late'"); n != "1" {
		t.Errorf("%s transactions were committed, want the first", n)
	}
}

func number(t *testing.T, s *scene, query string) (n string) {
	t.Helper()
	if err := poolOf(s.Store).QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
