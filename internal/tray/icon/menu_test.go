package icon

import (
	"testing"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

func TestAMenuIsBuiltAnewOnlyWhenItsFormChanges(t *testing.T) {
	quit := tray.Action{Verb: tray.Quit}
	before := []tray.Item{{Text: "@acme: 2 min left", Items: []tray.Item{{Text: "Check in", Action: quit}}}, {}, {Text: "Quit", Action: quit}}
	for name, tt := range map[string]struct {
		after []tray.Item
		want  bool
	}{
		"other texts":    {[]tray.Item{{Text: "@acme: 1 min left", Items: []tray.Item{{Text: "Check in", Action: quit}}}, {}, {Text: "Salir"}}, true},
		"an entry more":  {append(before[:3:3], tray.Item{Text: "More"}), false},
		"a menu less":    {[]tray.Item{{Text: "@acme: over"}, {}, {Text: "Quit", Action: quit}}, false},
		"a line moved":   {[]tray.Item{before[0], before[2], {}}, false},
		"nothing at all": {nil, false},
		"the same":       {before, true},
	} {
		if got := sameForm(before, tt.after); got != tt.want {
			t.Errorf("%s: same form %v, want %v", name, got, tt.want)
		}
	}
}

// TestAClickMayComeWhileItsEntryIsRemoved: the channel of a removed entry is never closed, and nobody listens to it for ever.
func TestAClickMayComeWhileItsEntryIsRemoved(t *testing.T) {
	quit := tray.Action{Verb: tray.Quit}
	done := make(chan tray.Action, 1)
	i := &Icon{Do: func(a tray.Action) { done <- a }}
	i.showMenu([]tray.Item{{Text: "@acme", Items: []tray.Item{{Text: "Check in", Action: quit}}}})
	head, inner := i.entries[0], i.entries[0].entries[0]
	clicks := []chan struct{}{head.shown.ClickedCh, inner.shown.ClickedCh}
	clicks[1] <- struct{}{}
	if got := <-done; got != quit {
		t.Errorf("a click does %+v, want to quit", got)
	}
	i.showMenu([]tray.Item{{Text: "Quit", Action: quit}})
	for _, e := range []*entry{head, inner} {
		<-e.gone
	}
	for _, click := range clicks {
		select {
		case click <- struct{}{}: // would panic if it were closed
		default:
		}
	}
	if len(i.entries) != 1 || i.entries[0].shown.ClickedCh == nil {
		t.Error("the new entry cannot be clicked")
	}
}

func TestSignsOfShortcutsAreDoubled(t *testing.T) {
	if got, want := doubled("a_b_", "_"), "a__b__"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAClickIsNotLost: package systray hands a click over only if somebody is ready for it at that moment.
func TestAClickIsNotLost(t *testing.T) {
	quit := tray.Action{Verb: tray.Quit}
	done := make(chan tray.Action, 2)
	i := &Icon{Do: func(a tray.Action) { done <- a }}
	e := &entry{gone: make(chan struct{})}
	e.action.Store(&quit)
	clicks := make(chan struct{}, 1)
	clicks <- struct{}{}
	close(e.gone) // it is removed before its listener saw the click
	i.listen(e, clicks)
	if got := <-done; got != quit {
		t.Errorf("a click does %+v, want to quit", got)
	}
	i.showMenu([]tray.Item{{Text: "Quit", Action: quit}})
	if cap(i.entries[0].shown.ClickedCh) == 0 {
		t.Error("a click is kept for nobody")
	}
}
