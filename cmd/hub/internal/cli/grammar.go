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
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// grammar is the command line. Its help texts are the manual.
type grammar struct {
	JSON      bool             `name:"json" help:"Write one JSON document to standard output, errors too."`
	Profile   string           `default:"default" placeholder:"NAME" help:"Which login to use, if there are several."`
	TokenFile string           `placeholder:"FILE" help:"Keep the API token in this file instead of the OS keyring."`
	Help      parsing.HelpFlag `short:"h" help:"Show help for a command."`

	Login  loginCmd  `cmd:"" group:"Sign in" help:"Log in at a hub with a code."`
	Logout logoutCmd `cmd:"" group:"Sign in" help:"End the login."`
	Whoami whoamiCmd `cmd:"" group:"Sign in" help:"Show who you are, and at which hub."`

	Users  usersCmd  `cmd:"" group:"People" help:"List, add and deactivate users, and set their roles."`
	Groups groupsCmd `cmd:"" group:"People" help:"List and add groups and their members."`
	Codes  codesCmd  `cmd:"" group:"People" help:"Make a code that enrolls a device or lets a user log in."`

	Hours     hoursCmd     `cmd:"" group:"People" help:"Say when users work; outside of that they cannot check out."`
	Reminders remindersCmd `cmd:"" group:"People" help:"Say how often users are reminded, and see how often they were."`
	Reports   reportsCmd   `cmd:"" group:"People" help:"Read what users reported under “I made a mistake”."`

	Accounts   accountsCmd   `cmd:"" group:"Accounts" help:"List, add and change accounts."`
	Credential credentialCmd `cmd:"" group:"Accounts" help:"Store the login of an account."`
	Grants     grantsCmd     `cmd:"" group:"Accounts" help:"Say who may check out which account."`

	Practice practiceCmd `cmd:"" group:"Accounts" help:"Let people practice on the practice network, where nothing is real."`

	Pack  packCmd  `cmd:"" group:"Browsers" help:"List, check and publish site packs: how the networks' pages look."`
	Site  siteCmd  `cmd:"" group:"Browsers" help:"Make other sites known, by their exact host."`
	Words wordsCmd `cmd:"" group:"Browsers" help:"Say which words, patterns and internal hosts no draft should have."`
	Guard guardCmd `cmd:"" group:"Browsers" help:"Say which guarded pages may be opened, and who is told of personal accounts."`

	Leases  leasesCmd  `cmd:"" group:"Leases and devices" help:"See who holds what, and who held it."`
	Revoke  revokeCmd  `cmd:"" group:"Leases and devices" help:"Take accounts back, now."`
	Devices devicesCmd `cmd:"" group:"Leases and devices" help:"List devices; trust, block or declare them lost."`

	Audit          auditCmd          `cmd:"" group:"The hub" help:"Read, export and verify the audit log."`
	Status         statusCmd         `cmd:"" group:"The hub" help:"Show how the hub fares."`
	AcceptRollback acceptRollbackCmd `cmd:"" group:"The hub" help:"Let the hub go on after an old backup was restored."`

	Version    versionCmd                `cmd:"" group:"This program" help:"Show the version."`
	Completion kongcompletion.Completion `cmd:"" group:"This program" help:"Complete commands in bash, zsh or fish." completion-shell-default:"false"`
}

// command is what every command of ours can do.
type command interface {
	Run(ctx context.Context, inv *invocation) error
}

func (inv *invocation) parser() (*kong.Kong, error) {
	const about = "The hub lends your company's social-media accounts, one working session at a time, and takes them back."
	options := append(parsing.Options(Name, about, inv.Stdout, inv.Stderr), kong.Bind(inv.Bindings...), kong.Vars(inv.Vars))
	if inv.Server != nil {
		options = append(options, kong.Embed(inv.Server))
	}
	return kong.New(&inv.grammar, options...)
}

// run parses the arguments and runs the command.
func (inv *invocation) run(ctx context.Context) error {
	parser, err := inv.parser()
	if err != nil {
		return err
	}
	args := inv.Args
	if len(args) == 0 {
		args = []string{"--help"}
	}
	inv.JSON = slices.Contains(args, "--json") // also where parsing does not come so far
	parsed, err := parser.Parse(args)
	if errors.Is(err, parsing.ErrHelp) {
		return nil
	}
	if err != nil {
		return usage(err, args)
	}
	inv.JSON = inv.grammar.JSON
	if cmd, ok := parsed.Selected().Target.Addr().Interface().(command); ok {
		return interrupted(ctx, cmd.Run(ctx, inv))
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return plain(parsed.Run()) // a command of the server, or completion, which is kong's own
}

// plain shows an error of the hub's own computer as it is, if it was not made for people: whoever runs these commands is
// the admin who would have to find it in a log.
func plain(err error) error {
	if _, ok := errors.AsType[*keyshift.Error](err); ok || err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return keyshift.Refuse(keyshift.CodeInternal, parsing.Sentence(cliout.Clean(err.Error())), "Mend that, then run the command again.").Because(err)
}

func (inv *invocation) complete() api.Exit {
	parser, err := inv.parser()
	if err == nil {
		kongcompletion.Register(parser)
	}
	return api.ExitOf(err)
}

// usage makes an error for people of the parser's. What may be a secret is not repeated.
func usage(err error, args []string) error {
	path := parsing.Command(err)
	if tellsSecret(err, path, args) {
		return keyshift.Invalid(api.CodeUsage, "A code, a password or a token is never given on the command line: every program on this computer can read it there.",
			"Replace it by a new one, and paste that when “"+Name+" login” or “"+Name+" credential set ACCOUNT” asks for it.")
	}
	return keyshift.Invalid(api.CodeUsage, parsing.Sentence(cliout.Clean(parsing.Complaint(err))), "Run “"+strings.Join(strings.Fields(Name+" "+path+" --help"), " ")+"”.")
}

// tellsSecret reports whether something that was given may have been meant as a secret.
func tellsSecret(err error, path string, args []string) bool {
	for _, a := range args {
		_, value, _ := strings.Cut(a, "=")
		if strings.Contains(a, "keyshift1-") || strings.Contains(a, "otpauth:") || strings.HasPrefix(a, tokenPrefix) || strings.HasPrefix(value, tokenPrefix) {
			return true
		}
	}
	takesSecret := strings.HasPrefix(path, "login") || strings.HasPrefix(path, "credential")
	return takesSecret && strings.Contains(err.Error(), "unexpected argument")
}

// interrupted tells a person who pressed Ctrl-C that it was heard.
func interrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil || keyshift.CodeOf(err) == api.CodeInterrupted {
		return err
	}
	return keyshift.Refuse(api.CodeInterrupted, "Stopped waiting.", "What was asked may still have happened: the list commands show how things stand.").Because(err)
}
