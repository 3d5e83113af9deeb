package cli

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
		{"--socket /somewhere/s leases", false}, // a flag's value is taken for the command
		{"checkout", false},
		{"checkout x/acme --nonsense", false},
		{"checkout --help", false},
		{"completion", false},
		{"nonsense", false},
		{"", false},
	} {
		t.Run(tt.args, func(t *testing.T) {
			short := &invocation{Program: &Program{Args: strings.Fields(tt.args)}}
			cmd, ok := short.parseShort()
			if ok != tt.short {
				t.Fatalf("got %v, want %v", ok, tt.short)
			}
			if !ok {
				return
			}
			whole := &invocation{Program: short.Program}
			parser, err := whole.parser()
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := parser.Parse(short.Args)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(parsed.Selected().Target.Addr().Interface(), any(cmd), exported); diff != "" {
				t.Errorf("the command differs (-whole +short):\n%s", diff)
			}
			for _, g := range []*grammar{&whole.grammar, &short.grammar} { // what the commands look at besides themselves
				*g = grammar{JSON: g.JSON, Socket: g.Socket, StateDir: g.StateDir, Run: g.Run}
			}
			if diff := cmp.Diff(whole.grammar, short.grammar, exported); diff != "" {
				t.Errorf("the grammar differs (-whole +short):\n%s", diff)
			}
		})
	}
}

// exported lets everything be compared.
var exported = cmp.Exporter(func(reflect.Type) bool { return true })
