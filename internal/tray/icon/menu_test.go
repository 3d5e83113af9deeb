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

func TestSignsOfShortcutsAreDoubled(t *testing.T) {
	if got, want := doubled("a_b_", "_"), "a__b__"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
