package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Row is one figure of one subject in one round.
type Row struct {
	Subject string `json:"subject"`
	Round   int    `json:"round"`
	Figure
}

// Result is a case and what was measured.
type Result struct {
	Case
	Rows []Row
}

// write makes the file of JSON lines: the case, then the rows.
func (r Result) write(dir string) error {
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	err := lines.Encode(r.Case)
	for _, row := range r.Rows {
		if err == nil {
			err = lines.Encode(row)
		}
	}
	if err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // as bin is
		return fmt.Errorf("make folder of results: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, fileName(r.Case)), text.Bytes(), 0o644) //nolint:gosec // figures are for everybody
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

func fileName(c Case) string {
	return strings.Trim(notInNames.ReplaceAllString(strings.ToLower(c.Group+" "+c.Name), "-"), "-") + ".jsonl"
}

// ReadResults reads all files of a folder, in the order of their names.
func ReadResults(dir string) ([]Result, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("find results: %w", err)
	}
	var all []Result
	for _, file := range files {
		r, err := readResult(file)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		all = append(all, r)
	}
	return all, nil
}

func readResult(file string) (r Result, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return r, err
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for first := true; err == nil && lines.Scan(); first = false {
		if first {
			err = json.Unmarshal(lines.Bytes(), &r.Case)
			continue
		}
		var row Row
		err = json.Unmarshal(lines.Bytes(), &row)
		r.Rows = append(r.Rows, row)
	}
	return r, err
}

// figures lists what was measured, in the order in which it came.
func (r Result) figures() []Figure {
	var list []Figure
	for _, row := range r.Rows {
		if !slices.ContainsFunc(list, func(f Figure) bool { return f.Name == row.Name }) {
			list = append(list, Figure{Name: row.Name, Unit: row.Unit})
		}
	}
	return list
}

// values gives a figure of a subject by round.
func (r Result) values(subject, figure string) []float64 {
	var list []float64
	for _, row := range r.Rows {
		if row.Subject == subject && row.Name == figure {
			list = append(list, row.Value)
		}
	}
	return list
}

// beyond gives by how much the product's figure is more than another's, round by round; nothing if one of them does not have it.
func (r Result) beyond(figure, other string) []float64 {
	ours, theirs := r.values(Product, figure), r.values(other, figure)
	if len(ours) != len(theirs) {
		return nil
	}
	for i := range ours {
		ours[i] -= theirs[i]
	}
	return ours
}

// ratios gives the product's figure by another's, round by round; nothing if one of them does not have it.
func (r Result) ratios(figure, other string) []float64 {
	ours, theirs := r.values(Product, figure), r.values(other, figure)
	if len(ours) != len(theirs) {
		return nil
	}
	var list []float64
	for i := range ours {
		if theirs[i] == 0 {
			return nil
		}
		list = append(list, ours[i]/theirs[i])
	}
	return list
}

// judge says of each goal of a figure whether it is met.
func (r Result) judge(figure string) (goals, verdicts []string) {
	for _, g := range r.Goals {
		if g.Figure != figure {
			continue
		}
		values := r.values(Product, figure)
		if g.Of != "" {
			values = r.ratios(figure, g.Of)
		}
		if g.Beyond != "" {
			values = r.beyond(figure, g.Beyond)
		}
		verdict := "missed"
		if len(values) > 0 && g.met(median(values)) {
			verdict = "met"
		}
		goals, verdicts = append(goals, g.String()), append(verdicts, verdict)
	}
	return goals, verdicts
}

// subjects lists the subjects of a result: product, floor, then others as they came.
func (r Result) subjects() []string {
	list := []string{Product, Floor}
	for _, row := range r.Rows {
		if !slices.Contains(list, row.Subject) {
			list = append(list, row.Subject)
		}
	}
	return slices.DeleteFunc(list, func(s string) bool {
		return !slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Subject == s })
	})
}

// median of a list that is not empty; of an even number the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
