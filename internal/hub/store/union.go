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
	if len(u) == 1 && u[0].rows < 0 {
		return u[0].statement
	}
	var args []any
	for _, s := range u {
		if args = append(args, s.args...); s.rows != 1 {
			args = append(args, int64(s.rows))
		}
	}
	return statement{u.text(), args}
}

// unionTexts keeps the texts of unions by those of their statements.
var unionTexts sync.Map

// unionKey is the text of each statement, and whether it changes one row.
type unionKey [mostUnited]struct {
	text string
	one  bool
}

func (u union) text() string {
	var key unionKey
	for i, s := range u {
		key[i].text, key[i].one = s.text, s.rows == 1
	}
	if known, ok := unionTexts.Load(key); ok {
		return known.(string)
	}
	made := u.newText()
	unionTexts.Store(key, made)
	return made
}

// newText lets what is there already be an error, which costs the server less than to look before it inserts.
func (u union) newText() string {
	var parts, right []string
	values := 0
	for i, s := range u {
		text := strings.TrimSuffix(shifted(s.text, values), "ON CONFLICT DO NOTHING")
		parts = append(parts, fmt.Sprintf("done%d AS (\n%s)", i, answering(strings.TrimRight(text, " \n"))))
		values += len(s.args)
		if s.rows == 1 { // asking for the one row costs a third of counting; two are an error
			right = append(right, fmt.Sprintf("(SELECT 1 FROM done%d) = 1", i))
			continue
		}
		values++
		right = append(right, fmt.Sprintf("(SELECT count(*) FROM done%d) = $%d", i, values))
	}
	return "WITH " + strings.Join(parts, ",\n") + "\nSELECT 1 / CASE WHEN " + strings.Join(right, " AND ") + " THEN 1 ELSE 0 END"
}

// answering gives a row for each that a statement changes, as one that only asks does anyway.
func answering(text string) string {
	if asks.MatchString(text) {
		return text
	}
	return text + "\nRETURNING 1"
}

var asks = regexp.MustCompile(`^(--.*\n)*SELECT\b`)

// shifted gives a statement whose values come after some others.
func shifted(text string, by int) string {
	return placeholder.ReplaceAllStringFunc(strings.TrimRight(text, "; \n"), func(value string) string {
		n, _ := strconv.Atoi(value[1:]) // it is digits
		return "$" + strconv.Itoa(n+by)
	})
}
