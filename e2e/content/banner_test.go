package content

import (
	"fmt"
	"strings"
	"testing"

	bt "github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// Rule 9 and 10: the banner has nothing to press, lies on top, and is styled whatever the page forbids.
func TestRule10TheBannerIsASign(t *testing.T) {
	shared.headers["x.com/strict"] = "default-src 'none'; script-src 'unsafe-inline'; style-src 'none'"
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://x.com/strict", `<div id=o popover></div><script>o.showPopover()</script>`)
		p.lease("x", nil)
		d := p.ours(says("Checked out: \u2068@acme\u2069 on X"))
		if d.Pressable != 0 {
			t.Errorf("%d things can be pressed in the banner", d.Pressable)
		}
		if !d.OnTop || d.Box.Width < 100 || d.Box.Width > 460 || d.Box.Height > 60 || d.Page != "light" || d.Tone != "calm" {
			t.Errorf("the banner is %+v", d)
		}
		if got := p.text(`String([...document.documentElement.children].at(-1).shadowRoot) + document.activeElement.tagName`); got != "nullBODY" {
			t.Errorf("the page sees %q of the banner, want nothing and its own focus", got)
		}
		p.eval(`document.documentElement.prepend([...document.documentElement.children].at(-1))`, nil) // then it is the page that puts its style in
		if after := p.ours(func(d drawn) bool { return d.OnTop }); after.Box != d.Box {
			t.Errorf("put elsewhere by the page, the box is %+v, want %+v", after.Box, d.Box)
		}
	})
}

// Rule 10: a page that takes the banner away gets it back five times, then the popup is told.
func TestRule10TheBannerComesBack(t *testing.T) {
	for name, attack := range map[string]string{
		"removing it":           `host.remove()`,
		"closing it":            `host.hidePopover()`,
		"taking its attribute":  `host.removeAttribute("popover")`,
		"replacing the element": `document.documentElement.replaceChildren(document.head, document.body)`,
	} {
		t.Run(name, func(t *testing.T) {
			inBoth(t, func(t *testing.T, k bt.Kind) {
				p := show(t, k, "https://x.com/home", "")
				p.lease("x", nil)
				for range 5 {
					p.ours(func(d drawn) bool { return d.OnTop })
					p.eval(`(() => { const host = [...document.documentElement.children].at(-1); `+attack+` })()`, nil)
					p.ours(func(d drawn) bool { return d.OnTop })
				}
				if got := p.calls("banner.lost"); len(got) != 0 {
					t.Errorf("told too early: %+v", got)
				}
				p.eval(`(() => { const host = [...document.documentElement.children].at(-1); `+attack+` })()`, nil)
				waitAsk(p, "calls", func(c []call) bool { return len(c) == 1 }, "banner.lost")
				waitAsk(p, "ours", func(all []drawn) bool { return len(all) == 0 })
			})
		})
	}
}

