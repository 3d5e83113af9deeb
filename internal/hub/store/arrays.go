package store

import (
	"fmt"
	"strings"
	"sync"
)

// arrayed keeps the texts of [overArrays]: there are few.
var arrayed sync.Map

// overArrays makes of a statement for one row one for any number of rows, whose values are arrays, one for each column. So there is
// one statement to prepare and to send, however many rows there are. types are those of the columns. It gives "" if that
// cannot be done.
func overArrays(text string, types []string) string {
	if known, ok := arrayed.Load(text); ok {
		return known.(string)
	}
	made := overArraysAnew(text, types)
	arrayed.Store(text, made)
	return made
}

func overArraysAnew(text string, types []string) string {
	place := rowForm.FindStringSubmatchIndex(text)
	if place == nil {
		return ""
	}
	rows := unnested(types)
	if start, end := place[2], place[3]; start >= 0 { // VALUES (...)
		row := placeholder.ReplaceAllString(text[start+1:end-1], "r.c$1")
		return strings.TrimSuffix(text[:start], "VALUES ") + "SELECT " + row + " FROM " + rows + text[end:]
	}
	start, end := place[4], place[5]
	row := placeholder.ReplaceAllString(text[start:end], "r.c$1")
	if picked, from, ok := strings.Cut(row, "\nFROM "); ok {
		row = picked + "\nFROM " + rows + ", " + from
	} else {
		row += "\nFROM " + rows
	}
	return text[:start] + row + text[end:]
}

// unnested is a table of the values.
func unnested(types []string) string {
	values, columns := make([]string, len(types)), make([]string, len(types))
	for i, t := range types {
		values[i], columns[i] = fmt.Sprintf("$%d::%s[]", i+1, t), fmt.Sprintf("c%d", i+1)
	}
	return "unnest(" + strings.Join(values, ", ") + ") AS r(" + strings.Join(columns, ", ") + ")"
}

// columnsOf turns rows into an array for each column, and names their types. It gives nothing for values that no table of ours
// holds.
func columnsOf(rows [][]any) (columns []any, types []string) {
	for i, value := range rows[0] {
		switch value.(type) {
		case string:
			columns, types = append(columns, columnOf[string](rows, i)), append(types, "text")
		case int64:
			columns, types = append(columns, columnOf[int64](rows, i)), append(types, "bigint")
		case []byte:
			columns, types = append(columns, columnOf[[]byte](rows, i)), append(types, "bytea")
		default:
			return nil, nil
		}
	}
	return columns, types
}

func columnOf[T any](rows [][]any, i int) []T {
	column := make([]T, len(rows))
	for n, row := range rows {
		column[n], _ = row[i].(T) // what writes one row by a text writes them all
	}
	return column
}
