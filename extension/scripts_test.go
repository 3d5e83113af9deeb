package extension

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// coveredPage: in the middle of the page is what the extension put there, which the page cannot look into.
const coveredPage = `(() => { const e = document.elementFromPoint(innerWidth / 2, innerHeight / 2); return !!e && e !== document.body && e !== document.documentElement && e.childNodes.length === 0; })()`

// TestScriptsComeInTime: whatever a page takes to load, the scripts that users get come to it, and to one that was there before the lease.
func TestScriptsComeInTime(t *testing.T) {
	eachKind(t, func(t *testing.T, k browsertest.Kind) {
		w := start(t, k, native.ModeSameProfile, Options{instead: map[string]string{}})
		before := w.ready("https://x.com/home")
		popup := w.popup()
		held := lease(time.Hour)
		w.agent.hold(held)
		w.waitCard(popup, held)
		w.wait(before, bannerIsUp)
		w.whileItLoads("https://x.com/explore?late", bannerIsUp)
		w.whileItLoads("https://x.com/settings/password?late", coveredPage)
	})
}

// whileItLoads opens a page that is never loaded, and waits until something is so in it.
func (w *world) whileItLoads(address, so string) {
	w.Helper()
	page := w.open("https://example.com/")
	w.check(page.Eval(fmt.Sprintf(`setTimeout(() => { location.href = %q; })`, address), nil))
	w.wait(page, fmt.Sprintf(`location.href === %q && document.readyState === "loading" && %s`, address, so))
}

// hello is what a page is told first.
type hello struct {
	Soon  bool
	State *struct{ Lease *native.Lease }
}

// waitsForTime: a page is told nothing before it has time, unless it may be one that is closed.
func (w *world) waitsForTime() {
	w.Helper()
	for path, now := range map[string]bool{"/home": false, "/settings/account": false, "/settings/password": true, "/settings/password?from=menu": true} {
		page := w.ready("https://x.com" + path)
		if got := ask[hello](w, page, `{type: "page.hello"}`); got.Soon == now || (got.State != nil) != now {
			w.Errorf("%s is told %+v, want something at once: %v", path, got, now)
		}
		w.check(page.Close())
	}
}
