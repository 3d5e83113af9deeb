package store

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestAnAccountIsKeptAsItWasSaved(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		a := s.account(func(a *keyshift.Account) {
			a.Network, a.Handle, a.AccessMode, a.AllowShow, a.OfflineGrace = keyshift.Instagram, "Acme.Çafé", keyshift.SharedSecret, true, 0
		})
		got, err := s.reader().Account(a.ID)
		same(t, "account", got, a)
		same(t, "error", err, nil)

		a.Enabled, a.Exclusive, a.MaxDuration, a.LeaseStorage, a.RotationDue = false, false, 90*time.Minute, keyshift.StorageMemory, true
		s.do(func(tx hub.Tx) error { return tx.SaveAccount(a) })
		got, err = s.reader().AccountByName(keyshift.Instagram, "Acme.Çafé")
		same(t, "account", got, a)
		same(t, "error", err, nil)

		err = s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error {
			twin := a
			twin.ID = tx.NewID()
			return tx.AddAccount(twin)
		})
		wantCode(t, err, keyshift.CodeAlreadyExists)
	})
}

func TestASavedCredentialRaisesTheVersionAndNeverGoesBack(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		a := s.account()
		_, err := s.reader().Credential(a.ID)
		wantCode(t, err, keyshift.CodeNotFound)
		c := hub.SealedCredential{AccountID: a.ID, Version: 1, Sealed: []byte("sealed"), Seed: []byte("seed"), KEKVersion: 3}
		s.do(func(tx hub.Tx) error { return tx.SaveCredential(c) })
		got, err := s.reader().Credential(a.ID)
		same(t, "credential", got, c)
		same(t, "error", err, nil)
		account, _ := s.reader().Account(a.ID)
		if account.CredentialVersion != 1 || !account.HasCodeSeed {
			t.Errorf("account has version %d, seed %v", account.CredentialVersion, account.HasCodeSeed)
		}

		c.Version, c.Seed = 2, nil
		s.do(func(tx hub.Tx) error { return tx.SaveCredential(c) })
		account, _ = s.reader().Account(a.ID)
		if account.CredentialVersion != 2 || account.HasCodeSeed {
			t.Errorf("account has version %d, seed %v", account.CredentialVersion, account.HasCodeSeed)
		}
		runs := 0
		err = s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error { runs++; return tx.SaveCredential(c) })
		wantCode(t, err, keyshift.CodeUnavailable)
		if runs < 3 {
			t.Errorf("a version that was not raised ran %d times, want several tries", runs)
		}
		wantCode(t, s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error {
			return tx.SaveCredential(hub.SealedCredential{AccountID: "none", Version: 1})
		}), keyshift.CodeNotFound)
	})
}

func TestAResealedCredentialOnlyReplacesItsOwnVersion(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		a, b := s.account(), s.account()
		old := hub.SealedCredential{AccountID: a.ID, Version: 1, Sealed: []byte("under 1"), KEKVersion: 1}
		s.do(func(tx hub.Tx) error {
			return errors.Join(tx.SaveCredential(old), tx.SaveCredential(hub.SealedCredential{AccountID: b.ID, Version: 1, Sealed: []byte("b"), KEKVersion: 1}))
		})
		newer := hub.SealedCredential{AccountID: a.ID, Version: 2, Sealed: []byte("new password"), KEKVersion: 1}
		s.do(func(tx hub.Tx) error { return tx.SaveCredential(newer) })
		old.Sealed, old.KEKVersion = []byte("under 2"), 2
		s.do(func(tx hub.Tx) error { return tx.ReplaceSealed(old) })
		got, _ := s.reader().Credential(a.ID)
		same(t, "credential", got, newer)

		newer.Sealed, newer.KEKVersion = []byte("new password under 2"), 2
		s.do(func(tx hub.Tx) error { return tx.ReplaceSealed(newer) })
		page, err := s.reader().CredentialsAfter("", 1)
		same(t, "first page", page, []hub.SealedCredential{newer})
		same(t, "error", err, nil)
		page, _ = s.reader().CredentialsAfter(a.ID, 10)
		if len(page) != 1 || page[0].AccountID != b.ID {
			t.Errorf("second page: %+v", page)
		}
	})
}

