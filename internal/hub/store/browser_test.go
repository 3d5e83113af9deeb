package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

func TestPackVersionsNeverGoBack(t *testing.T) {
	onEach(t, func(_ *testing.T, s *scene) {
		dana := s.user()
		put := func(version int64, text string) error {
			p := hub.PublishedPack{Signed: pack.Signed{Network: "x", Version: version, Pack: []byte(text), Signature: []byte("sig")}, PublishedAt: s.clock.now(), PublishedBy: dana.ID}
			return s.Write(s.ctx(), hub.Ordinary, func(tx hub.Tx) error {
				if before, err := tx.SitePack("x"); err == nil && before.Version >= version {
					return keyshift.Refuse(keyshift.CodeFieldInvalid, "old", "")
				}
				return tx.SaveSitePack(p)
			})
		}
		if err := put(2, "two"); err != nil {
			s.Fatal(err)
		}
		if err := put(3, "three"); err != nil {
			s.Fatal(err)
		}
		if err := put(2, "back"); keyshift.CodeOf(err) != keyshift.CodeFieldInvalid {
			s.Errorf("an older pack: %v", err)
		}
		got, err := s.reader().SitePack("x")
		if err != nil || string(got.Pack) != "three" || got.Version != 3 || got.ByName != dana.Name {
			s.Errorf("pack %+v, %v", got, err)
		}
		all, err := s.reader().SitePacks()
		if err != nil || len(all) != 1 {
			s.Errorf("packs %+v, %v", all, err)
		}
	})
}

// A replica that did not see the newer version must not overwrite it.
func TestAnOlderPackLosesAlsoWhenNobodyLooked(t *testing.T) {
	onEach(t, func(_ *testing.T, s *scene) {
		dana := s.user()
		tried := 0
		save := func(version int64) error {
			return s.Write(s.ctx(), hub.Ordinary, func(tx hub.Tx) error {
				if tried++; tried > 3 {
					return keyshift.Refuse(keyshift.CodeUnavailable, "given up", "")
				}
				return tx.SaveSitePack(hub.PublishedPack{Signed: pack.Signed{Network: "x", Version: version}, PublishedBy: dana.ID})
			})
		}
		if err := save(5); err != nil {
			s.Fatal(err)
		}
		if err := save(4); err == nil {
			s.Error("an older version was stored")
		}
		if got, err := s.reader().SitePack("x"); err != nil || got.Version != 5 {
			s.Errorf("version %d, %v", got.Version, err)
		}
	})
}

func TestBrowserNewsAreReadAtOnce(t *testing.T) {
	onEach(t, func(_ *testing.T, s *scene) {
		dana, lee := s.user(), s.user()
		d := s.device(dana)
		a := s.account()
		l := s.activate(s.lend(a, d))
		expect := func(user keyshift.ID, want hub.BrowserNews) {
			s.Helper()
			got, err := s.reader().BrowserNews(user, d.ID, s.clock.now())
			if err != nil {
				s.Fatal(err)
			}
			same(s, "news", got, want)
		}
		expect(dana.ID, hub.BrowserNews{})
		groups := [2]keyshift.Group{}
		s.do(func(tx hub.Tx) error {
			for i, name := range []string{"staff", "germany"} {
				groups[i] = keyshift.Group{ID: tx.NewID(), Name: name}
				if err := tx.AddGroup(groups[i]); err != nil {
					return err
				}
			}
			return nil
		})
		s.do(func(tx hub.Tx) error { return second(tx.AddMember(groups[0].ID, dana.ID)) })
		s.do(func(tx hub.Tx) error { return tx.RaiseBrowserRevision([]byte("salt")) })
		s.do(func(tx hub.Tx) error { return tx.RaiseBrowserRevision([]byte("other")) })
		s.do(func(tx hub.Tx) error {
			return tx.SavePersonalGuard(groups[0].ID, keyshift.PersonalGuard{Rule: keyshift.PersonalOn})
		})
		expect(dana.ID, hub.BrowserNews{Revision: 2, GuardPersonal: true})
		if p, err := s.reader().BrowserPolicy(); err != nil || string(p.Salt) != "salt" {
			s.Errorf("the salt is %q, %v: it must stay", p.Salt, err)
		}
		s.do(func(tx hub.Tx) error {
			return tx.SavePersonalGuard(groups[1].ID, keyshift.PersonalGuard{Rule: keyshift.PersonalForbidden, Note: "law"})
		})
		s.do(func(tx hub.Tx) error { return second(tx.AddMember(groups[1].ID, dana.ID)) })
		expect(dana.ID, hub.BrowserNews{Revision: 2})
		s.do(func(tx hub.Tx) error { return tx.SavePersonalGuard(groups[1].ID, keyshift.PersonalGuard{}) })
		expect(dana.ID, hub.BrowserNews{Revision: 2, GuardPersonal: true})

		relay := askedRelay(s, l, d)
		expect(lee.ID, hub.BrowserNews{Revision: 2})
		s.do(func(tx hub.Tx) error { return second(tx.AddCustodian(a.ID, lee.ID)) })
		expect(lee.ID, hub.BrowserNews{Revision: 2, Asked: 1})
		s.do(func(tx hub.Tx) error { return second(tx.AnswerRelay(relay.ID, []byte("sealed"), tx.Now())) })
		expect(lee.ID, hub.BrowserNews{Revision: 2, Answered: 1}) // by its device here, which is dana's
		s.do(func(tx hub.Tx) error { return second(tx.TakeRelay(relay.ID, tx.Now())) })
		expect(lee.ID, hub.BrowserNews{Revision: 2})
	})
}

