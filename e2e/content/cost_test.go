package content

import (
	"testing"

	bt "github.com/keyshift-hq/keyshift/internal/browsertest"
)

// A page of 10,000 elements, deeply nested as networks build them.
const big = `<body><script>
	for (let i = 0; i < 1000; i++) {
		const post = document.body.appendChild(document.createElement("article"));
		post.innerHTML = '<div class=a><div role=button><span>text</span><span dir=auto>more</span></div><div><a href=/u>u</a><p>words</p></div><input><textarea></textarea></div>';
	}
	document.title = document.querySelectorAll("*").length;
</script>`

// cost is the best of some tries: the machine may be busy.
func (p *tab) cost(state map[string]any) (ms float64, observers int) {
	p.t.Helper()
	p.ask("set", nil, map[string]any{"state": state})
	ms = 1e9
	for range 15 {
		var got struct {
			MS        float64
			Observers int
		}
		p.ask("cost", &got)
		ms, observers = min(ms, got.MS), got.Observers
	}
	return ms, observers
}

// Pages never get slow: at most 5 ms of script, and where there is no lease nothing is observed.
func TestTheScriptCostsLittle(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://x.com/home", big)
		if p.text("String(document.querySelectorAll('*').length > 10000)") != "true" {
			t.Fatal("the page is too small")
		}
		idle := stateOf(t, "x", nil)
		idle["lease"] = nil
		ms, observers := p.cost(idle)
		if ms > 5 || observers != 0 {
			t.Errorf("without a lease: %.1f ms and %d observers, want at most 5 and none", ms, observers)
		}
		t.Logf("%s: without a lease %.2f ms", k, ms)
		ms, observers = p.cost(stateOf(t, "x", map[string]any{"words": words}))
		if ms > 5 || observers == 0 {
			t.Errorf("with a lease: %.1f ms and %d observers, want at most 5", ms, observers)
		}
		t.Logf("%s: with a lease %.2f ms", k, ms)
	})
}