// Whatever a page's own style says, the banner is seen where it belongs.
func TestRule10StylesOfThePage(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://x.com/home", `<style>:root > div, div { display: none !important; opacity: 0 !important; left: -900px !important; transform: scale(0) !important;
			pointer-events: none !important; visibility: hidden !important; width: 1px !important; filter: opacity(0) !important; clip-path: inset(50%) !important }</style>`)
		p.lease("x", nil)
		before := p.ours(func(d drawn) bool { return d.OnTop })
		p.eval(`[...document.documentElement.children].at(-1).setAttribute("style", "display:none!important;left:-900px!important;opacity:0!important")`, nil)
		after := p.ours(func(d drawn) bool { return d.OnTop })
		if before.Box != after.Box || after.Box.Width < 100 {
			t.Errorf("the box was %+v and is %+v", before.Box, after.Box)
		}
	})
}

// The banner is where the user put it, in shares of the window; a script of the page cannot push it.
func TestThePlaceOfTheBanner(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://x.com/home", "")
		p.lease("x", map[string]any{"place": map[string]float64{"x": 1, "y": 0}})
		var width float64
		p.eval("document.documentElement.clientWidth", &width)
		there := func(d drawn) bool {
			return d.Box.Y == 12 && d.Box.X+d.Box.Width > width-14 && d.Box.X+d.Box.Width < width
		}
		p.ours(there)
		p.eval(`(() => { const host = [...document.documentElement.children].at(-1);
			for (const [type, x] of [["pointerdown", 1000], ["pointermove", 100], ["pointerup", 100]]) host.dispatchEvent(new PointerEvent(type, {clientX: x, clientY: 300, bubbles: true}));
		})()`, nil)
		p.ours(there)
	})
}

// The user pushes the banner out of the way, and finds it there again on the next page.
func TestTheBannerIsMoved(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://x.com/home", "")
		p.lease("x", nil)
		d := p.ours(func(d drawn) bool { return d.OnTop && d.Box.Y > 100 })
		grip := bt.Point{X: d.Box.X + 30, Y: d.Box.Y + d.Box.Height/2}
		if err := p.Drag(grip, bt.Point{X: 42 + 30, Y: 60 + d.Box.Height/2}); err != nil {
			t.Fatal(err)
		}
		near := func(d drawn) bool { return d.Box.X > 38 && d.Box.X < 46 && d.Box.Y > 56 && d.Box.Y < 64 }
		p.ours(near)
		moved := waitAsk(p, "calls", func(c []call) bool { return len(c) == 1 }, "banner.moved")
		next := show(t, k, "https://x.com/explore", "")
		next.lease("x", map[string]any{"place": moved[0].Place})
		next.ours(near)
	})
}

// A reminder stands there for a while and goes by itself: nothing can be pressed.
func TestALineGoesByItself(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://x.com/home", "")
		line := func(until int) []map[string]any {
			return []map[string]any{{"id": "1", "title": "Keyshift", "text": "Two minutes ago", "answers": []string{}, "until": until}}
		}
		p.lease("x", map[string]any{"lines": line(4102444800000)})
		p.ours(says("Two minutes ago"))
		p.ask("send", nil, "page.state", map[string]any{"state": stateOf(t, "x", map[string]any{"lines": line(1)})})
		p.ours(func(d drawn) bool { return !says("Two minutes ago")(d) })
	})
}

// A new site pack counts on a page that is open.
func TestANewPackCountsAtOnce(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://x.com/home", `<b id=whoami>@dana_private</b>`)
		p.lease("x", nil)
		p.ours(says("Checked out"))
		site := packOf(t, "x")
		site.Version++
		site.Identity = []pack.Signal{{Kind: pack.DOM, Gives: pack.Handle, Selectors: []string{"#whoami"}}}
		p.ask("send", nil, "page.state", map[string]any{"state": stateOf(t, "x", map[string]any{"pack": site})})
		p.ours(says("This is not"))
	})
}

var handles = map[string]string{
	"plain": "acme", "long": "the-longest-company-name-that-anybody-ever-registered-anywhere.official", "rtl": "شركة_الأخبار", "wide": strings.Repeat("W", 60),
	"mixed": "acme\u202eevil", "emoji": "👩‍🚀👩‍🚀👩‍🚀",
}

// Every handle fits, on dark and light pages, and does not turn the sentence around.
func TestEveryHandleFits(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		for look, style := range map[string]string{"light": "background:#fff", "dark": "background:#15202b;color:#eee"} {
			p := show(t, k, "https://www.instagram.com/", "<body style='"+style+"'><h1 dir=auto>صفحة Page</h1><p>"+strings.Repeat("A page with text. ", 200))
			line := []map[string]any{{"id": "1", "title": "Stand up for a moment", "text": "You have been posting for an hour.", "answers": []string{}, "until": 4102444800000}}
			p.lease("instagram", map[string]any{"handle": "first", "lines": line})
			p.ours(says("@first"))
			for name, handle := range handles {
				p.ask("send", nil, "page.state", map[string]any{"state": stateOf(t, "instagram", map[string]any{"handle": handle, "lines": line})})
				d := p.ours(func(d drawn) bool { return !says("@first")(d) })
				p.picture(fmt.Sprintf("banner-%s-%s-%s", k, name, look))
				p.wantFit(d, name, look)
			}
		}
	})
}

func (p *tab) wantFit(d drawn, name, look string) {
	p.t.Helper()
	if d.Page != look || !strings.HasPrefix(d.Text[0], "Checked out: \u2068@") || !strings.HasSuffix(d.Text[0], "\u2069 on Instagram") || strings.Contains(d.Text[0], "\u202e") {
		p.t.Errorf("%s on a %s page says %+q as on a %s one", name, look, d.Text[0], d.Page)
	}
	if d.Box.Width > 460 || d.Box.Height > 100 || d.Box.X < 12 || d.Box.Y < 12 {
		p.t.Errorf("%s: the box is %+v", name, d.Box)
	}
	var width float64
	p.eval("document.documentElement.clientWidth", &width)
	if middle := d.Box.X + d.Box.Width/2; middle < width/2-2 || middle > width/2+2 {
		p.t.Errorf("%s: the middle of the box is at %.0f of %.0f", name, middle, width)
	}
}

// A page that lifts something over the banner has it below again when the banner says something new.
func TestTheBannerComesUpAgain(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://x.com/home", `<div id=o popover=manual style="inset:0;width:100%;height:100%"></div>`)
		p.lease("x", nil)
		p.ours(func(d drawn) bool { return d.OnTop })
		p.eval(`o.showPopover()`, nil)
		p.ours(func(d drawn) bool { return !d.OnTop })
		line := []map[string]any{{"id": "1", "title": "Almost over", "text": "", "answers": []string{}, "until": 4102444800000}}
		p.ask("send", nil, "page.state", map[string]any{"state": stateOf(t, "x", map[string]any{"lines": line})})
		p.ours(func(d drawn) bool { return d.OnTop && says("Almost over")(d) })
		if got := p.calls("banner.lost"); len(got) != 0 {
			t.Errorf("told that it is lost: %+v", got)
		}
	})
}
