package bench

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/keyshift-hq/keyshift/e2e/content"
	"github.com/keyshift-hq/keyshift/internal/browsertest"
)

// loaded is how often the page is loaded in the same tab in one round, after the first time, when everything is done for the first time.
const loaded = 5

// finestClock is a setting of Firefox, whose clock has steps of 1 ms without it and of 0.02 ms with it.
const finestClock = `user_pref("privacy.reduceTimerPrecision", false);` + "\n"

func BenchmarkContentScript(b *testing.B) {
	lent, err := content.State("x")
	must(b, err)
	free := maps.Clone(lent)
	free["lease"], free["pack"] = nil, nil
	states := map[string]map[string]any{"lent": lent, "free": free}
	ours, bare := b.TempDir(), b.TempDir()
	must(b, content.BuildMetered("../..", ours, "", states))
	must(b, content.BuildMetered("../..", bare, content.Bare, states))
	internet, err := browsertest.NewFixture(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html>" + content.Big))
	}))
	must(b, err)
	b.Cleanup(func() { _ = internet.Close() })
	for _, kind := range browsertest.Kinds {
		browser, empty := meteredBrowser(b, kind, internet, ours), meteredBrowser(b, kind, internet, bare)
		Run(b, Case{
			Group: "Browser", Name: "Content script in " + kindNames[kind],
			Note: "How long the scripts that users get work on a page of more than 10,000 elements. *While it loads* is what a page waits for: until its load event, reading and running the text of the first " +
				"script, everything that the browser calls of it (answers, events, observers, timers, frames, idle time), and the other scripts as far as they come that early, " +
				"with style and layout where they make the page do them earlier than by itself; of it, the API is chrome.runtime, which the browser makes for every extension that wants to talk with its background. " +
				"*After that* is all that comes later, until nothing is left to do, and its longest piece what a user's input would wait for at most. " +
				"In a new tab a process begins, in which nothing was ever done; the next page of the tab is in the same one. " +
				"The floor is the same page without a lease, on which the script observes nothing; bare is an extension whose script does nothing but ask its background once, " +
				"so that what it takes is the browser's own part, and that of what measures. Chromium's clock has steps of 0.1 ms, Firefox's is made to have steps of 0.02 ms.",
			Goals:    []Goal{{Figure: "next page, while it loads", AtMost: 5}, {Figure: "new tab, while it loads", AtMost: 5, Beyond: "bare"}},
			Subjects: []Subject{{Product, costs(browser, "lent", 2)}, {Floor, costs(browser, "free", 0)}, {"bare", costs(empty, "free", 0)}},
		})
	}
}

func meteredBrowser(b *testing.B, kind browsertest.Kind, internet *browsertest.Fixture, extensions string) browsertest.Browser {
	b.Helper()
	profile := b.TempDir()
	must(b, os.WriteFile(filepath.Join(profile, "prefs.js"), []byte(finestClock), 0o600))
	browser, err := browsertest.Start(browsertest.Options{Kind: kind, Profile: profile, Internet: internet, Extension: filepath.Join(extensions, string(kind))})
	must(b, err)
	b.Cleanup(func() { _ = browser.Kill() })
	return browser
}

// costs loads the page in a new tab, and then again and again, and gives what the script took the first time and the means of the others.
func costs(browser browsertest.Browser, state string, observers int) func() ([]Figure, error) {
	address := "https://x.com/home?state=" + state
	return func() ([]Figure, error) {
		page, err := browser.Open("about:blank")
		if err != nil {
			return nil, err
		}
		first, err := loadings(page, address, 1, observers)
		var next content.Cost
		if err == nil {
			next, err = loadings(page, address, loaded, observers)
		}
		return append(costFigures("new tab", first), costFigures("next page", next)...), errors.Join(err, page.Close())
	}
}

func costFigures(when string, c content.Cost) []Figure {
	loads := c.API + c.Text + c.Early
	return []Figure{
		{when + ", while it loads", "ms", loads}, {when + ", of it API", "ms", c.API}, {when + ", of it text", "ms", c.Text},
		{when + ", after that", "ms", c.Late}, {when + ", its longest piece", "ms", c.Longest}, {when + ", together", "ms", loads + c.Late},
	}
}

// loadings gives the means.
func loadings(page browsertest.Page, address string, times, observers int) (sum content.Cost, err error) {
	for range times {
		if err := page.Go(address); err != nil {
			return sum, err
		}
		c, err := content.Measure(page)
		if err == nil && c.Observers != observers {
			err = fmt.Errorf("the script has %d observers of the page, want %d: it does not what it should", c.Observers, observers)
		}
		if err != nil {
			return sum, err
		}
		n := float64(times)
		sum.API, sum.Text, sum.Early, sum.Late, sum.Longest = sum.API+c.API/n, sum.Text+c.Text/n, sum.Early+c.Early/n, sum.Late+c.Late/n, sum.Longest+c.Longest/n
	}
	return sum, nil
}
