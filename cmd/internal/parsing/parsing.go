// Package parsing is what the grammars of our command lines have in common: help is a flag that ends the parsing, and what the
// parser complains about is told to people in sentences.
package parsing

import (
	"errors"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// ErrHelp ends the parsing after help was shown. It is no failure.
var ErrHelp = errors.New("help was shown")

// HelpFlag shows the help of the command before it, and ends the parsing with [ErrHelp].
type HelpFlag bool

// IgnoreDefault keeps kong from applying a flag that nobody gave.
func (HelpFlag) IgnoreDefault() {}

// BeforeReset is called by kong when the flag is there.
func (HelpFlag) BeforeReset(ctx *kong.Context) error {
	return errors.Join(ctx.PrintUsage(false), ErrHelp)
}

// Options are those of every command line of ours.
func Options(program, description string, out, errOut io.Writer) []kong.Option {
	return []kong.Option{
		kong.Name(program),
		kong.Description(description),
		kong.NoDefaultHelp(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.Writers(out, errOut),
		kong.Exit(func(int) {}), // only completion asks for it, after its work
	}
}

// Command is the path of the command at which the parser gave up, such as "accounts add"; empty if it came to none.
func Command(err error) string {
	if parse, ok := errors.AsType[*kong.ParseError](err); ok && parse.Context != nil && parse.Context.Selected() != nil {
		return parse.Context.Selected().Path()
	}
	return ""
}

// Complaint is what the parser says, without its word for the end of the line.
func Complaint(err error) string {
	flag, _, found := strings.Cut(err.Error(), ": expected ")
	if found && strings.HasSuffix(err.Error(), "(<EOL>)") {
		return flag + " needs a value"
	}
	if list, _, found := strings.Cut(err.Error(), ": missing value, expecting "); found {
		return list + " needs a value"
	}
	return err.Error()
}

// Sentence begins a text with a capital and ends it with a stop.
func Sentence(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + strings.TrimRight(text[1:], "?.") + "."
}
