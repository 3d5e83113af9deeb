package app

import (
	"errors"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/keyshift-hq/keyshift/cmd/internal/parsing"
	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// flags are the arguments, understood. Their help texts are the manual.
type flags struct {
	Window     string           `placeholder:"NAME" help:"Show a window: home, check-out, renew, code, enroll, reminder, terms, mistake, sent, relay, browsers, settings or diagnostics."`
	About      string           `placeholder:"ID" help:"What the window is about: an account, a lease, a reminder, a network or a question."`
	Socket     string           `placeholder:"PATH" help:"Socket or pipe of the agent, if it is not the usual one."`
	Background bool             `help:"Show no window before one is asked for, as at login."`
	Version    bool             `help:"Show the version."`
	Help       parsing.HelpFlag `short:"h" help:"Show this help."`
	Child      bool             `hidden:"" help:"Be a window process: take requests from standard input."`

	elsewhere bool // Socket was given
}

func (p *Program) parse() (flags, error) {
	var f flags
	const about = "What you hold of your company's social-media accounts, in the tray."
	parser, err := kong.New(&f, parsing.Options("keyshift-tray", about, p.Stdout, p.Stderr)...)
	if err != nil {
		return f, err
	}
	_, err = parser.Parse(p.Args)
	f.elsewhere = f.Socket != ""
	if err == nil && f.Window != "" && !known(f.request()) {
		return f, keyshift.Invalid(api.CodeUsage, "There is no window “"+keyshift.CleanText(f.Window, 40)+"”.", "The windows are "+strings.Join(tray.Windows(), ", ")+".")
	}
	if err != nil && !errors.Is(err, parsing.ErrHelp) {
		err = keyshift.Invalid(api.CodeUsage, "These arguments are not understood: "+keyshift.CleanText(parsing.Complaint(err), 200)+".", "See `keyshift-tray --help`.").Because(err)
	}
	return f, err
}

// request is what was asked for; the home window if nothing was.
func (f flags) request() tray.Request {
	if f.Window == "" {
		return tray.Request{Window: tray.WindowHome}
	}
	return tray.Request{Window: f.Window, Argument: f.About}
}
