package store

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// rowForm finds what can be repeated in a statement for one row: the values of an INSERT, or the row of a list that is
// asked for.
var rowForm = regexp.MustCompile(`(?s)\bVALUES (\(.*\))(?:\s*ON CONFLICT|\s*$)|AS \(\n(SELECT CAST\(\$1 .*?)\n\)`)

var (
	placeholder = regexp.MustCompile(`\$(\d+)`)
	// repeated keeps texts: there are few.
	repeated sync.Map
)

// sizes are how many rows are joined by repeating: few forms, so that each is prepared once.
var sizes = []int{32, 16, 8, 4, 2, 1}

func largest(n int) int {
	for _, size := range sizes {
		if size <= n {
			return size
		}
	}
	return 1
}

type repeatKey struct {
	text string
	rows int
}

// repeat makes of a statement for one row, with so many values, one for several rows. It gives "" if that cannot be done.
func repeat(text string, rows, values int) string {
	key := repeatKey{text, rows}
	if known, ok := repeated.Load(key); ok {
		return known.(string)
	}
	made := repeatAnew(text, rows, values)
	repeated.Store(key, made)
	return made
}

func repeatAnew(text string, rows, values int) string {
	place := rowForm.FindStringSubmatchIndex(text)
	if place == nil {
		return ""
	}
	start, end, separator := place[2], place[3], ",\n"
	if start < 0 {
		start, end, separator = place[4], place[5], "\nUNION ALL\n"
	}
	all := make([]string, rows)
	for i := range all {
		all[i] = placeholder.ReplaceAllStringFunc(text[start:end], func(p string) string {
			n, _ := strconv.Atoi(p[1:]) // the form is digits
			return "$" + strconv.Itoa(n+i*values)
		})
	}
	return text[:start] + strings.Join(all, separator) + text[end:]
}
