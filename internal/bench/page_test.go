package bench

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// slower is a product that takes a bit more than its floor in every round, however busy the round is.
func slower() Result {
	r := Result{Case: Case{Group: "Grants", Name: "8 clients, SQLite", Rounds: 5, Goals: []Goal{
		{Figure: "p50", AtMost: 1.5, Of: Floor}, {Figure: "rate", AtLeast: 0.7, Of: Floor}, {Figure: "fsyncs", AtMost: 1},
	}}}
	for round, busy := range []float64{1, 1, 10, 2, 1} {
		for subject, took := range map[string]float64{Product: 1.2 * busy, Floor: busy} {
			for _, f := range []Figure{{"p50", "ms", took}, {"rate", "/s", 600 / took}, {"fsyncs", "", 1.5}} {
				r.Rows = append(r.Rows, Row{subject, round, f})
			}
		}
	}
	return r
}

func TestRatiosCompareWithinARound(t *testing.T) {
	r := slower()
	if got := median(r.ratios("p50", Floor)); got != 1.2 {
		t.Errorf("ratio of p50 = %v, want 1.2", got)
	}
	if got := r.ratios("p50", Peer); got != nil {
		t.Errorf("ratio to a peer that was not measured = %v, want none", got)
	}
	for figure, want := range map[string]string{
		"p50": "at most 1.50 x floor: met", "rate": "at least 0.70 x floor: met", "fsyncs": "at most 1: missed", "other": "",
	} {
		if got := r.verdict(figure); got != want {
			t.Errorf("%s: %q, want %q", figure, got, want)
		}
	}
}

func TestAGoalMayBeBeyondAnother(t *testing.T) {
	r := slower() // by 0.2 in most rounds
	for most, want := range map[float64]string{0.25: "at most 0.25 beyond floor: met", 0.15: "at most 0.15 beyond floor: missed"} {
		r.Goals = []Goal{{Figure: "p50", AtMost: most, Beyond: Floor}}
		if got := r.verdict("p50"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	r.Goals = []Goal{{Figure: "p50", AtMost: 1, Beyond: Peer}}
	if got, want := r.verdict("p50"), "at most 1 beyond peer: missed"; got != want {
		t.Errorf("beyond one that was not measured: %q, want %q", got, want)
	}
}

func TestAGoalWithoutMeasurementIsMissed(t *testing.T) {
	r := slower()
	r.Rows = slices.DeleteFunc(r.Rows, func(row Row) bool { return row.Subject == Floor })
	if got, want := r.verdict("p50"), "at most 1.50 x floor: missed"; got != want {
		t.Errorf("verdict = %q, want %q", got, want)
	}
}

func TestResultsComeBackAsTheyWere(t *testing.T) {
	dir := t.TempDir()
	want := slower()
	if err := want.write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := ReadResults(dir)
	if err != nil || len(got) != 1 {
		t.Fatalf("read %d results, %v", len(got), err)
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("the result changed (-want +got):\n%s", diff)
	}
}

func TestPage(t *testing.T) {
	m := Computer{CPU: "Some CPU", Cores: 2, MemoryMiB: 2048, Kernel: "6.1", Go: "go1.26", Version: "v1", Date: time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC), Sync: 130 * time.Microsecond}
	later := Result{Case: Case{Group: "Agent", Name: "idle", Rounds: 5, Note: "For a minute."}, Rows: []Row{{Product, 0, Figure{"RSS", "MiB", 14.5}}}}
	page := Page([]Result{later, slower()}, m)
	for _, want := range []string{
		"| processor | Some CPU, 2 cores |\n", "(fdatasync), median | 0.13 ms |\n",
		"## Grants\n\n### 8 clients, SQLite\n\n| figure | product | floor | ratio | goal |  |\n|---|---|---|---|---|---|\n",
		"| p50 | 1.20 ms (1.20-12) | 1 ms (1-10) | 1.20 | at most 1.50 x floor | met |\n",
		"| fsyncs | 1.50 | 1.50 | 1 | at most 1 | missed |\n",
		"## Agent\n\n### idle\n\nFor a minute.\n\n| figure | product | goal |  |\n|---|---|---|---|\n| RSS | 14.5 MiB |  |  |\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if strings.Index(page, "## Grants") > strings.Index(page, "## Agent") {
		t.Error("the chapters are not in their order")
	}
}

func TestThisComputerIsDescribed(t *testing.T) {
	m, err := ThisComputer("v1", t.TempDir())
	if err != nil || m.Cores < 1 || m.MemoryMiB < 1 || m.Kernel == "" || m.Sync <= 0 {
		t.Errorf("machine = %+v, %v", m, err)
	}
}
