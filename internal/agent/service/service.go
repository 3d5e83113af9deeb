// Package service makes the agent start with its user: it installs, removes, starts, stops and shows
// `keyshift-agent run` as a background service of one osUser, never of the system.
//
// A system service could not do the agent's work. The keyring, the session bus and the work browser belong to
// the osUser, and a privileged agent would be a way to become root. So each system gets what its users own:
//
//	Linux    a systemd user unit, ~/.config/systemd/user/keyshift-agent.service
//	macOS    a LaunchAgent, ~/Library/LaunchAgents/io.github.keyshift-hq.agent.plist
//	Windows  a Run value in the user's registry, HKEY_CURRENT_USER
//
// None of this is needed to run the agent. Where there is no systemd user manager, as in a container,
// every call answers [ErrNoServiceSystem], and its text says how to run the agent in the foreground.
//
// The unit is hardened with what a user manager allows on every distribution: no new privileges, no core
// file, no swap, few address families, no system calls that only administrators need. Whatever the agent starts as
// a child inherits these limits and ends with the service. Limits that need a mount or user namespace of their own
// (ProtectSystem, PrivateTmp) are left out, because distributions that forbid unprivileged user namespaces would
// refuse to start the unit, and limits that break a browser started as a child (MemoryDenyWriteExecute,
// RestrictNamespaces) are left out as well.
//
// [Notifier] speaks the readiness and watchdog protocol of systemd for an agent that was started by such a unit.
package service

import (
	"context"
	"errors"
)

// Names under which the service is known to the three systems.
const (
	UnitName  = "keyshift-agent"              // systemd: without ".service"
	AgentName = "io.github.keyshift-hq.agent" // launchd: the label
	ValueName = "KeyshiftAgent"               // Windows: the registry value below the Run key
)

// Errors that a caller tells apart with errors.Is.
var (
	// ErrNoServiceSystem means that this login has nothing that could run a user service.
	ErrNoServiceSystem = errors.New("this login has no service manager for users: run `keyshift-agent run` in the foreground, or let your container start it")
	// ErrAlreadyInstalled means that an earlier Install left a service, whatever its program or text.
	ErrAlreadyInstalled = errors.New("the service is already installed: uninstall it first to install it anew")
	// ErrNotInstalled means that there is no service to stop, start or remove.
	ErrNotInstalled = errors.New("the service is not installed")
	// ErrUnsafeProgram means that other users could replace the program which the service would start.
	ErrUnsafeProgram = errors.New("other users may write to the program")
)

// Manager is the agent's service for the osUser who calls. Its methods may be called from several goroutines, but
// the system underneath does not promise that two installations at once make sense.
//
// Every method returns when its context ends, with the context's error. What it asked the system for by then may
// still happen.
type Manager interface {
	// Install makes the service start at each login of the user. It does not start it now.
	Install(ctx context.Context) error
	// Uninstall stops the service and removes every trace that Install left.
	Uninstall(ctx context.Context) error
	// Start starts the installed service now. Starting one that runs is no error.
	Start(ctx context.Context) error
	// Stop ends the running agent and waits for it as long as the system does: 15 seconds. The service stays installed.
	Stop(ctx context.Context) error
	// Status tells what is known. A service that is not installed is a status, not an error.
	Status(ctx context.Context) (Status, error)
}

// Options are what a caller may choose. The zero value is a service that runs `keyshift-agent run` and whose
// readiness and health are not watched.
type Options struct {
	// Arguments of the program; empty means "run".
	Arguments []string
	// Notifies says that the agent uses a [Notifier]: systemd then waits for Ready and restarts an agent
	// that is silent for 30 seconds. Without it systemd never looks.
	Notifies bool
	// LogFile is the absolute path that receives the agent's standard error where there is no journal
	// (macOS; Windows for an agent started by Start). Empty means that it is discarded.
	LogFile string
	// LogonArguments replace Arguments in the Run value of Windows; empty means Arguments. A console program
	// that Windows starts at logon owns a window, so arguments that start the agent through [Manager.Start] and
	// end at once serve the user better.
	LogonArguments []string
	// Probe tells whether an agent answers on the local API. Windows has no other way to know; required there.
	Probe func(context.Context) (bool, error)
	// StopAgent asks the running agent to end, through its local API. Required on Windows, unused elsewhere.
	StopAgent func(context.Context) error
}

// Status is the state of the service at one moment. The zero value means not installed.
type Status struct {
	State   State
	AtLogin bool   // whether it starts at the next login of the user
	PID     int    // of the agent, 0 when it does not run or the system does not say
	Detail  string // the system's own words, for support; may be empty
}

// State is what the service does.
type State int

// The states of a service. Starting includes the pause before a restart.
const (
	NotInstalled State = iota
	Stopped
	Starting
	Running
	Stopping
	Failed
)

// String is the state in words for people.
func (s State) String() string {
	names := [...]string{"not installed", "stopped", "starting", "running", "stopping", "failed"}
	if s < 0 || int(s) >= len(names) {
		return "unknown"
	}
	return names[s]
}

// New returns the manager of this system for the program at the absolute path executable. It touches nothing;
// the error is about the program or the options.
func New(executable string, opts Options) (Manager, error) {
	p, err := newProgram(executable, opts)
	if err != nil {
		return nil, err
	}
	return newManager(p)
}
