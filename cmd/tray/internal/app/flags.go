package app

import (
	"errors"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// flags are the arguments, understood. Their help texts are the manual.
type flags struct {
	Window     string   `placeholder:"NAME" help:"Show a window: home, check-out, renew, code, enroll, reminder, terms, mistake, sent, relay, browsers, settings or diagnostics."`
	About      string   `placeholder:"ID" help:"What the window is about: an account, a lease, a reminder, a network or a question."`
	Socket     string   `placeholder:"PATH" help:"Socket or pipe of the agent, if it is not the usual one."`
	Background bool     `help:"Show no window before one is asked for, as at login."`
	Version    bool     `help:"Show the version."`
	Help       helpFlag `short:"h" help:"Show this help."`
	Child      bool     `hidden:"" help:"Be a window process: take requests from standard input."`

	elsewhere bool // Socket was given
}

// helpFlag shows the help, and ends the parsing.
type helpFlag bool

var errHelp = errors.New("help was shown")

// IgnoreDefault keeps kong from applying a flag that nobody gave.
func (helpFlag) IgnoreDefault() {}

// BeforeReset is called by kong when the flag is there.
func (helpFlag) BeforeReset(ctx *kong.Context) error {
	return errors.Join(ctx.PrintUsage(false), errHelp)
}

func (p *Program) parse() (flags, error) {
	var f flags
	parser, err := kong.New(&f,
		kong.Name("keyshift-tray"),
		kong.Description("What you hold of your company's social-media accounts, in the tray."),
		kong.NoDefaultHelp(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Writers(p.Stdout, p.Stderr),
		kong.Exit(func(int) {}),
	)
	if err != nil {
		return f, err
	}
	_, err = parser.Parse(p.Args)
	f.elsewhere = f.Socket != ""
	if err == nil && f.Window != "" && !known(f.request()) {
		return f, keyshift.Invalid(api.CodeUsage, "There is no window “"+keyshift.CleanText(f.Window, 40)+"”.", "The windows are "+strings.Join(tray.Windows(), ", ")+".")
	}
	if err != nil && !errors.Is(err, errHelp) {
		err = keyshift.Invalid(api.CodeUsage, "These arguments are not understood: "+complaint(err)+".", "See `keyshift-tray --help`.").Because(err)
	}
	return f, err
}

// complaint is what the parser says, without its word for the end of the line.
func complaint(err error) string {
	flag, _, found := strings.Cut(err.Error(), ": expected ")
	if found && strings.HasSuffix(err.Error(), "(<EOL>)") {
		return flag + " needs a value"
	}
	return keyshift.CleanText(err.Error(), 200)
}

// request is what was asked for; the home window if nothing was.
func (f flags) request() tray.Request {
	if f.Window == "" {
		return tray.Request{Window: tray.WindowHome}
	}
	return tray.Request{Window: f.Window, Argument: f.About}
}
