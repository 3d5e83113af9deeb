package app

import (
	"fmt"
	"slices"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

func TestButtonsAreKnownByTheirPlace(t *testing.T) {
	n := &notices{buttons: map[string][]tray.Button{}}
	renew, checkIn, other := tray.Action{Verb: tray.Renew, Lease: "1"}, tray.Action{Verb: tray.CheckIn, Lease: "1"}, tray.Action{Verb: tray.CheckIn, Lease: "2"}
	n.remember(tray.Notice{ID: "7", Buttons: []tray.Button{{Text: "Renew", Actions: []tray.Action{renew}}, {Text: "Check in", Actions: []tray.Action{checkIn, other}}}})
	for _, tt := range []struct {
		id, key string
		want    []tray.Action
	}{
		{"7", "0", []tray.Action{renew}}, {"7", "1", []tray.Action{checkIn, other}}, {"7", "2", nil}, {"7", "-1", nil}, {"7", "default", nil}, {"8", "0", nil},
	} {
		if got := n.actions(tt.id, tt.key); !slices.Equal(got, tt.want) {
			t.Errorf("button %s of %s: %+v, want %+v", tt.key, tt.id, got, tt.want)
		}
	}
}

func TestOldNoticesAreForgotten(t *testing.T) {
	n := &notices{buttons: map[string][]tray.Button{}}
	for i := range 10 * mostNotices {
		n.remember(tray.Notice{ID: fmt.Sprint(i / 2), Buttons: []tray.Button{{Text: "Quit", Actions: []tray.Action{{Verb: tray.Quit}}}}})
	}
	if len(n.buttons) != mostNotices || len(n.order) != mostNotices {
		t.Errorf("%d and %d notices are known, want %d", len(n.buttons), len(n.order), mostNotices)
	}
	if n.actions("0", "0") != nil {
		t.Error("the oldest is still known")
	}
}
