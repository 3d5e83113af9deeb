package app

import (
	"fmt"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

func TestButtonsAreKnownByTheirPlace(t *testing.T) {
	n := &notices{buttons: map[string][]tray.Button{}}
	renew, checkIn := tray.Action{Verb: tray.Renew, Lease: "1"}, tray.Action{Verb: tray.CheckIn, Lease: "1"}
	n.remember(tray.Notice{ID: "7", Buttons: []tray.Button{{Text: "Renew", Action: renew}, {Text: "Check in", Action: checkIn}}})
	for _, tt := range []struct {
		id, key string
		want    tray.Action
		ok      bool
	}{
		{"7", "0", renew, true}, {"7", "1", checkIn, true}, {"7", "2", tray.Action{}, false}, {"7", "-1", tray.Action{}, false},
		{"7", "default", tray.Action{}, false}, {"8", "0", tray.Action{}, false},
	} {
		if got, ok := n.action(tt.id, tt.key); got != tt.want || ok != tt.ok {
			t.Errorf("button %s of %s: %+v, %v, want %+v, %v", tt.key, tt.id, got, ok, tt.want, tt.ok)
		}
	}
}

func TestOldNoticesAreForgotten(t *testing.T) {
	n := &notices{buttons: map[string][]tray.Button{}}
	for i := range 10 * mostNotices {
		n.remember(tray.Notice{ID: fmt.Sprint(i / 2), Buttons: []tray.Button{{Text: "Quit", Action: tray.Action{Verb: tray.Quit}}}})
	}
	if len(n.buttons) != mostNotices || len(n.order) != mostNotices {
		t.Errorf("%d and %d notices are known, want %d", len(n.buttons), len(n.order), mostNotices)
	}
	if _, ok := n.action("0", "0"); ok {
		t.Error("the oldest is still known")
	}
}
