package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// systemd manages the user unit.
type systemd struct {
	file    string // of the unit
	wanted  string // the link that makes the unit start at login
	backend unit
}

func newManager(p program) (Manager, error) {
	if strings.ContainsAny(p.path, `"'\`) {
		return nil, fmt.Errorf("read program %q: systemd starts no path with a quote or a backslash", p.path)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, fmt.Errorf("find home directory: %w", err)
	}
	units := filepath.Join(home, ".config/systemd/user")
	name := UnitName + ".service"
	return &systemd{
		file:    filepath.Join(units, name),
		wanted:  filepath.Join(units, "default.target.wants", name),
		backend: unit{file: filepath.Join(units, name), name: name, text: unitText(p)},
	}, nil
}

func (s *systemd) Install(ctx context.Context) error {
	if err := s.reach(ctx); err != nil {
		return fmt.Errorf("install service: %w", err)
	}
	if err := makeRoom(s.file); err != nil {
		return fmt.Errorf("install service: %w", err)
	}
	if err := within(ctx, s.backend.Install); err != nil {
		return fmt.Errorf("install service: %w", errors.Join(err, discard(s.wanted), discard(s.file)))
	}
	return nil
}

func (s *systemd) Uninstall(ctx context.Context) error {
	err := s.act(ctx, func() error { return errors.Join(s.backend.Stop(), s.backend.Uninstall()) })
	if err != nil {
		return fmt.Errorf("uninstall service: %w", err)
	}
	return nil
}

func (s *systemd) Start(ctx context.Context) error {
	if err := s.act(ctx, s.backend.Start); err != nil {
		return fmt.Errorf("start service: %w", err)
	}
	return nil
}

func (s *systemd) Stop(ctx context.Context) error {
	if err := s.act(ctx, s.backend.Stop); err != nil {
		return fmt.Errorf("stop service: %w", err)
	}
	return nil
}

// act calls the backend for an installed unit. The backend's errors are bare exit codes, so systemd's view of the unit is added.
func (s *systemd) act(ctx context.Context, call func() error) error {
	if err := s.reach(ctx); err != nil {
		return err
	}
	if err := need(s.file); err != nil {
		return err
	}
	err := within(ctx, call)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if st, e := s.Status(ctx); e == nil && st.Detail != "" {
		return fmt.Errorf("%w (%s)", err, st.Detail)
	}
	return err
}

// Status asks the user manager once: about the unit, or if there is none, whether there is a manager.
func (s *systemd) Status(ctx context.Context) (Status, error) {
	ok, err := installed(s.file)
	if err != nil {
		return Status{}, err
	}
	if !ok {
		if err := s.reach(ctx); err != nil {
			return Status{}, fmt.Errorf("read service status: %w", err)
		}
		return Status{}, nil
	}
	out, err := manager(ctx, "--property=LoadState,ActiveState,SubState,UnitFileState,MainPID,Result", UnitName+".service")
	if err != nil {
		return Status{}, fmt.Errorf("read service status: %w", err)
	}
	return parseShow(out), nil
}

// reach asks the user manager for its version.
func (s *systemd) reach(ctx context.Context) error {
	_, err := manager(ctx, "--property=Version")
	return err
}

// manager has the user manager show something, which it does for everyone who can reach it, also of a unit that is not there.
func manager(ctx context.Context, what ...string) (string, error) {
	out, err := systemctl(ctx, append([]string{"show"}, what...)...)
	if err == nil || ctx.Err() != nil {
		return out, err
	}
	return "", fmt.Errorf("%w (%w)", ErrNoServiceSystem, err)
}

// systemctl runs one command against the user manager. Its error holds what systemctl said.
func systemctl(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "systemctl", append([]string{"--user", "--no-pager"}, args...)...) // #nosec G204 -- only constants of this file
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &exit) && len(exit.Stderr) > 0:
		return "", fmt.Errorf("run systemctl: %s", strings.TrimSpace(string(exit.Stderr)))
	case err != nil:
		return "", fmt.Errorf("run systemctl: %w", err)
	}
	return string(out), nil
}

var activeStates = map[string]State{
	"active": Running, "reloading": Running, "refreshing": Running,
	"activating": Starting, "deactivating": Stopping, "inactive": Stopped, "failed": Failed,
}

// parseShow reads the answer of systemctl show: lines of KEY=VALUE. An unknown ActiveState counts as failed.
func parseShow(out string) Status {
	v := map[string]string{}
	var detail []string
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		v[key] = value
		if key != "MainPID" && value != "" {
			detail = append(detail, key+"="+value)
		}
	}
	st := Status{AtLogin: v["UnitFileState"] == "enabled", State: Failed, Detail: strings.Join(detail, " ")}
	if s, ok := activeStates[v["ActiveState"]]; ok {
		st.State = s
	}
	st.PID, _ = strconv.Atoi(v["MainPID"])
	return st
}
