package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", what, diff)
	}
}

// code gives the code of an error and fails the test on a nil one.
func wantCode(t testing.TB, err error, want keyshift.Code) {
	t.Helper()
	if got := keyshift.CodeOf(err); got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

func TestUsersAreKeptAsTheyWereSaved(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		dana := keyshift.User{Name: "dana", DisplayName: "Dana D.", Roles: []keyshift.Role{keyshift.Admin, keyshift.Owner}, Active: true}
		s.do(func(tx hub.Tx) error {
			dana.ID, dana.CreatedAt = tx.NewID(), tx.Now()
			return tx.AddUser(dana)
		})
		got, err := s.reader().User(dana.ID)
		same(t, "user", got, dana)
		same(t, "error", err, nil)

		err = s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error {
			return tx.AddUser(keyshift.User{ID: tx.NewID(), Name: "dana"})
		})
		wantCode(t, err, keyshift.CodeAlreadyExists)

		dana.DisplayName, dana.Roles, dana.Active = "", []keyshift.Role{keyshift.Member}, false
		s.do(func(tx hub.Tx) error { return tx.SaveUser(dana) })
		got, err = s.reader().UserByName("dana")
		same(t, "user", got, dana)
		same(t, "error", err, nil)
		_, err = s.reader().UserByName("lee")
		wantCode(t, err, keyshift.CodeNotFound)
		wantCode(t, s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error { return tx.SaveUser(keyshift.User{ID: "nobody"}) }), keyshift.CodeNotFound)
	})
}

func TestOwnersAreCountedWhileActive(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		add := func(name string, active bool, roles ...keyshift.Role) {
			s.do(func(tx hub.Tx) error {
				return tx.AddUser(keyshift.User{ID: tx.NewID(), Name: name, Roles: roles, Active: active})
			})
		}
		add("dana", true, keyshift.Owner)
		add("lee", true, keyshift.Admin, keyshift.Owner, keyshift.Member)
		add("alice", false, keyshift.Owner)
		add("bob", true, keyshift.Admin)
		got, err := s.reader().CountActiveOwners()
		if got != 2 || err != nil {
			t.Errorf("got %d, %v, want 2", got, err)
		}
	})
}

func TestListsGoOnAfterAnIDInTheOrderOfCreation(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		var want []keyshift.ID
		for range 7 { // all in one millisecond of the clock
			want = append(want, s.user().ID)
		}
		var got []keyshift.ID
		after := keyshift.ID("")
		for {
			page, err := s.reader().Users(after, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range page {
				got, after = append(got, u.ID), u.ID
			}
			if len(page) < 3 {
				break
			}
		}
		same(t, "ids", got, want)
		none, err := s.reader().Users("", -1)
		if len(none) != 0 || err != nil {
			t.Errorf("a negative limit gave %d users, %v", len(none), err)
		}
	})
}

func TestTokensAnswerUntilTheyEndOrExpire(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		u := s.user()
		token := hub.Token{Hash: []byte("hash of one"), UserID: u.ID, Label: "laptop", CreatedAt: s.clock.now(), ExpiresAt: s.clock.now().Add(time.Hour)}
		other := token
		other.Hash = []byte("hash of two")
		s.do(func(tx hub.Tx) error {
			token.ID, other.ID = tx.NewID(), tx.NewID()
			return errors.Join(tx.AddToken(token), tx.AddToken(other))
		})
		got, user, err := s.reader().TokenUser(token.Hash, s.clock.now())
		same(t, "token", got, token)
		same(t, "user", user, u)
		same(t, "error", err, nil)
		_, _, err = s.reader().TokenUser(token.Hash, token.ExpiresAt)
		wantCode(t, err, keyshift.CodeNotFound)

		s.do(func(tx hub.Tx) error { return tx.EndToken(token.Hash) })
		_, _, err = s.reader().TokenUser(token.Hash, s.clock.now())
		wantCode(t, err, keyshift.CodeNotFound)
		if _, _, err = s.reader().TokenUser(other.Hash, s.clock.now()); err != nil {
			t.Errorf("the other token: %v", err)
		}
		s.do(func(tx hub.Tx) error { return tx.EndTokens(u.ID) })
		_, _, err = s.reader().TokenUser(other.Hash, s.clock.now())
		wantCode(t, err, keyshift.CodeNotFound)
	})
}

func TestACodeIsUsedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		u := s.user()
		c := hub.CodeRow{Hash: []byte("hash"), Kind: keyshift.EnrollmentCode, UserID: u.ID, CreatedAt: s.clock.now(), ExpiresAt: s.clock.now().Add(keyshift.CodeLifetime)}
		void := c
		void.Hash = []byte("void")
		s.do(func(tx hub.Tx) error {
			c.ID, void.ID = tx.NewID(), tx.NewID()
			return errors.Join(tx.AddCode(c), tx.AddCode(void))
		})
		got, err := s.reader().Code(c.Hash)
		same(t, "code", got, c)
		same(t, "error", err, nil)

		s.clock.advance(time.Minute)
		var first, second bool
		s.do(func(tx hub.Tx) (err error) { first, err = tx.UseCode(c.ID); return err })
		s.do(func(tx hub.Tx) (err error) { second, err = tx.UseCode(c.ID); return err })
		if !first || second {
			t.Errorf("used: %v, %v, want true, false", first, second)
		}
		got, _ = s.reader().Code(c.Hash)
		same(t, "used at", got.UsedAt, s.clock.now())

		s.do(func(tx hub.Tx) error { return tx.VoidCodes(u.ID) })
		got, _ = s.reader().Code(void.Hash)
		if !got.UsedAt.IsZero() || s.clock.now().Before(got.ExpiresAt) {
			t.Errorf("a void code: used %v, expires %v", got.UsedAt, got.ExpiresAt)
		}
		s.do(func(tx hub.Tx) (err error) { first, err = tx.UseCode(void.ID); return err })
		if first {
			t.Error("a void code was used")
		}
	})
}

func TestGroupsHaveMembersByName(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		g := keyshift.Group{Name: "social"}
		a, b := s.user(), s.user()
		s.do(func(tx hub.Tx) error {
			g.ID, g.CreatedAt = tx.NewID(), tx.Now()
			return tx.AddGroup(g)
		})
		change := func(f func(tx hub.Tx) (bool, error)) (changed bool) {
			s.do(func(tx hub.Tx) (err error) { changed, err = f(tx); return err })
			return changed
		}
		if !change(func(tx hub.Tx) (bool, error) { return tx.AddMember(g.ID, b.ID) }) || !change(func(tx hub.Tx) (bool, error) { return tx.AddMember(g.ID, a.ID) }) ||
			change(func(tx hub.Tx) (bool, error) { return tx.AddMember(g.ID, a.ID) }) {
			t.Error("AddMember reports wrongly whether it changed anything")
		}
		got, err := s.reader().GroupMembers(g.ID)
		same(t, "members", got, []string{a.Name, b.Name})
		same(t, "error", err, nil)
		if !change(func(tx hub.Tx) (bool, error) { return tx.RemoveMember(g.ID, a.ID) }) || change(func(tx hub.Tx) (bool, error) { return tx.RemoveMember(g.ID, a.ID) }) {
			t.Error("RemoveMember reports wrongly whether it changed anything")
		}
		byName, err := s.reader().GroupByName("social")
		same(t, "group", byName, g)
		same(t, "error", err, nil)
		all, _ := s.reader().Groups("", 10)
		same(t, "groups", all, []keyshift.Group{g})
	})
}
