package parsing

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// line is a small command line.
type line struct {
	Help  HelpFlag `short:"h"`
	Users struct {
		Add struct {
			Name string   `arg:""`
			Role []string `help:"A role."`
			Mail string   `help:"An address."`
		} `cmd:"" help:"Add a user."`
	} `cmd:"" help:"Users."`
}

func parse(t *testing.T, args ...string) (said string, err error) {
	t.Helper()
	var out bytes.Buffer
	parser, err := kong.New(&line{}, Options("tool", "A tool.", &out, &out)...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return out.String(), err
}

func TestComplaints(t *testing.T) {
	for _, tt := range []struct{ args, command, want string }{
		{"users add", "users add", `Expected "<name>".`},
		{"users add lee --rolle x", "users add", "Unknown flag --rolle, did you mean \"--role\"."},
		{"users add lee --mail", "users add", "--mail needs a value."},
		{"users add lee --role", "users add", "--role needs a value."},
		{"nonsense", "", "Unexpected argument nonsense."},
	} {
		_, err := parse(t, strings.Fields(tt.args)...)
		if got := Sentence(Complaint(err)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.args, got, tt.want)
		}
		if got := Command(err); got != tt.command {
			t.Errorf("%s: gave up at %q, want %q", tt.args, got, tt.command)
		}
	}
}

func TestHelpEndsTheParsing(t *testing.T) {
	out, err := parse(t, "users", "add", "--help")
	if !errors.Is(err, ErrHelp) || !strings.Contains(out, "tool users add") {
		t.Errorf("%v, and said:\n%s", err, out)
	}
}
