package tray

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
)

// asking is a browser that asks to be connected for another minute.
func asking(code string) *v1.BrowserProfile {
	return &v1.BrowserProfile{Id: "p-" + code, Browser: "chromium", BrowserVersion: "156.0.1", Code: code, CodeUntil: timestamppb.New(morning.Add(time.Minute))}
}

// paired is a browser that was said yes to.
func paired(browser string, running bool, owes ...string) *v1.BrowserProfile {
	return &v1.BrowserProfile{Id: "p-" + browser, Browser: browser, BrowserVersion: "153", Mode: "container", Paired: true, Connected: running, Owes: owes}
}

func withBrowsers(held bool, list ...*v1.BrowserProfile) View {
	v := enrolled()
	if held {
		v = enrolled(lease("acme", time.Hour))
	}
	v.Status.Browsers = list
	return v
}

func TestTheMenuAndHomeTellOfBrowsers(t *testing.T) {
	for _, tt := range []struct {
		name       string
		view       View
		menu, home string
	}{
		{"none was ever connected", withBrowsers(true), "", ""},
		{"one runs", withBrowsers(true, paired("firefox", true)), "", ""},
		{"one does not run, and nothing is held", withBrowsers(false, paired("firefox", false)), "", ""},
		{"one does not run", withBrowsers(true, paired("firefox", false)), "No connected browser is running", "No browser that Keyshift knows is running. “Open” starts one."},
		{"one cleans up", withBrowsers(false, paired("firefox", true, "@acme")), "", ""},
		{"clean-up is owed", withBrowsers(false, paired("firefox", false, "@acme", "@shop")), "Firefox: clean-up still owed for @acme, @shop", "Firefox still has to be cleaned up after @acme, @shop. Start it once, and it does that by itself."},
		{"one asks", withBrowsers(false, asking("482913")), "Chromium 156 asks to be connected: 482 913", "Chromium 156 asks to be connected."},
	} {
		var menu []string
		for _, i := range tt.view.browserNews(morning) {
			menu = append(menu, i.Text)
			if i.Action != show(WindowBrowsers, "") {
				t.Errorf("%s: a click does %+v", tt.name, i.Action)
			}
		}
		home := ""
		if b := HomeOf(tt.view.Words, tt.view.Picture, "", morning).Banner; b != nil {
			home = b.Text
		}
		if got := strings.Join(menu, "|"); got != tt.menu || home != tt.home {
			t.Errorf("%s: menu %q, home %q, want %q and %q", tt.name, got, home, tt.menu, tt.home)
		}
	}
}

// TestABrowserIsAskedAboutOnce, with the digits to compare and both answers; once its time is over nobody asks.
func TestABrowserIsAskedAboutOnce(t *testing.T) {
	var news News
	v := withBrowsers(false, asking("482913"))
	notices := news.Notices(v)
	if len(notices) != 1 || !notices[0].Urgent || !strings.Contains(notices[0].Body, "482 913") {
		t.Fatalf("told: %+v", notices)
	}
	want := []Button{{"Yes, the same", []Action{{Verb: Accept, Code: "482913"}}}, {"No", []Action{{Verb: Refuse, Code: "482913"}}}}
	if diff := cmp.Diff(want, notices[0].Buttons); diff != "" {
		t.Errorf("buttons (-want +got):\n%s", diff)
	}
	if again := news.Notices(v); len(again) != 0 {
		t.Errorf("told again: %+v", again)
	}
	if other := news.Notices(withBrowsers(false, asking("111111"))); len(other) != 1 {
		t.Errorf("of another code: %+v", other)
	}
	if v.State(morning) != Attention || v.NextChange(morning) != time.Minute {
		t.Errorf("the icon is %s and changes in %v, want that it needs attention for a minute", v.State(morning), v.NextChange(morning))
	}
	if later := morning.Add(time.Minute); v.State(later) == Attention || len(v.browserNews(later)) != 0 || v.NextChange(later) != 0 {
		t.Error("it goes on asking after its time")
	}
}

func TestAReminderThatTheBrowserShowedIsNotShownTwice(t *testing.T) {
	var news News
	v := enrolled()
	v.Reminders = reminded()
	news.Notices(v)
	v.Reminders = reminded("1", "2")
	v.Reminders.Shown[0].InBrowser = true
	if got := ids(news.Notices(v)); !slices.Equal(got, []string{"2"}) {
		t.Errorf("told: %q, want the second alone", got)
	}
}

func TestTheWindowOfBrowsers(t *testing.T) {
	v := withBrowsers(false, asking("482913"), paired("firefox", false, "@acme"), paired("some\u202ething", true))
	w := BrowsersOf(v.Words, v.Picture, morning.Add(17*time.Second))
	if len(w.Asking) != 1 || w.Asking[0].Digits != "482 913" || w.Asking[0].Seconds != "43 s" || w.Asking[0].Offers[1].Action != (Action{Verb: Accept, Code: "482913"}) {
		t.Errorf("the question is %+v", w.Asking)
	}
	if len(w.Known) != 2 || w.Known[0].Title != "Firefox 153" || w.Known[0].Line != "Own container · not running" || !strings.Contains(w.Known[0].Owes, "@acme") {
		t.Errorf("the first browser is %+v", w.Known)
	}
	if w.Known[1].Title != "something 153" || w.Known[1].Owes != "" || w.Known[1].Offers[0].Action != (Action{Verb: Forget, Text: "p-some\u202ething"}) {
		t.Errorf("the second browser is %+v", w.Known[1])
	}
	if d := w.NextChange(); d <= 0 || d > time.Second {
		t.Errorf("the next change is in %v", d)
	}
	if w := BrowsersOf(v.Words, enrolled().Picture, morning); w.Empty == nil || w.NextChange() != 0 {
		t.Errorf("without browsers the window is %+v", w)
	}
}

// TestWhereItOpened: what does not keep an account apart, and a browser that is missing, is said.
func TestWhereItOpened(t *testing.T) {
	english := i18n.For(i18n.English)
	for _, tt := range []struct {
		got  *v1.LocalServiceOpenAccountResponse
		want []string
	}{
		{&v1.LocalServiceOpenAccountResponse{Browser: "chromium", Mode: "work"}, []string{"Chromium"}},
		{&v1.LocalServiceOpenAccountResponse{Browser: "chromium", Mode: "same_profile"}, []string{"Chromium", "not kept apart"}},
		{&v1.LocalServiceOpenAccountResponse{Browser: "chromium", Mode: "work", Missing: "edge"}, []string{"Chromium", "wants", "Edge"}},
	} {
		text := OpenedText(english, tt.got)
		for _, want := range tt.want {
			if !strings.Contains(text, want) {
				t.Errorf("%v: %q says nothing of %q", tt.got, text, want)
			}
		}
		if tt.got.GetMissing() == "" && strings.Contains(text, "wants") {
			t.Errorf("%v: %q", tt.got, text)
		}
	}
}
