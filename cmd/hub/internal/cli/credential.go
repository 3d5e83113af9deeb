package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type credentialCmd struct {
	Set credentialSetCmd `cmd:"" help:"Store login, password and one-time-code seed of an account. Nothing shows them again."`
}

type credentialSetCmd struct {
	Account string `arg:"" help:"The account, like x/acme."`
}

// Help explains the input.
func (*credentialSetCmd) Help() string {
	return "At a terminal you are asked. Otherwise standard input has three lines: login, password, and the otpauth:// address or Base32 seed of the one-time codes. The third may be missing; then the account has no codes."
}

// Run stores a credential.
func (c *credentialSetCmd) Run(ctx context.Context, inv *invocation) error {
	hub, err := inv.hub()
	if err != nil {
		return err
	}
	defer hub.Close()
	request, err := c.read(ctx, inv)
	if err != nil {
		return err
	}
	answer, err := hubclient.Call(ctx, hub.Accounts.SetCredential, request)
	if err != nil {
		return err
	}
	return inv.Message(answer, func(w io.Writer) {
		codes := "without one-time codes"
		if answer.GetAccount().GetHasCodeSeed() {
			codes = "with one-time codes"
		}
		fmt.Fprintf(w, "Stored the login of %s, %s. Nobody can read it back: new leases get it.\n", accountName(answer.GetAccount()), codes)
	})
}

// read asks for the parts. The password is asked for twice at a terminal, because nobody can look at it later.
func (c *credentialSetCmd) read(ctx context.Context, inv *invocation) (*v1.SetCredentialRequest, error) {
	questions := []question{{"Login: ", false}, {"Password: ", true}, {"One-time-code seed or otpauth:// address (empty for none): ", true}}
	if inv.Console != nil {
		questions = []question{questions[0], questions[1], {"Password again: ", true}, questions[2]}
	}
	answers, err := inv.ask(ctx, questions...)
	if err != nil {
		return nil, err
	}
	login, password, seed := strings.TrimSpace(answers[0]), answers[1], strings.TrimSpace(answers[len(answers)-1])
	if inv.Console != nil && password != answers[2] {
		return nil, keyshift.Invalid(keyshift.CodeCredentialInvalid, "The two passwords differ.", "Run the command again, and paste the password both times.")
	}
	if err := (keyshift.Credential{Login: login, Password: keyshift.NewSecret(password)}).Validate(); err != nil {
		return nil, err
	}
	return &v1.SetCredentialRequest{Account: c.Account, Login: login, Password: password, CodeSeed: seed}, nil
}
