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
			least   int
			most    int
		}{
			{"without a lease", map[string]any{"lease": nil}, 0, 0},
			{"with a lease", map[string]any{"words": words}, 1, 2}, // who is signed in, and that the sign stays
		} {
			got, err := Measure(p, stateOf(t, "x", tt.changes))
			if err != nil {
				t.Fatal(err)
			}
			if got.Observers < tt.least || got.Observers > tt.most {
				t.Errorf("%s: %d observers, want %d to %d", tt.where, got.Observers, tt.least, tt.most)
			}
		}
	})
}