func askedRelay(s *scene, l keyshift.Lease, d keyshift.Device) keyshift.CodeRelay {
	s.Helper()
	var relay keyshift.CodeRelay
	s.do(func(tx hub.Tx) error {
		relay = keyshift.CodeRelay{ID: tx.NewID(), LeaseID: l.ID, AccountID: l.AccountID, DeviceID: d.ID, UserID: d.UserID, AskedAt: tx.Now(), ExpiresAt: tx.Now().Add(keyshift.RelayWithin)}
		return tx.AddRelay(relay)
	})
	return relay
}

func TestARelayIsAnsweredAndTakenOnce(t *testing.T) {
	onEach(t, func(_ *testing.T, s *scene) {
		dana, lee := s.user(), s.user()
		d := s.device(dana)
		a := s.account()
		relay := askedRelay(s, s.activate(s.lend(a, d)), d)
		s.do(func(tx hub.Tx) error { return second(tx.AddCustodian(a.ID, lee.ID)) })
		change := func(fn func(tx hub.Tx) (bool, error)) (changed bool) {
			s.Helper()
			s.do(func(tx hub.Tx) (err error) { changed, err = fn(tx); return err })
			return changed
		}
		take := func(tx hub.Tx) (bool, error) { return tx.TakeRelay(relay.ID, tx.Now()) }
		answer := func(tx hub.Tx) (bool, error) { return tx.AnswerRelay(relay.ID, []byte("sealed"), tx.Now()) }
		asked, err := s.reader().RelaysAsked(lee.ID, s.clock.now(), 10)
		if err != nil || len(asked) != 1 || asked[0].Account != a.Name() || asked[0].UserShown != dana.Name || string(asked[0].SealingKey) != "\x02" {
			s.Errorf("asked %+v, %v", asked, err)
		}
		if open, err := s.reader().OpenRelay(relay.LeaseID, s.clock.now()); err != nil || open.ID != relay.ID {
			s.Errorf("open %+v, %v", open, err)
		}
		got := []bool{change(take), change(answer), change(answer), change(take), change(take)}
		if diff := cmp.Diff([]bool{false, true, false, true, false}, got); diff != "" {
			s.Errorf("take, answer, answer, take, take (-want +got):\n%s", diff)
		}
		if r, err := s.reader().Relay(relay.ID); err != nil || string(r.Sealed) != "sealed" || r.TakenAt.IsZero() {
			s.Errorf("relay %+v, %v", r, err)
		}
		s.clock.advance(keyshift.RelayWithin)
		s.do(func(tx hub.Tx) error { return tx.Prune(tx.Now().Add(-time.Hour)) })
		if _, err := s.reader().Relay(relay.ID); keyshift.CodeOf(err) != keyshift.CodeNotFound {
			s.Errorf("an old request is still there: %v", err)
		}
	})
}

