package store

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// union is some statements that go to PostgreSQL as one: it starts, checks and answers one statement in half the time that it takes for
// four. None of them sees what the others change, and none may need to.
type union []expecting

// mostUnited bounds a union, and with it how many there are to be kept prepared.
const mostUnited = 8

// unite makes the largest unions, in order, of a command that is alone. Those of several commands would be of too many kinds.
// A statement that takes any number of rows stays apart: it looks for what those before it changed.
func unite(all []expecting, alone bool) (unions []union) {
	for i, s := range all {
		last := len(unions) - 1
		if alone && i > 0 && s.rows >= 0 && all[i-1].rows >= 0 && len(unions[last]) < mostUnited {
			unions[last] = append(unions[last], s)
			continue
		}
		unions = append(unions, union{s})
	}
	return unions
}

// guarded is the one statement, but an error when one of the union changes other than the rows it has to.
func (u union) guarded() statement {
	if len(u) == 1 && !u[0].guarded() {
		return statement{withoutConflict(u[0].text, u[0].rows), u[0].args}
	}
	var args []any
	for _, s := range u {
		args = append(args, s.args...)
		if s.guarded() {
			args = append(args, int64(s.rows))
		}
	}
	return statement{u.text(), args}
}

// guarded reports whether rows have to be counted: not where any number will do, or where all that are given are inserted.
func (s expecting) guarded() bool { return s.rows >= 0 && !formOf(s.text).inserts }

// insertForm is an INSERT of rows that are given, one or arrays of them.
var insertForm = regexp.MustCompile(`(?s)^(?:--[^\n]*\n)?INSERT INTO [a-z_]+ \([^)]*\)\s+(?:VALUES \(|SELECT .* FROM unnest\()`)

// conflictForm ends an INSERT that passes over rows that are there. One that has to insert them all fails better: it need not look
// for them first.
var conflictForm = regexp.MustCompile(`\s*ON CONFLICT DO NOTHING\s*$`)

func withoutConflict(text string, rows int) string {
	if rows < 0 {
		return text
	}
	return formOf(text).firm
}

// form is what is known of a statement by its text.
type form struct {
	// inserts: it inserts the rows that it is given, or fails if it is firm.
	inserts bool
	firm    string
}

// forms keeps them by the texts: there are few.
var forms sync.Map

func formOf(text string) form {
	if known, ok := forms.Load(text); ok {
		return known.(form)
	}
	made := form{insertForm.MatchString(text), conflictForm.ReplaceAllString(text, "")}
	forms.Store(text, made)
	return made
}

// unionTexts keeps the texts of unions by those of their statements.
var unionTexts sync.Map

func (u union) text() string {
	var key [mostUnited]string
	for i, s := range u {
		key[i] = s.text
	}
	if known, ok := unionTexts.Load(key); ok {
		return known.(string)
	}
	made := u.newText()
	unionTexts.Store(key, made)
	return made
}

func (u union) newText() string {
	var parts []string
	values, right := 0, []string{"true"}
	for i, s := range u {
		part := fmt.Sprintf("done%d AS (\n%s", i, shifted(withoutConflict(s.text, s.rows), values))
		values += len(s.args)
		if s.guarded() {
			part += "\nRETURNING 1"
			values++
			right = append(right, fmt.Sprintf("(SELECT count(*) FROM done%d) = $%d", i, values))
		}
		parts = append(parts, part+")")
	}
	return "WITH " + strings.Join(parts, ",\n") + "\nSELECT 1 / CASE WHEN " + strings.Join(right, " AND ") + " THEN 1 ELSE 0 END"
}

// shifted gives a statement whose values come after some others.
func shifted(text string, by int) string {
	return placeholder.ReplaceAllStringFunc(strings.TrimRight(text, "; \n"), func(value string) string {
		n, _ := strconv.Atoi(value[1:]) // it is digits
		return "$" + strconv.Itoa(n+by)
	})
}
