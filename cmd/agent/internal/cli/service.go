package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/agent/service"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// manager makes the user's service out of this very program.
func (inv *invocation) manager() (service.Manager, error) {
	options := service.Options{Arguments: inv.runArguments(), LogonArguments: []string{"start"}, Notifies: true, LogFile: inv.logFile(), Probe: inv.probe, StopAgent: inv.stopAgent}
	return inv.NewService(inv.Executable, options)
}

// runArguments start an agent in the same places as this command.
func (inv *invocation) runArguments() []string {
	arguments := []string{"run"}
	if dir, err := inv.stateDir(); err == nil && inv.grammar.StateDir != "" {
		arguments = append(arguments, "--state-dir", dir)
	}
	if inv.grammar.Socket != "" {
		arguments = append(arguments, "--socket", inv.grammar.Socket)
	}
	return arguments
}

// logFile is for systems without a journal; none where there is no state folder.
func (inv *invocation) logFile() string {
	dir, err := inv.stateDir()
	if err != nil || !filepath.IsAbs(dir) {
		return ""
	}
	return filepath.Join(dir, "agent.log")
}

// probe asks whether an agent answers.
func (inv *invocation) probe(ctx context.Context) (bool, error) {
	client, err := inv.client()
	if err != nil {
		return false, err
	}
	_, err = client.Status(ctx)
	if keyshift.CodeOf(err) == keyshift.CodeAgentNotRunning {
		return false, nil
	}
	return err == nil, err
}

// stopAgent asks the running agent to end, and waits until it has.
func (inv *invocation) stopAgent(ctx context.Context) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	if err := client.Stop(ctx); err != nil {
		return err
	}
	for _, err := range client.Events(ctx) {
		if keyshift.CodeOf(err) == keyshift.CodeAgentNotRunning {
			return nil
		}
	}
	return ctx.Err()
}

// explainService puts the errors of the service into words.
func explainService(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, service.ErrNoServiceSystem):
		return keyshift.Refuse(keyshift.CodeUnavailable, "This login has no service manager for users.",
			"Run the agent in the foreground with `"+Name+" run`, or let your container start it.").Because(err)
	case errors.Is(err, service.ErrAlreadyInstalled):
		return keyshift.Refuse(keyshift.CodeAlreadyExists, "The agent is installed already.", "To install it anew, run `"+Name+" uninstall` first.").Because(err)
	case errors.Is(err, service.ErrNotInstalled):
		return keyshift.Refuse(keyshift.CodeNotFound, "The agent is not installed.", "Run `"+Name+" install`, or the agent in this terminal with `"+Name+" run`.").Because(err)
	case errors.Is(err, service.ErrUnsafeProgram):
		return keyshift.Refuse(keyshift.CodeForbidden, "Other users of this computer could replace the program.", "Install it where only you or the system can write, and try again.").Because(err)
	}
	if _, ok := errors.AsType[*keyshift.Error](err); ok || errors.Is(err, context.Canceled) {
		return err
	}
	return keyshift.Refuse(keyshift.CodeUnavailable, "The service manager did not do it: "+clean(err.Error())+".", "Run `"+Name+" doctor`.").Because(err)
}

// changeService does one thing to the service and tells what it is afterwards.
func (inv *invocation) changeService(ctx context.Context, change func(service.Manager) error, done string) error {
	manager, err := inv.manager()
	if err == nil {
		err = change(manager)
	}
	if err != nil {
		return explainService(err)
	}
	return inv.sayService(ctx, done)
}

func (inv *invocation) sayService(ctx context.Context, done string) error {
	svc := inv.serviceStatus(ctx)
	return inv.Value(map[string]serviceView{"service": svc}, func(w io.Writer) { _, _ = fmt.Fprintln(w, done) })
}

type installCmd struct{}

func (cmd *installCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.changeService(ctx, func(m service.Manager) error { return m.Install(ctx) },
		"The agent starts at each of your logins. Start it now: "+Name+" start")
}

type uninstallCmd struct{}

func (cmd *uninstallCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.changeService(ctx, func(m service.Manager) error { return m.Uninstall(ctx) },
		"The agent is stopped and does not start any more. This computer stays enrolled until you run: "+Name+" unenroll")
}

type startCmd struct{}

func (cmd *startCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.changeService(ctx, func(m service.Manager) error { return m.Start(ctx) }, "The agent is started. See how it is: "+Name+" status")
}

type stopCmd struct{}

// Run stops the service and whatever agent answers then, which may have been started without it.
func (cmd *stopCmd) Run(ctx context.Context, inv *invocation) error {
	manager, err := inv.manager()
	if err == nil {
		err = manager.Stop(ctx)
	}
	if err != nil && !errors.Is(err, service.ErrNotInstalled) && !errors.Is(err, service.ErrNoServiceSystem) {
		return explainService(err)
	}
	running, probeErr := inv.probe(ctx)
	switch {
	case probeErr != nil:
		return probeErr
	case running:
		err = inv.stopAgent(ctx)
	case err != nil:
		return keyshift.Refuse(keyshift.CodeAgentNotRunning, "The agent is not running.", "There is nothing to stop.").Because(err)
	}
	if err != nil {
		return err
	}
	return inv.sayService(ctx, "The agent is stopped. Live leases end unless it runs again soon: "+Name+" start")
}
