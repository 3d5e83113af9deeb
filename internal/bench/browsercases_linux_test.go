package bench

import (
	"slices"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
)

// visitsInARound is how many leases of each network a round has in each kind of browser.
const visitsInARound = 2

var kindNames = map[browsertest.Kind]string{browsertest.Chromium: "Chromium", browsertest.Firefox: "Firefox"}

// BenchmarkBrowser goes with twenty leases through each kind of browser, in turn, and makes all its cases of what it saw.
func BenchmarkBrowser(b *testing.B) {
	c := newSurf(b)
	seen := map[browsertest.Kind][][]visit{}
	for range minRounds {
		for _, kind := range browsertest.Kinds {
			seen[kind] = append(seen[kind], nil)
		}
		for i := range visitsInARound * len(sites) {
			for _, kind := range browsertest.Kinds {
				v, err := c.desks[kind].visit(sites[i%len(sites)])
				must(b, err)
				last := len(seen[kind]) - 1
				seen[kind][last] = append(seen[kind][last], v)
			}
		}
	}
	for _, kind := range browsertest.Kinds {
		writeVisits(b, kindNames[kind], seen[kind])
	}
}

// spread says how one figure is made of the values that all visits of a round have under a name.
type spread struct {
	figure, unit, of string
	percent          int // 100 is the largest
}

// writeVisits writes the cases of a kind of browser.
func writeVisits(b *testing.B, browser string, rounds [][]visit) {
	b.Helper()
	replay(b, rounds, Case{
		Name: "Filled in " + browser,
		Note: "From the beginning of the navigation that the user asked for in the popup to the last field of the log-in's first step having its value, on replicas of X (user name) and Instagram (user name and " +
			"password). The extension asks the agent for each value, which takes it from the keyring. The floor is a browser without anything of ours, in which the driver fills the same page as soon as it is loaded.",
	}, spread{"user name, p50", "ms", "user name", 50}, spread{"user name, p95", "ms", "user name", 95},
		spread{"user name and password, p50", "ms", "user name and password", 50}, spread{"user name and password, p95", "ms", "user name and password", 95})
	replay(b, rounds, Case{
		Name: "Sign and warning in " + browser,
		Note: "Until a frame with the sign was drawn above a page of the account that is lent: from the beginning of the navigation, beside the page's own first text, and from the page showing who is signed " +
			"in. The warning is drawn above the page of somebody else's account.",
		Goals: []Goal{{Figure: "warning after identity, p95", AtMost: 300}},
	}, spread{"painted, p50", "ms", "painted", 50}, spread{"painted, p95", "ms", "painted", 95}, spread{"sign after identity, p50", "ms", "sign", 50}, spread{"sign after identity, p95", "ms", "sign", 95},
		spread{"warning after identity, p50", "ms", "warning", 50}, spread{"warning after identity, p95", "ms", "warning", 95})
	replay(b, rounds, Case{
		Name: "Memory of the background in " + browser,
		Note: "The process in which the extension's background runs, a session after the start of the browser. The floor is the same process of a browser with an extension whose background does nothing.",
	}, spread{"PSS", "MiB", "PSS", 50}, spread{"USS", "MiB", "USS", 50})
	replay(b, rounds, Case{
		Name: "Clean-up in " + browser,
		Note: "A work browser with a page of X or Instagram that left something in every kind of storage: from the check-in at the command line to the hub's word that the session is closed, and of it the extension's " +
			"own time, from the end to having counted what is left, with signing out at the network. A clean-up that takes longer than the agent waits is cut off.",
		Goals: []Goal{{Figure: "check-in to closed, longest", AtMost: 2000}, {Figure: "in the browser, longest", AtMost: 2000}, {Figure: "cut off", AtMost: 0.1}},
	}, spread{"check-in to closed, p50", "ms", "closed", 50}, spread{"check-in to closed, longest", "ms", "closed", 100},
		spread{"in the browser, p50", "ms", "inside", 50}, spread{"in the browser, longest", "ms", "inside", 100}, spread{"cut off", "", "cut off", 100})
}

// replay writes a case of what was seen before.
func replay(b *testing.B, rounds [][]visit, c Case, of ...spread) {
	b.Helper()
	c.Group = "Browser"
	side := func(values func(visit) map[string][]float64) func() ([]Figure, error) {
		round := 0
		return func() ([]Figure, error) {
			round++
			return figuresOf(rounds[round-1], values, of), nil
		}
	}
	c.Subjects = []Subject{{Product, side(func(v visit) map[string][]float64 { return v.ours })}}
	floor := side(func(v visit) map[string][]float64 { return v.floor })
	if slices.ContainsFunc(of, func(s spread) bool { return len(rounds[0][0].floor[s.of])+len(rounds[0][1].floor[s.of]) > 0 }) {
		c.Subjects = append(c.Subjects, Subject{Floor, floor})
	}
	Run(b, c)
}

func figuresOf(round []visit, values func(visit) map[string][]float64, of []spread) (figures []Figure) {
	for _, s := range of {
		var all []float64
		for _, v := range round {
			all = append(all, values(v)[s.of]...)
		}
		if len(all) > 0 {
			slices.Sort(all)
			figures = append(figures, Figure{s.figure, s.unit, all[max((len(all)*s.percent+99)/100-1, 0)]})
		}
	}
	return figures
}
