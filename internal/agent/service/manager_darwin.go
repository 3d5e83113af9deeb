package service

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"path/filepath"

	"github.com/kardianos/service"
)

// launchd manages the LaunchAgent through kardianos/service.
type launchd struct {
	file    string // the plist
	backend service.Service
}

func newManager(p program) (Manager, error) {
	u, err := user.Current() // as kardianos/service does
	if err != nil {
		return nil, fmt.Errorf("find home directory: %w", err)
	}
	b, err := backend("darwin-launchd", &service.Config{
		Name:       AgentName,
		Executable: p.path,
		Option:     service.KeyValue{"UserService": true, "LaunchdConfig": plistText(p)},
	})
	if err != nil {
		return nil, err
	}
	return &launchd{file: filepath.Join(u.HomeDir, "Library/LaunchAgents", AgentName+".plist"), backend: b}, nil
}

func (l *launchd) Install(ctx context.Context) error {
	if err := makeRoom(l.file); err != nil {
		return fmt.Errorf("install service: %w", err)
	}
	if err := within(ctx, l.backend.Install); err != nil {
		return fmt.Errorf("install service: %w", errors.Join(err, discard(l.file)))
	}
	return nil
}

// Uninstall stops the agent too: the backend unloads before it removes.
func (l *launchd) Uninstall(ctx context.Context) error {
	if err := l.act(ctx, l.backend.Uninstall); err != nil {
		return fmt.Errorf("uninstall service: %w", err)
	}
	return nil
}

// Start loads the plist. launchd complains about one that is loaded, so a running agent is left alone.
func (l *launchd) Start(ctx context.Context) error {
	err := l.act(ctx, func() error {
		if st, err := l.backend.Status(); err == nil && st == service.StatusRunning {
			return nil
		}
		return l.backend.Start()
	})
	if err != nil {
		return fmt.Errorf("start service: %w", err)
	}
	return nil
}

func (l *launchd) Stop(ctx context.Context) error {
	if err := l.act(ctx, l.backend.Stop); err != nil {
		return fmt.Errorf("stop service: %w", err)
	}
	return nil
}

func (l *launchd) act(ctx context.Context, call func() error) error {
	if err := need(l.file); err != nil {
		return err
	}
	return within(ctx, call)
}

// Status cannot tell a failed agent from a stopped one; launchd does not say it in a stable form.
func (l *launchd) Status(ctx context.Context) (Status, error) {
	ok, err := installed(l.file)
	if err != nil || !ok {
		return Status{}, err
	}
	st := Status{State: Stopped, AtLogin: true}
	err = within(ctx, func() error {
		now, err := l.backend.Status()
		if err == nil && now == service.StatusRunning {
			st.State = Running
		}
		return err
	})
	if err != nil {
		return Status{}, fmt.Errorf("read service status: %w", err)
	}
	return st, nil
}
