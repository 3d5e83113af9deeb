package cliout

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// maxCell is how many characters of somebody else's text one cell shows.
const maxCell = 200

// Clean makes text of others safe for a terminal and short enough for a line.
func Clean(s string) string { return keyshift.CleanText(s, maxCell) }

// Table writes rows in columns that are two spaces apart. The first row is the head. Cells are cleaned; an empty one
// shows as "-".
func Table(w io.Writer, rows [][]string) {
	cells := cleaned(rows)
	widths := widthsOf(cells)
	for _, row := range cells {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		_, _ = fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// Facts writes names and values below each other, the values in one column. Values are cleaned.
func Facts(w io.Writer, facts [][2]string) {
	width := 0
	for _, f := range facts {
		width = max(width, utf8.RuneCountInString(f[0]))
	}
	for _, f := range facts {
		_, _ = fmt.Fprintf(w, "%-*s  %s\n", width, f[0], Clean(f[1]))
	}
}

func cleaned(rows [][]string) [][]string {
	out := make([][]string, len(rows))
	for r, row := range rows {
		out[r] = make([]string, len(row))
		for c, cell := range row {
			if out[r][c] = Clean(cell); out[r][c] == "" {
				out[r][c] = "-"
			}
		}
	}
	return out
}

func widthsOf(rows [][]string) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}