func TestWhatGrantsOpenComesWithTheLease(t *testing.T) {
	onEach(t, func(_ *testing.T, s *scene) {
		dana, lee := s.user(), s.user()
		d := s.device(dana)
		a := s.account()
		var own, groups, others keyshift.Grant
		s.do(func(tx hub.Tx) error {
			g := keyshift.Group{ID: tx.NewID(), Name: "social"}
			if err := tx.AddGroup(g); err != nil {
				return err
			}
			own = keyshift.Grant{ID: tx.NewID(), AccountID: a.ID, UserID: dana.ID}
			groups = keyshift.Grant{ID: tx.NewID(), AccountID: a.ID, GroupID: g.ID}
			others = keyshift.Grant{ID: tx.NewID(), AccountID: a.ID, UserID: lee.ID}
			if _, err := tx.AddMember(g.ID, dana.ID); err != nil {
				return err
			}
			for _, grant := range []keyshift.Grant{own, groups, others} {
				if err := tx.AddGrant(grant); err != nil {
					return err
				}
			}
			return nil
		})
		for grant, class := range map[keyshift.ID]pack.GuardClass{own.ID: pack.GuardEmail, groups.ID: pack.GuardPassword, others.ID: pack.GuardDeactivate} {
			s.do(func(tx hub.Tx) error { return tx.SaveAllowedGuards(grant, []pack.GuardClass{class}) })
		}
		s.do(func(tx hub.Tx) error { return tx.SaveAccountRef(a.ID, "42") })
		s.do(func(tx hub.Tx) error { return tx.SaveWorkBrowser(a.ID, hub.WorkBrowser{Browser: "edge", Keep: true}) })
		s.do(func(tx hub.Tx) error { return second(tx.AddCustodian(a.ID, lee.ID)) })
		if got, err := s.reader().LeaseBrowser(d.ID); err != nil || got != nil {
			s.Errorf("without a lease: %+v, %v", got, err)
		}
		l := s.activate(s.lend(a, d))
		want := []hub.LeaseBrowser{{LeaseID: l.ID, Ref: "42", HasCustodian: true, Guards: []pack.GuardClass{pack.GuardEmail, pack.GuardPassword}, Browser: "edge", Keep: true}}
		got, err := s.reader().LeaseBrowser(d.ID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			s.Errorf("%v (-want +got):\n%s", err, diff)
		}
		s.do(func(tx hub.Tx) error { return tx.RemoveGrant(own.ID) }) // its guards go with it
		if all, err := s.reader().AllowedGuards(); err != nil || len(all) != 2 {
			s.Errorf("guards %+v, %v", all, err)
		}
	})
}

func TestWorkBrowsersAreSetAndTakenBack(t *testing.T) {
	onEach(t, func(_ *testing.T, s *scene) {
		a := s.account()
		want := func(list ...hub.WorkBrowser) {
			s.Helper()
			got, err := s.reader().WorkBrowsers()
			if diff := cmp.Diff(list, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
				s.Errorf("%v (-want +got):\n%s", err, diff)
			}
		}
		for _, w := range []hub.WorkBrowser{{Account: a.Name(), Browser: "firefox"}, {Account: a.Name(), Keep: true}} {
			s.do(func(tx hub.Tx) error { return tx.SaveWorkBrowser(a.ID, w) })
			want(w)
		}
		s.do(func(tx hub.Tx) error { return tx.SaveWorkBrowser(a.ID, hub.WorkBrowser{}) })
		want()
	})
}

func TestInsiderWordsAreKeptOnce(t *testing.T) {
	onEach(t, func(_ *testing.T, s *scene) {
		words := []hub.InsiderWord{{Word: "project zephyr"}, {Pattern: `ACME-\d{4}`}, {Word: "project zephyr"}}
		var added []bool
		s.do(func(tx hub.Tx) error {
			added = nil
			for _, w := range words {
				fresh, err := tx.AddInsiderWord(w)
				if err != nil {
					return err
				}
				added = append(added, fresh)
			}
			return nil
		})
		if diff := cmp.Diff([]bool{true, true, false}, added); diff != "" {
			s.Errorf("added (-want +got):\n%s", diff)
		}
		s.do(func(tx hub.Tx) error { return second(tx.RemoveInsiderWord(words[1])) })
		got, err := s.reader().InsiderWords()
		if diff := cmp.Diff(words[:1], got); err != nil || diff != "" {
			s.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

// One column says which of the two it is that nobody confirmed.
func TestThatABrowserHasYetToCleanUpIsKept(t *testing.T) {
	onEach(t, func(_ *testing.T, s *scene) {
		l := s.activate(s.lend(s.account(), s.device(s.user())))
		for _, want := range []struct{ unconfirmed, pending bool }{{true, false}, {true, true}, {false, false}} {
			l.Removal = keyshift.Removal{Step: keyshift.RemovalSecretWiped, SessionUnconfirmed: want.unconfirmed, BrowserPending: want.pending, Rotation: keyshift.RotationNone}
			s.do(func(tx hub.Tx) error { return tx.SaveRemoval(l) })
			got := s.lease(l.ID).Removal
			if got.SessionUnconfirmed != want.unconfirmed || got.BrowserPending != want.pending {
				s.Errorf("kept %+v, want %+v", got, want)
			}
		}
	})
}
