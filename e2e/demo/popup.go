//go:build linux

package main

import (
	"fmt"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
)

// popup is the extension's popup, opened over the network's page as a press on its icon opens it.
type popup struct {
	*window
	browsertest.Page
	// helper is a tab of the extension, from which the popup was opened: no page of a network can do that.
	helper browsertest.Page
}

// openPopup brings the network's tab to the front and opens the popup over it.
func (w *window) openPopup() (*popup, error) {
	w.pause()
	address, err := browsertest.ExtensionPage(browsertest.Chromium, w.extensionDir(), "popup.html")
	if err != nil {
		return nil, err
	}
	p := &popup{window: w}
	if p.helper, err = w.Open(address); err != nil {
		return nil, err
	}
	err = p.helper.Eval(fmt.Sprintf(`(async () => {
		const [tab] = await chrome.tabs.query({url: "https://%s/*"});
		await chrome.tabs.update(tab.id, {active: true});
		await chrome.action.openPopup({windowId: tab.windowId});
	})()`, practiceHost), nil)
	if err != nil {
		return nil, fmt.Errorf("open popup: %w", err)
	}
	err = w.await("the popup", patience, func() (bool, error) {
		p.Page, err = w.tab(address, p.helper.ID())
		return p.Page != nil, err
	})
	return p, err
}

// says waits until the popup has a text, and tells all of it.
func (p *popup) shows(want string) error {
	return p.says("the popup says", contains(want), func() (string, error) { return read(p.Page, `document.querySelector("main").innerText`) })
}

// press presses one of the popup's buttons, by the end of its key.
func (p *popup) press(what, key string) error {
	p.pause()
	fmt.Printf("    → %s\n", what)
	return p.Page.Click(`[data-key$=".` + key + `"]`)
}

// done closes the popup, if it did not close itself, and the tab that opened it.
func (p *popup) done() error {
	p.pause()
	_ = p.Page.Close() // it may have closed itself
	return p.helper.Close()
}
