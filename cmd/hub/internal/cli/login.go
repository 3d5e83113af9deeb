package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type loginCmd struct {
	Name     string `placeholder:"NAME" help:"Your user name, for the code that makes the first owner of a new hub."`
	FullName string `placeholder:"TEXT" help:"Your name in full, with --name."`
}

// Help explains where the code comes from.
func (*loginCmd) Help() string {
	return "The code comes from an admin (" + Name + " codes login NAME) or, for a new hub, from its first start. Paste it when you are asked, or pipe it in; it is never an argument."
}

// Run logs in. Everything that can fail is tried before the code is used up: it works only once.
func (c *loginCmd) Run(ctx context.Context, inv *invocation) error {
	if err := checkProfileName(inv.grammar.Profile); err != nil {
		return err
	}
	code, err := c.code(ctx, inv)
	if err != nil {
		return err
	}
	before, _ := inv.login()
	next := profile{HubURL: code.HubURL, HubKey: code.HubKey, TLSPin: code.TLSPin}
	if inv.grammar.TokenFile != "" {
		if next.TokenFile, err = filepath.Abs(inv.grammar.TokenFile); err != nil {
			return fmt.Errorf("find token file: %w", err)
		}
	}
	store := inv.tokensOf(next)
	if err := errors.Join(inv.profiles().probe(), store.Prepare(ctx)); err != nil {
		return err
	}
	endOld := inv.oldLogin(ctx, before, store)
	answer, err := c.redeem(ctx, inv, next, code)
	if err != nil {
		return err
	}
	next.HubID, next.HubName, next.User = answer.GetHubId(), answer.GetHubName(), answer.GetUser().GetName()
	if err := inv.keep(ctx, store, next, keyshift.NewSecret(answer.GetToken())); err != nil {
		return err
	}
	endOld()
	return inv.greet(answer, store.Where())
}

func checkProfileName(name string) error {
	if keyshift.ValidateName("profile", name) != nil {
		return keyshift.Invalid(keyshift.CodeFieldInvalid, "The name of a profile has 1 to 63 lower-case letters, digits, dots, hyphens or underscores.", "Choose a name like “default” or “staging”.")
	}
	return nil
}

// code asks for the code and looks whether it can be one for this command.
func (c *loginCmd) code(ctx context.Context, inv *invocation) (keyshift.Invitation, error) {
	answers, err := inv.ask(ctx, question{"Login code: ", true})
	if err != nil {
		return keyshift.Invitation{}, err
	}
	if strings.TrimSpace(answers[0]) == "" {
		return keyshift.Invitation{}, keyshift.Invalid(api.CodeUsage, "No code was given.", "Paste it when you are asked, or pipe it in: “"+Name+" login < FILE”.")
	}
	code, err := keyshift.ParseInvitation(answers[0])
	switch {
	case err != nil:
		return keyshift.Invitation{}, err
	case code.Kind == keyshift.EnrollmentCode:
		return keyshift.Invitation{}, keyshift.Invalid(keyshift.CodeCodeInvalid, "This code enrolls a device; it is not for logging in.",
			"Run “keyshift-agent enroll” on the device, or ask for a login code: “"+Name+" codes login NAME”.")
	case code.Kind == keyshift.FirstOwnerCode && c.Name == "":
		return keyshift.Invitation{}, keyshift.Invalid(api.CodeUsage, "This code makes the first owner of a new hub, who needs a name.", "Run “"+Name+" login --name YOU”.")
	case code.Kind == keyshift.LoginCode && c.Name != "":
		return keyshift.Invitation{}, keyshift.Invalid(api.CodeUsage, "This code is for a user that exists already.", "Leave --name out.")
	case c.Name != "":
		err = keyshift.ValidateName("user", c.Name)
	}
	return code, err
}

// redeem exchanges the code, after a look at who answers.
func (c *loginCmd) redeem(ctx context.Context, inv *invocation, p profile, code keyshift.Invitation) (*v1.LoginResponse, error) {
	hub, err := inv.dial(p.target(), nil)
	if err != nil {
		return nil, err
	}
	defer hub.Close()
	if _, err := hub.CheckIdentity(ctx); err != nil {
		return nil, err
	}
	return hubclient.Call(ctx, hub.Auth.Login, &v1.LoginRequest{
		Code: code.SecretText(), UserName: c.Name, DisplayName: c.FullName, Label: keyshift.CleanText(inv.Label, 80),
	})
}

