package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"

	"github.com/keyshift-hq/keyshift/cmd/internal/parsing"
	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// grammar is the command line. Its help texts are the manual.
type grammar struct {
	JSON     bool             `name:"json" help:"Write one JSON document to standard output, errors too."`
	Socket   string           `placeholder:"PATH" help:"Socket or pipe of the agent, if it is not the usual one."`
	StateDir string           `placeholder:"DIR" help:"Folder of the agent's state, if it is not the usual one."`
	Help     parsing.HelpFlag `short:"h" help:"Show help for a command."`

	Accounts accountsCmd `cmd:"" group:"Use accounts" help:"List the accounts that are lent to you."`
	CheckOut checkOutCmd `cmd:"" name:"checkout" group:"Use accounts" help:"Check an account out."`
	Leases   leasesCmd   `cmd:"" group:"Use accounts" help:"List what you hold, and for how long."`
	Code     codeCmd     `cmd:"" group:"Use accounts" help:"Print the one-time code for signing in."`
	Relay    relayCmd    `cmd:"" group:"Use accounts" help:"Pass on codes that networks send to you, and ask for those that go to others."`
	Renew    renewCmd    `cmd:"" group:"Use accounts" help:"Hold an account longer."`
	CheckIn  checkInCmd  `cmd:"" name:"checkin" group:"Use accounts" help:"Give an account back."`

	Open openCmd `cmd:"" group:"Use accounts" help:"Open the network of an account in a browser of its own."`

	Reminders remindersCmd `cmd:"" group:"Use accounts" help:"See what you were reminded of, and pause reminders."`
	Terms     termsCmd     `cmd:"" group:"Use accounts" help:"Read the networks' terms in a few lines, and say that you have."`
	Mistake   mistakeCmd   `cmd:"" group:"Use accounts" help:"Say that something went wrong. Nobody is blamed."`
	Settings  settingsCmd  `cmd:"" group:"Use accounts" help:"Choose when accounts are given back by themselves."`
	Sent      sentCmd      `cmd:"" group:"Use accounts" help:"See what the hub was told by this computer."`

	Enroll   enrollCmd   `cmd:"" group:"This computer" help:"Make this computer known to your company's hub."`
	Status   statusCmd   `cmd:"" group:"This computer" help:"Show agent, hub and leases."`
	Sync     syncCmd     `cmd:"" group:"This computer" help:"Ask the hub for news now."`
	Doctor   doctorCmd   `cmd:"" group:"This computer" help:"Find out what is wrong and how to mend it."`
	Unenroll unenrollCmd `cmd:"" group:"This computer" help:"End all leases and forget the hub."`

	Browser browserCmd `cmd:"" group:"This computer" help:"Connect the agent with your browsers."`

	Install   installCmd   `cmd:"" group:"The agent" help:"Start the agent at each of your logins."`
	Uninstall uninstallCmd `cmd:"" group:"The agent" help:"Stop the agent and do not start it again."`
	Start     startCmd     `cmd:"" group:"The agent" help:"Start the installed agent now."`
	Stop      stopCmd      `cmd:"" group:"The agent" help:"Stop the agent until the next login."`
	Run       runCmd       `cmd:"" group:"The agent" help:"Be the agent, in this terminal."`
	Version   versionCmd   `cmd:"" group:"The agent" help:"Show the version."`

	Completion kongcompletion.Completion `cmd:"" group:"The agent" help:"Complete commands in bash, zsh or fish." completion-shell-default:"false"`
}

// command is what every command can do.
type command interface {
	Run(ctx context.Context, inv *invocation) error
}

func (inv *invocation) parser() (*kong.Kong, error) {
	const about = "Your company's social-media accounts, lent to you for one working session at a time."
	return kong.New(&inv.grammar, parsing.Options(Name, about, inv.Stdout, inv.Stderr)...)
}

// run parses the arguments and runs the command.
func (inv *invocation) run(ctx context.Context) error {
	cmd, ok := inv.parseShort()
	if !ok {
		return inv.runWhole(ctx)
	}
	inv.JSON = inv.grammar.JSON
	return inv.hardened(ctx, func() error { return cmd.Run(ctx, inv) })
}

// runWhole is run with the whole grammar.
func (inv *invocation) runWhole(ctx context.Context) error {
	inv.grammar = grammar{}
	parser, err := inv.parser()
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(inv.Args)
	inv.JSON = inv.grammar.JSON || slices.Contains(inv.Args, "--json") // also where parsing does not come so far
	if errors.Is(err, parsing.ErrHelp) {
		return nil
	}
	if err != nil {
		return usage(err, inv.Args)
	}
	return inv.hardened(ctx, func() error {
		if cmd, ok := parsed.Selected().Target.Addr().Interface().(command); ok {
			return cmd.Run(ctx, inv)
		}
		return parsed.Run(parsed) // completion, which is kong's own
	})
}

// hardened runs a command in a process that keeps its memory to itself.
func (inv *invocation) hardened(ctx context.Context, run func() error) error {
	if err := inv.Harden(); err != nil {
		return keyshift.Refuse(keyshift.CodeInternal, "This program cannot keep its memory to itself, so it does not go on.", "Tell your admin.").Because(err)
	}
	return interrupted(ctx, run())
}

// usage makes an error for people of the parser's. An enrollment code among the arguments is not repeated.
func usage(err error, args []string) error {
	for _, a := range args {
		if strings.Contains(a, "keyshift1-") {
			return keyshift.Invalid(api.CodeUsage, "A code is never given on the command line: every program on this computer can read it there.",
				"Ask for a new code, run `"+Name+" enroll`, and paste the code when you are asked.")
		}
	}
	hint := strings.Join(strings.Fields(Name+" "+parsing.Command(err)+" --help"), " ")
	return keyshift.Invalid(api.CodeUsage, keyshift.CleanText(parsing.Sentence(parsing.Complaint(err)), 300), "Run `"+hint+"`.")
}

// interrupted tells a person who pressed Ctrl-C that it was heard.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() == nil || !errors.Is(err, context.Canceled) || keyshift.CodeOf(err) == api.CodeInterrupted {
		return err
	}
	return keyshift.Refuse(api.CodeInterrupted, "Stopped waiting.", "What was asked may still happen: see `"+Name+" status`.").Because(err)
}
