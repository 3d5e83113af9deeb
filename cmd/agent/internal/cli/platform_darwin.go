package cli

import (
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

var errNoHome = keyshift.Refuse(keyshift.CodeUnavailable, "HOME is not set, so there is no folder for the agent.", "Set HOME, or give --state-dir and --socket.")

func support(env func(string) string) (string, error) {
	if home := env("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, "Library", "Application Support"), nil
	}
	return "", errNoHome
}

// runtimeBase is not $TMPDIR, which the system sweeps.
func runtimeBase(env func(string) string) (string, error) { return support(env) }

func stateBase(env func(string) string) (string, error) {
	dir, err := support(env)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "Keyshift"), nil
}

// keyringHint says what a keyring needs here.
const keyringHint = "Open Keychain Access and see whether the login keychain is there and unlocked."

// socketParent is the folder in which the folder of a socket lies.
func socketParent(path string) string { return filepath.Dir(filepath.Dir(path)) }
