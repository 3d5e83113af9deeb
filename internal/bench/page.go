package bench

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// text is a result for the terminal.
func (r Result) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s (%d rounds)\n", r.Group, r.Name, r.Rounds)
	for _, f := range r.figures() {
		fmt.Fprintf(&b, "  %-24s", f.Name)
		for _, s := range r.subjects() {
			fmt.Fprintf(&b, " %s %-22s", s, r.show(s, f))
		}
		fmt.Fprintf(&b, " %s\n", r.verdict(f.Name))
	}
	return b.String()
}

// show gives the median of a figure with its range.
func (r Result) show(subject string, f Figure) string {
	values := r.values(subject, f.Name)
	if len(values) == 0 {
		return "-"
	}
	text := strings.TrimSpace(number(median(values)) + " " + f.Unit)
	if lowest, highest := slices.Min(values), slices.Max(values); lowest != highest {
		text += fmt.Sprintf(" (%s-%s)", number(lowest), number(highest))
	}
	return text
}

// verdict is goals and judgment in words.
func (r Result) verdict(figure string) string {
	goals, verdicts := r.judge(figure)
	for i := range goals {
		goals[i] += ": " + verdicts[i]
	}
	return strings.Join(goals, "; ")
}

// order is how the page's chapters follow each other; groups that are not named come last.
var order = []string{
	"Check-out", "Grants", "Revokes", "Mass revocation", "Revoke to wiped", "Hub memory", "Start", "Growth", "Agent", "Command line", "Tray", "Browser", "Native host", "Scale",
}

func place(group string) int {
	if i := slices.Index(order, group); i >= 0 {
		return i
	}
	return len(order)
}

// Page writes docs/benchmarks.md from results and the machine they came from.
func Page(results []Result, m Computer) string {
	slices.SortStableFunc(results, func(a, b Result) int { return cmp.Compare(place(a.Group), place(b.Group)) })
	var b strings.Builder
	fmt.Fprintf(&b, pageHead, m.markdown())
	chapter := ""
	for _, r := range results {
		if r.Group != chapter {
			chapter = r.Group
			fmt.Fprintf(&b, "\n## %s\n", chapter)
		}
		r.markdown(&b)
	}
	b.WriteString(pageFoot)
	return b.String()
}

func (r Result) markdown(b *strings.Builder) {
	subjects := r.subjects()
	fmt.Fprintf(b, "\n### %s\n\n", r.Name)
	if r.Note != "" {
		fmt.Fprintf(b, "%s\n\n", r.Note)
	}
	compared := slices.Contains(subjects, Floor)
	head := append([]string{"figure"}, subjects...)
	if compared {
		head = append(head, "ratio")
	}
	head = append(head, "goal", "")
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, f := range r.figures() {
		cells := []string{f.Name}
		for _, s := range subjects {
			cells = append(cells, r.show(s, f))
		}
		if compared {
			cells = append(cells, r.ratio(f.Name))
		}
		goals, verdicts := r.judge(f.Name)
		fmt.Fprintf(b, "| %s |\n", strings.Join(append(cells, strings.Join(goals, "; "), strings.Join(verdicts, "; ")), " | "))
	}
}

func (r Result) ratio(figure string) string {
	if list := r.ratios(figure, Floor); len(list) > 0 {
		return number(median(list))
	}
	return ""
}

const pageHead = `# Benchmarks
Written by ` + "`make bench`" + `, which also writes every single figure into bin/bench as JSON lines. Do not edit it: run it.

The **product** is the real hub and the real agent. The **floor** is the least that could do the same job, with nothing of ours around it. They are measured
in turn, round by round, in one run of about 30 minutes; a figure is the median of the rounds with its range, a ratio the median of the rounds' own ratios. Clients and
server share the machine. What noise cannot move (fsyncs, allocations, rows read, wake-ups) is asserted by ` + "`make test`" + `.

%s`

const pageFoot = `
## A peer
OpenBao is the nearest thing to compare with. It could not be built where these figures were measured, so it is not in the tables. On another machine with 2 cores, version
2.6.2 (raft, fsync) was seen doing 220 leased secrets a second for 1 client, 520 for 8 and 1,000 for 64, with 17.8 fsyncs each; revoke-prefix of 10,000 leases
took 36 s; it held 100,000 leases in 240 MiB.
`
