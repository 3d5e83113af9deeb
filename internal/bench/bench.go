// Package bench measures Keyshift and writes down what it saw. `make bench` runs it; nothing of it is in a program.
//
// # A case
//
// A case compares subjects doing the same job: the product (the real hub, the real agent), the floor (the least that could
// do the job: the same durable transaction, the same crypto, the same keyring call, and nothing of ours around them) and,
// where there is one, a peer. [Run] interleaves them: a round measures each of them once, the order is turned by one from
// round to round, and there are at least five rounds. So a busy minute of the machine meets everybody. A figure is the median over the
// rounds; a ratio is the median of the rounds' own ratios, product to floor.
//
//	bench.Run(b, bench.Case{
//		Group: "Grants", Name: "8 clients, SQLite",
//		Goals: []bench.Goal{{Figure: "rate", AtLeast: 0.7, Of: bench.Floor}, {Figure: "p99", AtMost: 2, Of: bench.Floor}},
//		Subjects: []bench.Subject{{Name: bench.Product, Measure: product}, {Name: bench.Floor, Measure: floor}},
//	})
//
// A benchmark is an ordinary Benchmark function in a _test.go file of this package, run once (-benchtime=1x). Setting up
// happens before Run and is not measured; [Load] runs an operation with many clients and gives rate, p50 and p99.
//
// # What is kept
//
// Each case writes a file of JSON lines into bin/bench: the case itself, then one [Row] for each figure of each subject in
// each round. [Page] makes docs/benchmarks.md of all files and the description of the machine; e2e/bench does that.
//
// Whether a goal is met is printed and written, but fails nothing: time is not a test on a machine that others use too.
// Counters that noise cannot move (fsyncs, allocations, rows read, wake-ups) are asserted by tests of `make test`, in the packages
// they are about.
package bench

import (
	"fmt"
	"testing"
)

// Names of subjects. There may be others.
const (
	Product = "product"
	Floor   = "floor"
	Peer    = "peer"
)

// minRounds is the least number of rounds of a case.
const minRounds = 5

// Case is one comparison. Group and Name name it; Note is a sentence for the page, about how it was measured.
type Case struct {
	Group string `json:"group"`
	Name  string `json:"name"`
	Note  string `json:"note,omitempty"`
	Goals []Goal `json:"goals,omitempty"`
	// Rounds is how often each subject is measured; zero means five. Only a case that takes minutes has fewer.
	Rounds int `json:"rounds"`
	// Subjects are measured in this order in the first round.
	Subjects []Subject `json:"-"`
}

// Subject is one of those that are compared. Measure does one round's work and gives its figures.
type Subject struct {
	Name    string
	Measure func() ([]Figure, error)
}

// Figure is something that was measured: "p50" of 0.44 "ms". The unit may be empty for a plain number.
type Figure struct {
	Name  string  `json:"figure"`
	Unit  string  `json:"unit,omitempty"`
	Value float64 `json:"value"`
}

// Goal is what a figure of the product should be: at most or at least a value or, with Of, that many times the same
// figure of another subject, or, with Beyond, that much more than it. Zero bounds bind nothing.
type Goal struct {
	Figure  string  `json:"figure"`
	AtMost  float64 `json:"at_most,omitempty"`
	AtLeast float64 `json:"at_least,omitempty"`
	Of      string  `json:"of,omitempty"`
	Beyond  string  `json:"beyond,omitempty"`
}

// Run measures a case and writes its file. A measurement that fails, fails the benchmark.
func Run(b *testing.B, c Case) {
	b.Helper()
	if c.Rounds == 0 {
		c.Rounds = minRounds
	}
	var rows []Row
	for round := range c.Rounds {
		for i := range c.Subjects {
			subject := c.Subjects[(round+i)%len(c.Subjects)]
			figures, err := subject.Measure()
			if err != nil {
				b.Fatalf("%s, %s, %s in round %d: %v", c.Group, c.Name, subject.Name, round, err)
			}
			for _, f := range figures {
				rows = append(rows, Row{Subject: subject.Name, Round: round, Figure: f})
			}
		}
	}
	result := Result{c, rows}
	if err := result.write(outDir); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(0, "ns/op") // the time of all rounds together says nothing
	b.Log("\n" + result.text())
}

// outDir is bin/bench, from where go test runs this package.
const outDir = "../../bin/bench"

// String is the goal in words, as "at most 1.5 x floor".
func (g Goal) String() string {
	words := "at most " + number(g.AtMost)
	if g.AtMost == 0 {
		words = "at least " + number(g.AtLeast)
	}
	if g.Of != "" {
		words += " x " + g.Of
	}
	if g.Beyond != "" {
		words += " beyond " + g.Beyond
	}
	return words
}

func (g Goal) met(value float64) bool {
	return (g.AtMost == 0 || value <= g.AtMost) && (g.AtLeast == 0 || value >= g.AtLeast)
}

// number writes a value with the digits that matter.
func number(v float64) string {
	switch a := max(v, -v); {
	case v == float64(int64(v)):
		return fmt.Sprintf("%.0f", v)
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	case a >= 0.1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.2g", v)
}