// keep stores token and profile. If that does not work, the token is ended at the hub: nobody has it.
func (inv *invocation) keep(ctx context.Context, store tokenStore, p profile, token keyshift.Secret) error {
	err := store.Set(ctx, token)
	if err == nil {
		err = inv.profiles().save(inv.grammar.Profile, p)
	}
	if err == nil {
		return nil
	}
	ended := inv.endToken(ctx, p, token)
	if lost := errors.Join(ended, store.Delete(context.WithoutCancel(ctx))); lost != nil {
		inv.Note("The token that was not kept may still work: ask an admin to deactivate and activate your user.")
	}
	inv.Note("The code is used up: ask for a new one.")
	return err
}

// endTokenWithin is how long a hub is asked to end a token that is not needed any more.
const endTokenWithin = 5 * time.Second

// endToken ends a token at the hub. It is tried also when the person has pressed Ctrl-C.
func (inv *invocation) endToken(ctx context.Context, p profile, token keyshift.Secret) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTokenWithin)
	defer cancel()
	hub, err := inv.dial(p.target(), func(context.Context) (keyshift.Secret, error) { return token, nil })
	if err != nil {
		return err
	}
	defer hub.Close()
	_, err = hubclient.Call(ctx, hub.Auth.Logout, &v1.LogoutRequest{})
	return err
}

// oldLogin remembers the login that a new one replaces, and gives what ends it. A login that cannot be ended any more
// does no harm to the new one: its token ends by itself after 30 days.
func (inv *invocation) oldLogin(ctx context.Context, before profile, next tokenStore) (end func()) {
	if before.HubURL == "" {
		return func() {}
	}
	store := inv.tokensOf(before)
	token, err := store.Get(ctx)
	if err != nil {
		return func() {}
	}
	return func() {
		if inv.endToken(ctx, before, token) != nil {
			inv.Note("The login that was there before could not be ended at its hub; it ends by itself within 30 days.")
		}
		if store.Where() != next.Where() && store.Delete(context.WithoutCancel(ctx)) != nil {
			inv.Note("Its token could not be removed from %s.", clean(store.Where()))
		}
	}
}

// greet says who one is now. The token is not part of any answer.
func (inv *invocation) greet(l *v1.LoginResponse, where string) error {
	answer := &v1.WhoAmIResponse{User: l.GetUser(), HubId: l.GetHubId(), HubName: l.GetHubName()}
	return inv.Message(answer, func(w io.Writer) {
		fmt.Fprintf(w, "Logged in at %s as %s (%s).\nThe token lies in %s and works for 30 days.\n", clean(l.GetHubName()), clean(l.GetUser().GetName()), rolesText(l.GetUser()), clean(where))
		if l.GetUser().GetActive() && strings.Contains(rolesText(l.GetUser()), "owner") {
			fmt.Fprintf(w, "Next: %s accounts add x/HANDLE, then %s users add NAME.\n", Name, Name)
		}
	})
}

type logoutCmd struct{}

// Run ends the token at the hub and removes it here. It is removed here also if the hub cannot be told.
func (c *logoutCmd) Run(ctx context.Context, inv *invocation) error {
	p, err := inv.login()
	if err != nil {
		return err
	}
	store := inv.tokens(p)
	token, err := store.Get(ctx)
	if err != nil {
		return err
	}
	told := inv.endToken(ctx, p, token)
	if err := store.Delete(ctx); err != nil {
		return err
	}
	switch keyshift.CodeOf(told) {
	case "", keyshift.CodeTokenInvalid, keyshift.CodeUserInactive:
		return inv.Message(&v1.LogoutResponse{}, func(w io.Writer) { fmt.Fprintf(w, "Logged out of %s.\n", clean(p.HubName)) })
	}
	return keyshift.Refuse(keyshift.CodeOf(told), "The token is removed from this computer, but the hub could not be told: there it works until it ends by itself, within 30 days.",
		"If somebody may have copied it, ask an admin to deactivate and activate your user.").Because(told)
}

type whoamiCmd struct{}

// Run asks the hub, so that the answer also says whether the login still works.
func (c *whoamiCmd) Run(ctx context.Context, inv *invocation) error {
	hub, err := inv.hub()
	if err != nil {
		return err
	}
	defer hub.Close()
	p, err := inv.login()
	if err != nil {
		return err
	}
	me, err := hubclient.Call(ctx, hub.Auth.WhoAmI, &v1.WhoAmIRequest{})
	if err != nil {
		return err
	}
	return inv.Message(me, func(w io.Writer) {
		fmt.Fprintf(w, "%s (%s) at %s, %s\n", shown(me.GetUser()), rolesText(me.GetUser()), clean(me.GetHubName()), clean(p.HubURL))
	})
}
