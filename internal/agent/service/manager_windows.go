package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// Keys below HKEY_CURRENT_USER. The second one is where the Task Manager notes that a user switched a Run value off.
const (
	runKey      = `Software\Microsoft\Windows\CurrentVersion\Run`
	approvedKey = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run`
)

// logon starts the agent at logon through a Run value. Windows does not watch or stop such a program: that is
// what the probe and the local API are for.
type logon struct {
	program
	value   string // the name of the Run value
	command string // its content
}

func newManager(p program) (Manager, error) {
	if p.Probe == nil || p.StopAgent == nil {
		return nil, errors.New("make service: Windows needs a probe and a way to stop the agent")
	}
	command, err := runValue(p)
	if err != nil {
		return nil, err
	}
	return &logon{program: p, value: ValueName, command: command}, nil
}

// checkMode has nothing to check: the mode bits of Windows do not say who may write.
func checkMode(string, fs.FileMode) error { return nil }

func (l *logon) Install(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if ok, err := hasRunValue(l.value); err != nil {
		return fmt.Errorf("install service: %w", err)
	} else if ok {
		return fmt.Errorf("install service: %w", ErrAlreadyInstalled)
	}
	if err := writeRunValue(l.value, l.command); err != nil {
		return fmt.Errorf("install service: %w", err)
	}
	return nil
}

func (l *logon) Uninstall(ctx context.Context) error {
	if err := l.Stop(ctx); err != nil {
		return fmt.Errorf("uninstall service: %w", err)
	}
	err := errors.Join(deleteValue(runKey, l.value), deleteValue(approvedKey, l.value))
	if err != nil {
		return fmt.Errorf("uninstall service: %w", err)
	}
	return nil
}

func (l *logon) Start(ctx context.Context) error {
	running, err := l.running(ctx)
	if err != nil {
		return fmt.Errorf("start service: %w", err)
	}
	if running {
		return nil
	}
	if err := l.launch(); err != nil {
		return fmt.Errorf("start service: %w", err)
	}
	return nil
}

func (l *logon) Stop(ctx context.Context) error {
	running, err := l.running(ctx)
	if err != nil {
		return fmt.Errorf("stop service: %w", err)
	}
	if !running {
		return nil
	}
	if err := l.StopAgent(ctx); err != nil {
		return fmt.Errorf("stop service: %w", err)
	}
	return nil
}

// running asks the probe, but only about an installed service.
func (l *logon) running(ctx context.Context) (bool, error) {
	ok, err := hasRunValue(l.value)
	if err != nil {
		return false, err
	}
	if !ok {
		return false, ErrNotInstalled
	}
	return l.Probe(ctx)
}

func (l *logon) Status(ctx context.Context) (Status, error) {
	running, err := l.running(ctx)
	if errors.Is(err, ErrNotInstalled) {
		return Status{}, nil
	}
	if err != nil {
		return Status{}, fmt.Errorf("read service status: %w", err)
	}
	st := Status{State: Stopped, AtLogin: approved(l.value)}
	if running {
		st.State = Running
	}
	return st, nil
}

// launch starts the agent without a console, so that it survives the one it was started from.
func (l *logon) launch() error {
	cmd := exec.Command(l.path, l.Arguments...) // #nosec G204 -- the program was checked by New
	cmd.SysProcAttr = &syscall.SysProcAttr{
		HideWindow:    true,
		CreationFlags: windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP,
	}
	if l.LogFile != "" {
		f, err := os.OpenFile(l.LogFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("open log file: %w", err)
		}
		defer func() { _ = f.Close() }() // the agent has its own handle
		cmd.Stderr = f
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start program: %w", err)
	}
	return cmd.Process.Release()
}
