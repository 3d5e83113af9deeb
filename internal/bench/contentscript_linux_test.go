package bench

import (
	"errors"
	"maps"
	"net/http"
	"testing"

	"github.com/keyshift-hq/keyshift/e2e/content"
	"github.com/keyshift-hq/keyshift/internal/browsertest"
)

// opened is how often the page is opened in one round: what a script does first is slower than later.
const opened = 5

func BenchmarkContentScript(b *testing.B) {
	folder := b.TempDir()
	must(b, content.Build("../..", folder))
	internet, err := browsertest.NewFixture(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html>" + content.Big))
	}))
	must(b, err)
	b.Cleanup(func() { _ = internet.Close() })
	for _, kind := range browsertest.Kinds {
		browser, err := browsertest.Start(browsertest.Options{Kind: kind, Internet: internet, Extension: folder})
		must(b, err)
		b.Cleanup(func() { _ = browser.Kill() })
		lent, err := content.State("x")
		must(b, err)
		free := maps.Clone(lent)
		free["lease"], free["pack"] = nil, nil
		Run(b, Case{
			Group: "Browser", Name: "Content script in " + kindNames[kind],
			Note: "How long the script works on a page of more than 10,000 elements: running its text, and beginning with a lease; the floor is the same page without a lease, on which it observes nothing. " +
				"Firefox's clock has steps of 1 ms, Chromium's of 0.1 ms.",
			Goals:    []Goal{{Figure: "together", AtMost: 5}},
			Subjects: []Subject{{Product, costs(browser, lent)}, {Floor, costs(browser, free)}},
		})
	}
}

// costs opens the page anew again and again, and gives the means of what the script took each time.
func costs(browser browsertest.Browser, state map[string]any) func() ([]Figure, error) {
	return func() ([]Figure, error) {
		var evaluated, begun, observers float64
		for range opened {
			c, err := costOnce(browser, state)
			if err != nil {
				return nil, err
			}
			evaluated, begun, observers = evaluated+c.Evaluated/opened, begun+c.MS/opened, float64(c.Observers)
		}
		return []Figure{
			{"running its text", "ms", evaluated}, {"beginning", "ms", begun}, {"together", "ms", evaluated + begun}, {"observers", "", observers},
		}, nil
	}
}

func costOnce(browser browsertest.Browser, state map[string]any) (c content.Cost, err error) {
	page, err := browser.Open("https://x.com/home")
	if err != nil {
		return c, err
	}
	c, err = content.Measure(page, state)
	return c, errors.Join(err, page.Close())
}
