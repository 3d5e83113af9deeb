package cli

import (
	"cmp"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/keyshift-hq/keyshift/cmd/internal/parsing"
)

// parseShort parses with a grammar of one command, the one that the first word names. Making the grammar of all of them
// takes longer than anything else that most commands do here. What it does not understand, or is no plain command, is for
// the whole grammar: that one has the help and the right words for mistakes.
func (inv *invocation) parseShort() (command, bool) {
	shape, ok := shortShape(inv.Args)
	if !ok {
		return nil, false
	}
	short := reflect.New(shape)
	parser, err := kong.New(short.Interface(), kong.Name(Name), kong.NoDefaultHelp(), kong.Exit(func(int) {}))
	if err != nil {
		return nil, false
	}
	parsed, err := parser.Parse(inv.Args)
	if err != nil {
		return nil, false
	}
	whole := reflect.ValueOf(&inv.grammar).Elem()
	for i := range shape.NumField() {
		whole.FieldByName(shape.Field(i).Name).Set(short.Elem().Field(i))
	}
	cmd, ok := parsed.Selected().Target.Addr().Interface().(command)
	return cmd, ok
}

// shortShape is the grammar's type with one command and without help.
func shortShape(args []string) (reflect.Type, bool) {
	var fields []reflect.StructField
	found := false
	for _, f := range reflect.VisibleFields(reflect.TypeFor[grammar]()) {
		_, isCommand := f.Tag.Lookup("cmd")
		switch {
		case f.Type == reflect.TypeFor[parsing.HelpFlag]():
			continue
		case isCommand && commandName(f) != firstWord(args):
			continue
		case isCommand:
			found = true
		}
		f.Offset, f.Index = 0, nil
		fields = append(fields, f)
	}
	if !found {
		return nil, false
	}
	return reflect.StructOf(fields), true
}

func commandName(f reflect.StructField) string {
	return cmp.Or(f.Tag.Get("name"), strings.ToLower(f.Name))
}

// firstWord is the first argument that is no flag.
func firstWord(args []string) string {
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			return a
		}
	}
	return ""
}
