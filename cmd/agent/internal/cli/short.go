package cli

import (
	"cmp"
	"encoding"
	"reflect"
	"strings"
	"unicode"

	"github.com/keyshift-hq/keyshift/cmd/internal/parsing"
)

// parseShort reads a plain command line as kong would, without kong: to make kong's grammar, even of one command, takes longer
// than anything else that most commands do here. What it is not sure of is for the whole grammar: help, mistakes, values that
// begin with a hyphen, flags given twice, completion. Nothing of the line is lost then, because it is read anew.
func (inv *invocation) parseShort() (command, bool) {
	l := shortLine{left: inv.Args}
	l.enter(reflect.ValueOf(&inv.grammar).Elem())
	for len(l.left) > 0 {
		if !l.word(l.next()) {
			return nil, false
		}
	}
	if !l.byDefault() || !l.complete() {
		return nil, false
	}
	cmd, ok := l.node.Addr().Interface().(command)
	return cmd, ok
}

// shortLine is a command line that is being read.
type shortLine struct {
	left                    []string
	node                    reflect.Value // the command, as far as it was named
	flags, places, commands []*slot       // flags are also those of the commands above
}

// slot is a field of a command: a flag, an argument, or a command below.
type slot struct {
	reflect.StructField
	value reflect.Value
	given bool
}

func (s *slot) has(tag string) bool {
	_, ok := s.Tag.Lookup(tag)
	return ok
}

// enter goes on with the fields of a command.
func (l *shortLine) enter(node reflect.Value) {
	l.node, l.places, l.commands = node, nil, nil
	l.fields(node)
}

func (l *shortLine) fields(of reflect.Value) {
	for i := range of.NumField() {
		s := &slot{StructField: of.Type().Field(i), value: of.Field(i)}
		switch {
		case s.Anonymous:
			l.fields(s.value)
		case s.has("cmd"):
			l.commands = append(l.commands, s)
		case s.has("arg"):
			l.places = append(l.places, s)
		case s.Type != reflect.TypeFor[parsing.HelpFlag]():
			l.flags = append(l.flags, s)
		}
	}
}

func (l *shortLine) next() string {
	word := l.left[0]
	l.left = l.left[1:]
	return word
}

// word takes one word, with its value if it is a flag that has one.
func (l *shortLine) word(word string) bool {
	long, isLong := strings.CutPrefix(word, "--")
	switch {
	case isLong:
		name, value, hasValue := strings.Cut(long, "=")
		return l.flag(func(s *slot) bool { return wordOf(s.StructField) == name }, value, hasValue)
	case len(word) == 2 && word[0] == '-':
		return l.flag(func(s *slot) bool { return s.Tag.Get("short") == word[1:] }, "", false)
	case word == "" || word[0] == '-':
		return false
	case len(l.places) > 0:
		for _, s := range l.places {
			if !s.given {
				return s.set(word)
			}
		}
		return false
	}
	return l.command(word)
}

// flag sets the flag that matches. Yes or no is said by the flag alone.
func (l *shortLine) flag(matches func(*slot) bool, value string, hasValue bool) bool {
	for _, s := range l.flags {
		switch {
		case !matches(s):
		case s.Type.Kind() == reflect.Bool:
			s.value.SetBool(true)
			return !hasValue && s.once()
		case hasValue:
			return s.set(value)
		case len(l.left) > 0:
			return s.set(l.next())
		}
	}
	return false
}

func (l *shortLine) command(name string) bool {
	for _, s := range l.commands {
		if wordOf(s.StructField) == name {
			l.enter(s.value)
			return true
		}
	}
	return false
}

// byDefault enters the command that is meant where none was named.
func (l *shortLine) byDefault() bool {
	for _, s := range l.commands {
		if s.has("default") {
			l.enter(s.value)
		}
	}
	return len(l.commands) == 0
}

// complete fills in what is usual where nothing was given, and reports that nothing else is missing.
func (l *shortLine) complete() bool {
	for _, s := range append(l.places, l.flags...) {
		usual, ok := s.Tag.Lookup("default")
		switch {
		case s.given:
		case ok:
			if !s.set(usual) {
				return false
			}
		case s.has("arg") && !s.has("optional"):
			return false
		}
	}
	return true
}

// once notes that the slot was given. Twice is not plain.
func (s *slot) once() bool {
	first := !s.given
	s.given = true
	return first
}

// set gives the slot a value, unless that is no plain text or the slot takes none.
func (s *slot) set(value string) bool {
	if value == "" || value[0] == '-' || !s.once() {
		return false
	}
	if s.Type.Kind() == reflect.String {
		s.value.SetString(value)
		return true
	}
	texts, ok := s.value.Addr().Interface().(encoding.TextUnmarshaler)
	return ok && texts.UnmarshalText([]byte(value)) == nil
}

// wordOf is what a flag or a command is called: its name, or that of the field with hyphens.
func wordOf(f reflect.StructField) string { return cmp.Or(f.Tag.Get("name"), hyphened(f.Name)) }

// hyphened writes StateDir as state-dir, and ExtensionID as extension-id.
func hyphened(name string) string {
	var b strings.Builder
	before := ' '
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
		before = r
	}
	return b.String()
}
