package content

import (
	"testing"

	bt "github.com/keyshift-hq/keyshift/internal/browsertest"
)

// Where there is no lease nothing of a page is observed, however large it is; `make bench` measures how long the script works.
func TestTheScriptCostsLittle(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://x.com/home", Big)
		if p.text("String(document.querySelectorAll('*').length > 10000)") != "true" {
			t.Fatal("the page is too small")
		}
		for _, tt := range []struct {
			where   string
			changes map[string]any
			want    int
		}{
			{"without a lease", map[string]any{"lease": nil}, 0},
			{"with a lease", map[string]any{"words": words}, 2}, // who is signed in, and that the sign stays
		} {
			var got int
			p.ask("set", nil, map[string]any{"state": stateOf(t, "x", tt.changes)})
			if p.ask("observers", &got); got != tt.want {
				t.Errorf("%s: %d observers, want %d", tt.where, got, tt.want)
			}
		}
	})
}
