package autostart

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"golang.org/x/sys/windows/registry"
)

const (
	runKey = `Software\Microsoft\Windows\CurrentVersion\Run`
	value  = "Keyshift"
)

func (e *Entry) enabled() (bool, error) {
	key, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if err != nil {
		return false, fmt.Errorf("open Run key: %w", err)
	}
	defer key.Close()
	_, _, err = key.GetStringValue(value)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read Run key: %w", err)
	}
	return true, nil
}

func (e *Entry) enable() error {
	words := []string{syscall.EscapeArg(e.executable)}
	for _, a := range e.args {
		words = append(words, syscall.EscapeArg(a))
	}
	return change(func(key registry.Key) error { return key.SetStringValue(value, strings.Join(words, " ")) })
}

func (e *Entry) disable() error {
	return change(func(key registry.Key) error {
		if err := key.DeleteValue(value); !errors.Is(err, registry.ErrNotExist) {
			return err
		}
		return nil
	})
}

func change(do func(registry.Key) error) error {
	key, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return fmt.Errorf("open Run key: %w", err)
	}
	defer key.Close()
	if err := do(key); err != nil {
		return fmt.Errorf("write Run key: %w", err)
	}
	return nil
}
