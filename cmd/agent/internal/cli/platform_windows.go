package cli

import (
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

var errNoHome = keyshift.Refuse(keyshift.CodeUnavailable, "LOCALAPPDATA is not set, so there is no folder for the agent's state.", "Log in again, or give --state-dir.")

// runtimeBase is nothing: pipes have no folder.
func runtimeBase(func(string) string) (string, error) { return "", nil }

func stateBase(env func(string) string) (string, error) {
	if dir := env("LOCALAPPDATA"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "Keyshift"), nil
	}
	return "", errNoHome
}

// keyringHint says what a keyring needs here.
const keyringHint = "See in services.msc whether the Credential Manager runs."

// socketParent is nothing: pipes have no folder.
func socketParent(string) string { return "" }
