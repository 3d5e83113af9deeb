package extension

import (
	"strings"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/until"
)

// pageAt waits for a tab at an address that begins so.
func (w *world) pageAt(prefix string) browsertest.Page {
	w.Helper()
	return w.pageThat("a tab shows "+prefix, func(_ browsertest.Page, address string) bool { return strings.HasPrefix(address, prefix) })
}

// pageThat waits for a tab of which something is true.
func (w *world) pageThat(what string, fits func(p browsertest.Page, address string) bool) (found browsertest.Page) {
	w.Helper()
	w.check(until.Seen(what, browsertest.Patience, func() (yes bool, seen string) {
		pages, err := w.browser.Pages()
		w.check(err)
		for _, p := range pages {
			address, err := p.URL()
			if err == nil && fits(p, address) {
				found = p
				return true, ""
			}
			seen += address + "\n"
		}
		return false, seen
	}))
	return found
}

// await waits until something is so.
func (w *world) await(what string, so func() bool) {
	w.Helper()
	w.check(until.True(what, browsertest.Patience, so))
}
