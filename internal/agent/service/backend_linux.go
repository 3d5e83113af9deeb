package service

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// unit writes, enables, starts and stops a unit of the user's manager. kardianos/service could, but it looks through PATH for
// service managers whenever a program begins that has it, and every command would wait for that.
type unit struct{ file, name, text string }

// Install makes the unit start at login.
func (u unit) Install() error {
	if err := os.MkdirAll(filepath.Dir(u.file), 0o755); err != nil { //nolint:gosec // as systemd makes it
		return fmt.Errorf("create folder of units: %w", err)
	}
	if err := os.WriteFile(u.file, []byte(u.text), 0o644); err != nil { //nolint:gosec // nothing in it is secret
		return fmt.Errorf("write unit: %w", err)
	}
	return u.tell([]string{"enable", u.name}, []string{"daemon-reload"})
}

// Uninstall removes the unit. It does not stop it.
func (u unit) Uninstall() error {
	if err := u.tell([]string{"disable", u.name}); err != nil {
		return err
	}
	if err := discard(u.file); err != nil {
		return err
	}
	return u.tell([]string{"daemon-reload"})
}

func (u unit) Start() error { return u.tell([]string{"start", u.name}) }
func (u unit) Stop() error  { return u.tell([]string{"stop", u.name}) }

// tell runs systemctl, once for each command, until one fails. No context ends it: half an installation is worse than a
// late one.
func (unit) tell(commands ...[]string) error {
	for _, args := range commands {
		if _, err := systemctl(context.Background(), args...); err != nil {
			return err
		}
	}
	return nil
}
