package early

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// line is a plain command line: a command, at most one argument, and flags with values, each of them once. A flag that says
// yes or no is not among them, but for --json, which does not change the question.
type line struct {
	command, argument string
	flags             map[string]string // by their long names
}

var shortNames = map[string]string{"-r": "--reason", "-d": "--duration"}

// read understands a plain command line.
func read(args []string) (line, bool) {
	l := line{flags: map[string]string{}}
	for len(args) > 0 {
		taken := l.word(args)
		if taken == 0 {
			return line{}, false
		}
		args = args[taken:]
	}
	return l, true
}

// word takes the first word, and the next if that is its value. It tells how many it took.
func (l *line) word(args []string) int {
	word := args[0]
	if long, ok := shortNames[word]; ok {
		word = long
	}
	switch {
	case word == "" || word == "--json" && l.flags[word] != "":
		return 0
	case word == "--json":
		l.flags[word] = "true"
		return 1
	case word[0] == '-':
		return l.flag(word, args[1:])
	case l.command == "":
		l.command = word
		return 1
	case l.argument == "":
		l.argument = word
		return 1
	}
	return 0
}

// flag takes a flag with its value. That the command has such a flag is for later.
func (l *line) flag(name string, next []string) int {
	if len(next) == 0 || next[0] == "" || next[0][0] == '-' || l.flags[name] != "" {
		return 0
	}
	l.flags[name] = next[0]
	return 2
}

// has reports whether the line has no flags but those, and those for all commands after its command.
func (l line) has(names ...string) bool {
	for name := range l.flags {
		known := name == "--json" || name == "--socket" || name == "--state-dir"
		for _, n := range names {
			known = known || n == name
		}
		if !known {
			return false
		}
	}
	return true
}

// plainReason reports whether a reason is one that is taken as it is.
func plainReason(reason string) bool {
	for _, r := range reason {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return false
		}
	}
	return reason != "" && strings.TrimSpace(reason) == reason && utf8.RuneCountInString(reason) <= 2000
}

// plainDuration reads a duration for which an account may be lent.
func plainDuration(text string) (time.Duration, bool) {
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= time.Minute && d <= 24*time.Hour
}