func TestRiskAcceptanceIsOneForAnAccount(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		a := s.account()
		got, err := s.reader().RiskAcceptance(a.ID)
		if got != nil || err != nil {
			t.Errorf("got %v, %v, want none", got, err)
		}
		risk := keyshift.RiskAcceptance{Clause: "4.1", TextHash: "ab", AcceptedBy: "dana", AcceptedAt: s.clock.now(), Until: s.clock.now().Add(time.Hour)}
		s.do(func(tx hub.Tx) error { return tx.SaveRiskAcceptance(a.ID, risk) })
		risk.Clause = "4.2"
		s.do(func(tx hub.Tx) error { return tx.SaveRiskAcceptance(a.ID, risk) })
		got, err = s.reader().RiskAcceptance(a.ID)
		same(t, "risk acceptance", got, &risk)
		same(t, "error", err, nil)
		for _, want := range []bool{true, false} {
			var was bool
			s.do(func(tx hub.Tx) (err error) { was, err = tx.RemoveRiskAcceptance(a.ID); return err })
			if was != want {
				t.Errorf("removed: %v, want %v", was, want)
			}
		}
	})
}

func TestAGrantCoversAUserDirectlyOrThroughAGroup(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		direct, member, stranger := s.user(), s.user(), s.user()
		a, b := s.account(), s.account(func(a *keyshift.Account) { a.Network = keyshift.Facebook })
		var grants []keyshift.Grant
		s.do(func(tx hub.Tx) error {
			g := keyshift.Group{ID: tx.NewID(), Name: "social"}
			grants = []keyshift.Grant{
				{ID: tx.NewID(), AccountID: a.ID, UserID: direct.ID, CreatedAt: tx.Now()},
				{ID: tx.NewID(), AccountID: a.ID, GroupID: g.ID, CreatedAt: tx.Now()},
				{ID: tx.NewID(), AccountID: b.ID, GroupID: g.ID, CreatedAt: tx.Now()},
			}
			if err := tx.AddGroup(g); err != nil {
				return err
			}
			_, err := tx.AddMember(g.ID, member.ID)
			return errors.Join(err, tx.AddGrant(grants[0]), tx.AddGrant(grants[1]), tx.AddGrant(grants[2]))
		})
		for _, tt := range []struct {
			user, account keyshift.ID
			want          bool
		}{
			{direct.ID, a.ID, true}, {direct.ID, b.ID, false}, {member.ID, a.ID, true}, {member.ID, b.ID, true}, {stranger.ID, a.ID, false},
		} {
			if got, err := s.reader().HasGrant(tt.user, tt.account); got != tt.want || err != nil {
				t.Errorf("HasGrant(%s, %s) = %v, %v, want %v", tt.user, tt.account, got, err, tt.want)
			}
		}
		byID := []keyshift.Account{a, b}
		slices.SortFunc(byID, func(x, y keyshift.Account) int { return strings.Compare(string(x.ID), string(y.ID)) })
		lendable, err := s.reader().GrantedAccounts(member.ID, "", "", 10)
		same(t, "granted", lendable, byID)
		same(t, "error", err, nil)
		lendable, _ = s.reader().GrantedAccounts(member.ID, "", "", 1)
		same(t, "first page", lendable, byID[:1])
		lendable, _ = s.reader().GrantedAccounts(member.ID, "", byID[0].ID, 10)
		same(t, "second page", lendable, byID[1:])
		lendable, _ = s.reader().GrantedAccounts(member.ID, strings.ToUpper(b.Handle), "", 10)
		same(t, "by handle", lendable, []keyshift.Account{b})

		got, _ := s.reader().Grants(a.ID, "", 10)
		same(t, "grants of a", got, grants[:2])
		got, _ = s.reader().Grants("", grants[0].ID, 10)
		same(t, "grants after the first", got, grants[1:])
		one, err := s.reader().Grant(grants[1].ID)
		same(t, "grant", one, grants[1])
		same(t, "error", err, nil)

		again := grants[0]
		err = s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error { again.ID = tx.NewID(); return tx.AddGrant(again) })
		wantCode(t, err, keyshift.CodeAlreadyExists)
		s.do(func(tx hub.Tx) error { return tx.RemoveGrant(grants[0].ID) })
		wantCode(t, s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error { return tx.RemoveGrant(grants[0].ID) }), keyshift.CodeNotFound)
		if has, _ := s.reader().HasGrant(direct.ID, a.ID); has {
			t.Error("a removed grant still covers")
		}
	})
}

func TestAGrantNeedsExactlyOneHolder(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		a := s.account()
		err := s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error {
			return tx.AddGrant(keyshift.Grant{ID: tx.NewID(), AccountID: a.ID})
		})
		if err == nil {
			t.Error("a grant for nobody was stored")
		}
		if got := s.Stats(); got.Commits != 1 {
			t.Errorf("%d commits, want the account's alone", got.Commits)
		}
	})
}
