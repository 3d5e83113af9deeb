package tray

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func relayed(id, account string) *v1.RelayRequest {
	return &v1.RelayRequest{Id: id, Account: account, User: "Dana\u202e", Device: "laptop", ExpiresAt: timestamppb.New(morning.Add(5 * time.Minute))}
}

// TestSomebodyWaitsForACode: the custodian is told once, and finds it in the menu until its time is over.
func TestSomebodyWaitsForACode(t *testing.T) {
	v := enrolled()
	v.Relays = []*v1.RelayRequest{relayed("1", "x/acme"), relayed("2", "site/forum")}
	var news News
	notices := news.Notices(v)
	if len(notices) != 2 || notices[0].Title != "Dana needs a code" || !notices[0].Urgent {
		t.Fatalf("told: %+v", notices)
	}
	if diff := cmp.Diff([]Button{{"Type the code…", []Action{show(WindowRelay, "1")}}}, notices[0].Buttons); diff != "" {
		t.Errorf("buttons (-want +got):\n%s", diff)
	}
	if again := news.Notices(v); len(again) != 0 {
		t.Errorf("told again: %+v", again)
	}
	items := v.relayNews(morning)
	if len(items) != 2 || items[0].Text != "Dana waits for a code for @acme (X)…" || items[0].Action != show(WindowRelay, "1") {
		t.Errorf("in the menu: %+v", items)
	}
	if v.State(morning) != Attention || v.NextChange(morning) != 5*time.Minute {
		t.Errorf("the icon is %s, and changes in %v", v.State(morning), v.NextChange(morning))
	}
	late := morning.Add(5 * time.Minute)
	if len(v.relayNews(late)) != 0 || v.State(late) == Attention || v.NextChange(late) != 0 {
		t.Error("after five minutes somebody still waits")
	}
}

func TestTheWindowOfACode(t *testing.T) {
	v := enrolled()
	v.Relays = []*v1.RelayRequest{relayed("1", "x/acme"), relayed("2", "nonsense")}
	w := RelayOf(v.Words, v.Picture, "", morning.Add(48*time.Second))
	if w.ID != "1" || w.Network != keyshift.X || w.Title != "@acme" || w.LeftText != "Open for another 5 min" || w.Empty != nil {
		t.Errorf("the window is %+v", w)
	}
	if w := RelayOf(v.Words, v.Picture, "2", morning); w.ID != "2" || w.Network != "" || w.Title != "@nonsense" {
		t.Errorf("the window of the second is %+v", w)
	}
	for name, w := range map[string]Relay{"gone": RelayOf(v.Words, v.Picture, "3", morning), "over": RelayOf(v.Words, v.Picture, "1", morning.Add(5*time.Minute))} {
		if w.Empty == nil || w.ID != "" {
			t.Errorf("one that is %s: %+v", name, w)
		}
	}
}
