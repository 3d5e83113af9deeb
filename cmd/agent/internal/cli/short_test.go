package cli

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestTheShortGrammarUnderstandsWhatTheWholeOneDoes(t *testing.T) {
	for _, tt := range []struct {
		args  string
		short bool
	}{
		{"checkout x/acme --reason post --duration 1h", true},
		{"--json checkout x/acme", true},
		{"checkout --json x/acme -r post --yes --show", true},
		{"checkin --all", true},
		{"renew", true},
		{"run --browser chromium --log-level debug", true},
		{"leases --state-dir=/somewhere", true},
		{"browser status", true},
		{"--socket /somewhere/s leases", true},
		{"renew --duration=2h x/acme", true},
		{"settings", true},
		{"settings set --check-in-when-idle 15m", true},
		{"reminders pause", true},
		{"browser install --browser firefox", true},
		{"checkout", false},
		{"checkout x/acme x/other", false},
		{"checkout x/acme --nonsense", false},
		{"checkout x/acme --reason -r", false},
		{"checkout x/acme --reason=", false},
		{"checkout x/acme -rpost", false},
		{"checkout x/acme --reason a --reason b", false},
		{"checkout x/acme --reason", false},
		{"checkout -- x/acme", false},
		{"checkout --help", false},
		{"leases -h", false},
		{"leases --json=false", false},
		{"leases --json --json", false},
		{"leases -", false},
		{"settings set --no-check-in-when-locked", false},
		{"browser install --extension-id aa", false},
		{"run --log-level loud", false},
		{"--reason post checkout x/acme", false},
		{"relay answer-nothing", false},
		{"completion", false},
		{"nonsense", false},
		{"--json", false},
		{"", false},
	} {
		t.Run(tt.args, func(t *testing.T) {
			if got := sameAsWhole(t, strings.Fields(tt.args)); got != tt.short {
				t.Errorf("got %v, want %v", got, tt.short)
			}
		})
	}
}

// TestWhatIsReadShortIsReadTheSame says whatever a person could type, and more.
func TestWhatIsReadShortIsReadTheSame(t *testing.T) {
	var words []string
	eachField(reflect.TypeFor[grammar](), func(f reflect.StructField) {
		words = append(words, wordOf(f), "--"+wordOf(f), "--"+wordOf(f)+"=1h")
		if short := f.Tag.Get("short"); short != "" {
			words = append(words, "-"+short, "-"+short+"1h")
		}
	})
	words = append(words, "x/acme", "1h", "debug", "a b", "ä", "", "-", "--", "---", "-1", "--json=true", "--=", "=", "--no-json", "--reason=", "checkout", "checkout", "leases")
	rapid.Check(t, func(r *rapid.T) {
		sameAsWhole(r, rapid.SliceOfN(rapid.SampledFrom(words), 0, 5).Draw(r, "words"))
	})
}

// sameAsWhole reports whether a line is plain, and fails unless the whole grammar reads the same out of it then.
func sameAsWhole(t rapid.TB, args []string) bool {
	short := &invocation{Program: &Program{Args: args}}
	cmd, ok := short.parseShort()
	if !ok {
		return false
	}
	whole := &invocation{Program: short.Program}
	parser, err := whole.parser()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(short.Args)
	if err != nil {
		t.Fatalf("%q: the whole grammar says %v", args, err)
	}
	if diff := cmp.Diff(parsed.Selected().Target.Addr().Interface(), any(cmd), exported); diff != "" {
		t.Errorf("%q: the command differs (-whole +short):\n%s", args, diff)
	}
	for _, g := range []*grammar{&whole.grammar, &short.grammar} { // what the commands look at besides themselves
		*g = grammar{JSON: g.JSON, Socket: g.Socket, StateDir: g.StateDir, Run: g.Run}
	}
	if diff := cmp.Diff(whole.grammar, short.grammar, exported); diff != "" {
		t.Errorf("%q: the grammar differs (-whole +short):\n%s", args, diff)
	}
	return true
}

// eachField goes through a grammar with all its commands.
func eachField(of reflect.Type, do func(reflect.StructField)) {
	for i := range of.NumField() {
		f := of.Field(i)
		do(f)
		_, isCommand := f.Tag.Lookup("cmd")
		if own := f.Type.PkgPath() == of.PkgPath(); own && (isCommand || f.Anonymous) {
			eachField(f.Type, do)
		}
	}
}

// TestTheShortGrammarKnowsEveryTag fails when the grammar says something in a way that only kong understands. Teach
// parseShort the tag, or let it leave what has it to kong.
func TestTheShortGrammarKnowsEveryTag(t *testing.T) {
	known := []string{"arg", "cmd", "completion-shell-default", "default", "group", "help", "name", "negatable", "optional", "placeholder", "predictor", "short"}
	tag := regexp.MustCompile(`([a-z-]+):"(?:[^"\\]|\\.)*" ?`)
	eachField(reflect.TypeFor[grammar](), func(f reflect.StructField) {
		if f.Anonymous && f.Tag != "" {
			t.Errorf("%s is embedded with tags", f.Name)
		}
		for _, found := range tag.FindAllStringSubmatch(string(f.Tag), -1) {
			if !slices.Contains(known, found[1]) {
				t.Errorf("%s has the tag %s", f.Name, found[1])
			}
		}
		if rest := tag.ReplaceAllString(string(f.Tag), ""); rest != "" {
			t.Errorf("%s has %q among its tags", f.Name, rest)
		}
	})
}

// exported lets everything be compared.
var exported = cmp.Exporter(func(reflect.Type) bool { return true })
