package browser

import (
	"fmt"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/replica"
	"github.com/keyshift-hq/keyshift/internal/totp"
)

// signIn does what is left to the user: the buttons, and what no program may do. The popup says what that is.
func (w *work) signIn(popup browsertest.Page, v replica.Variant) browsertest.Page {
	w.t.Helper()
	if v.Network == relayed && v.NeedsCode() {
		w.colleague() // the question is asked once, so somebody has to be there
	}
	var p browsertest.Page
	for i, s := range v.Screens {
		if p == nil {
			p = w.page("https://" + v.Host)
		}
		w.wait(p, there(s, i))
		if strings.Contains(s.Script, "hydrate") {
			w.wait(p, `document.documentElement.dataset.hydrated === "yes"`)
		}
		w.waits(popup, v, s)
		w.filled(p, v, s)
		w.goOn(p, v, s)
	}
	w.wait(p, `document.documentElement.dataset.page.endsWith("-home")`)
	return p
}

// there is whether a screen is shown. One that sends itself is gone as soon as it is filled in: whoever comes too late to see it
// sees what is behind it.
func there(s replica.Screen, i int) string {
	if s.Take[replica.Code] == "boxes" {
		return fmt.Sprintf(`document.documentElement.dataset.screen >= %d || document.documentElement.dataset.page?.endsWith("-home")`, i)
	}
	return fmt.Sprintf(`document.documentElement.dataset.screen === "%d"`, i)
}

// goOn leaves a screen that is filled in.
func (w *work) goOn(p browsertest.Page, v replica.Variant, s replica.Screen) {
	w.t.Helper()
	switch {
	case s.Kind == replica.Approve:
		w.world.Approve(v.Network)
	case s.Take[replica.Code] == "boxes": // they send themselves
	default:
		w.check(p.Click(`#main [type=submit]:not([hidden]), #main [data-submit]`))
	}
}

// filled waits until the fields of a screen have what belongs into them.
func (w *work) filled(p browsertest.Page, v replica.Variant, s replica.Screen) {
	w.t.Helper()
	want := map[replica.Kind]string{replica.Username: fmt.Sprintf("=== %q", login), replica.Password: fmt.Sprintf("=== %q", password), replica.Code: ".length === 6"}
	for what, selector := range s.Take {
		if what == replica.Code && v.Network == relayed {
			w.passOn()
		}
		if selector != "boxes" {
			w.wait(p, fmt.Sprintf(`document.querySelector(%q)?.value %s`, selector, want[what]))
		}
	}
}

// waits: of what only the user can do, the popup says what it is. Front pages and last questions may come before a fill or
// after it.
func (w *work) waits(popup browsertest.Page, v replica.Variant, s replica.Screen) {
	w.t.Helper()
	known := v.ID == "instagram-remembered" || v.ID == "pinterest-modal"
	if popup == nil || s.Kind != replica.Human && s.Kind != replica.Approve && (s.Kind != replica.Choose || !known) {
		return
	}
	w.awaitState(popup, "the popup says what the page waits for: "+string(s.Kind), func(state popupState) bool {
		for _, l := range state.Leases {
			if l.Waits == string(s.Kind) {
				return true
			}
		}
		return false
	})
}

// passOn is Lee, to whom the network sends the codes: as soon as the question is there, the code is typed in.
func (w *work) passOn() {
	w.t.Helper()
	s, err := totp.ParseSecret(seed)
	w.check(err)
	lee := w.colleague()
	await(w.t, "the code is asked for and passed on", func() (bool, string) {
		out, err := w.run(lee, s.Code(s.Step(time.Now()))+"\n", "keyshift-agent", "relay", "answer")
		return err == nil, fmt.Sprint(out, err)
	})
}
