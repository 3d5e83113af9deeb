package service

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows/registry"
)

func hasRunValue(name string) (bool, error) {
	k, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open Run key: %w", err)
	}
	defer func() { _ = k.Close() }() // only read
	_, _, err = k.GetStringValue(name)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read Run value: %w", err)
	}
	return true, nil
}

func writeRunValue(name, command string) error {
	k, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return fmt.Errorf("open Run key: %w", err)
	}
	err = k.SetStringValue(name, command)
	if err := errors.Join(err, k.Close()); err != nil {
		return fmt.Errorf("write Run value: %w", err)
	}
	return nil
}

// deleteValue removes one value below key; absence is success.
func deleteValue(key, name string) error {
	k, err := registry.OpenKey(registry.CURRENT_USER, key, registry.SET_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open registry key: %w", err)
	}
	err = k.DeleteValue(name)
	if errors.Is(err, registry.ErrNotExist) {
		err = nil
	}
	if err := errors.Join(err, k.Close()); err != nil {
		return fmt.Errorf("remove registry value: %w", err)
	}
	return nil
}

// approved tells whether Windows will honor the Run value. Nothing noted means yes; an odd first byte means that the
// user switched it off.
func approved(name string) bool {
	k, err := registry.OpenKey(registry.CURRENT_USER, approvedKey, registry.QUERY_VALUE)
	if err != nil {
		return true
	}
	defer func() { _ = k.Close() }() // only read
	note, _, err := k.GetBinaryValue(name)
	return err != nil || len(note) == 0 || note[0]&1 == 0
}
