package systest

import (
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// decoded are the events of a type.
func decoded[T any](t *testing.T, x *Extension, kind string) (all []T) {
	t.Helper()
	for _, raw := range x.Events(kind) {
		var one T
		if err := native.Decode(raw, &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// What an admin changes while a browser is connected is there without anybody asking.
func TestABrowserHearsWhatAnAdminChanges(t *testing.T) {
	t.Parallel()
	w, c := newCompanion(t)
	x := c.paired(t)
	Do(t, w.Owner.Packs.PublishSitePack, &v1.PublishSitePackRequest{Pack: packX(t, 3, "X, new")})
	Eventually(t, "the profile hears of the pack", func() bool {
		return slices.Contains(decoded[native.PackVersion](t, x, native.TypePacksChanged), native.PackVersion{Network: "x", Version: 3})
	})
	var got native.Pack
	if err := x.Ask(native.TypePackGet, native.PackGet{Network: "x"}, &got); err != nil || got.Version != 3 || !strings.Contains(string(got.Pack), "X, new") {
		t.Errorf("got version %d, %v", got.Version, err)
	}
	before := x.State().WordsVersion
	Do(t, w.Owner.Browser.AddInsiderWords, &v1.AddInsiderWordsRequest{Words: []*v1.InsiderWord{{Word: "zephyr"}}})
	Eventually(t, "the profile hears that there are other words", func() bool { return x.State().WordsVersion != before })
	var words native.Words
	if err := x.Ask(native.TypeWordsGet, native.Empty{}, &words); err != nil || !slices.Contains(words.Hashes, native.HashWord(words.Salt, "zephyr")) {
		t.Errorf("words %+v, %v", words, err)
	}
}

// The guard for personal accounts is off until the admin of the jurisdiction switches it on, and off again as soon as that is
// taken back, in browsers that are connected all the time.
func TestThePersonalGuardIsSwitched(t *testing.T) {
	t.Parallel()
	w, c := newCompanion(t)
	x := c.paired(t)
	Eventually(t, "the profile is told how things stand", func() bool { return len(x.Events(native.TypeState)) > 0 })
	if x.State().WatchPersonal {
		t.Error("it is on, and nobody switched it on")
	}
	Do(t, w.Owner.Groups.AddGroup, &v1.AddGroupRequest{Name: "staff"})
	Do(t, w.Owner.Groups.AddMember, &v1.AddMemberRequest{Group: "staff", User: "dana"})
	set := func(rule v1.PersonalGuardRule) {
		Do(t, w.Owner.Browser.SetPersonalGuard, &v1.SetPersonalGuardRequest{Guard: &v1.PersonalGuard{Group: "staff", Rule: rule}})
	}
	set(v1.PersonalGuardRule_PERSONAL_GUARD_RULE_ON)
	Eventually(t, "it is on", func() bool { return x.State().WatchPersonal })
	set(v1.PersonalGuardRule_PERSONAL_GUARD_RULE_FORBIDDEN)
	Eventually(t, "it is off", func() bool { return !x.State().WatchPersonal })
}

// A reminder is shown once: in the browser that has the user's attention, otherwise by the tray. What was answered goes from both.
func TestAReminderIsShownOnce(t *testing.T) {
	t.Parallel()
	for _, focused := range []bool{true, false} {
		_, c := newCompanion(t)
		x := c.paired(t)
		if err := x.Ask(native.TypeFocus, native.Focus{Focused: focused}, nil); err != nil {
			t.Fatal(err)
		}
		c.mustCheckOut("x/acme", time.Hour)
		shown := func() []*v1.LocalReminder { return c.Reminders().GetShown() }
		Eventually(t, "the user is reminded", func() bool { return len(shown()) == 1 })
		if got := shown()[0].GetInBrowser(); got != focused {
			t.Errorf("focused %v: the tray hears that it was shown in the browser: %v", focused, got)
		}
		if !focused {
			if got := x.Events(native.TypeReminder); len(got) > 0 {
				t.Errorf("a browser without the focus shows %s", got)
			}
			continue
		}
		Eventually(t, "the browser shows it", func() bool { return len(x.Events(native.TypeReminder)) == 1 })
		r := decoded[native.Reminder](t, x, native.TypeReminder)[0]
		if r.ID != shown()[0].GetId() || r.Text == "" || len(r.Answers) == 0 {
			t.Errorf("the browser shows %+v", r)
		}
		if err := c.DismissReminder(r.ID); err != nil { // in the tray
			t.Fatal(err)
		}
		Eventually(t, "the browser takes it away", func() bool {
			return slices.Equal(decoded[native.ReminderRef](t, x, native.TypeReminderOver), []native.ReminderRef{{ID: r.ID}})
		})
	}
}
