// Package pattern accepts the regular expressions that people may write into site packs and lists of insider words:
// those that mean the same to Go (RE2) and to a browser, and that neither needs long for.
//
// A browser's engine goes back and tries again, so an innocent expression can keep a page busy for minutes. Therefore a
// repetition says how often at most, repeats one character or class, and all repetitions of an expression together
// leave at most Work ways at any place of a text. The text that they are tried on is cut at MaxText by who tries them.
package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

const (
	// MaxLength is the longest expression, in bytes.
	MaxLength = 200
	// MaxRepeat is how often a part may be repeated at most.
	MaxRepeat = 256
	// Work is the most ways in which the repetitions of one expression may share a text from one place on.
	Work = 4096
	// MaxText is how many characters of a text a browser tries an expression on.
	MaxText = 20_000
)

// Check says what is wrong with an expression; nil if nothing is.
func Check(expr string) error {
	if expr == "" {
		return errors.New("the expression is empty")
	}
	if len(expr) > MaxLength {
		return fmt.Errorf("the expression has %d bytes, the limit is %d", len(expr), MaxLength)
	}
	if err := sameInBrowsers(expr); err != nil {
		return err
	}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if regexp.MustCompile(expr).MatchString("") {
		return errors.New("the expression matches nothing at all, so it would match everywhere")
	}
	_, err = ways(tree)
	return err
}

// strange are spellings that RE2 knows and browsers do not, or read differently.
var strange = []string{`\A`, `\z`, `\Q`, `\E`, `\C`, `\a`, `\p`, `\P`, `[[:`, `[]`, `[^]`}

func sameInBrowsers(expr string) error {
	plain := strings.ReplaceAll(expr, `\\`, "")
	for _, s := range strange {
		if strings.Contains(plain, s) {
			return fmt.Errorf("%q means something else in a browser", s)
		}
	}
	if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(plain, `\(`, ""), "(?:", ""), "(?") {
		return errors.New("of the groups that begin with (? only (?: is allowed")
	}
	return nil
}

// ways is in how many ways an expression can match from one place on, as far as repetitions go.
func ways(tree *syntax.Regexp) (int, error) {
	total := 1
	for _, sub := range tree.Sub {
		n, err := ways(sub)
		if err != nil {
			return 0, err
		}
		if tree.Op == syntax.OpAlternate {
			total += n
		} else {
			total *= n
		}
		if total > Work {
			return 0, errTooMuch
		}
	}
	n, err := repeats(tree)
	if err != nil {
		return 0, err
	}
	if total *= n; total > Work {
		return 0, errTooMuch
	}
	return total, nil
}

var errTooMuch = fmt.Errorf("the repetitions leave more than %d ways to match: use fewer or shorter ones", Work)

// repeats is how many lengths one repetition can have.
func repeats(tree *syntax.Regexp) (int, error) {
	switch tree.Op {
	case syntax.OpStar, syntax.OpPlus:
		return 0, fmt.Errorf("%s has no end: say how often at most, as in {1,20}", tree)
	case syntax.OpQuest:
		return 2, nil
	case syntax.OpRepeat:
		return counted(tree)
	}
	return 1, nil
}

func counted(tree *syntax.Regexp) (int, error) {
	if tree.Max < 0 {
		return 0, fmt.Errorf("%s has no end: say how often at most, as in {1,20}", tree)
	}
	if tree.Max > MaxRepeat {
		return 0, fmt.Errorf("%s repeats more than %d times", tree, MaxRepeat)
	}
	if !single(tree.Sub[0]) {
		return 0, fmt.Errorf("%s repeats a group: only one character or class may be repeated", tree)
	}
	return tree.Max - tree.Min + 1, nil
}

func single(tree *syntax.Regexp) bool {
	switch tree.Op {
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return true
	case syntax.OpLiteral:
		return len(tree.Rune) == 1
	}
	return false
}
