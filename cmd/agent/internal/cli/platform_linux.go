package cli

import (
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

var errNoRuntimeDir = keyshift.Refuse(keyshift.CodeUnavailable, "XDG_RUNTIME_DIR is not set, so there is no private folder for the agent's socket.",
	"Log in at the desktop or by ssh, where the system sets it (for su, use `machinectl shell`), or give --socket with a path in a folder of your own.")

var errNoHome = keyshift.Refuse(keyshift.CodeUnavailable, "HOME is not set, so there is no folder for the agent's state.", "Set HOME, or give --state-dir.")

// runtimeBase is where sockets of the user lie.
func runtimeBase(env func(string) string) (string, error) {
	if dir := env("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return dir, nil
	}
	return "", errNoRuntimeDir
}

// stateBase follows the XDG Base Directory Specification: a relative path counts as unset.
func stateBase(env func(string) string) (string, error) {
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "keyshift"), nil
	}
	if home := env("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "keyshift"), nil
	}
	return "", errNoHome
}

// keyringHint says what a keyring needs here.
const keyringHint = "On a desktop, log in again. On a bare system, install gnome-keyring or KeePassXC and start it in your session."

// socketParent is the folder in which the folder of a socket lies.
func socketParent(path string) string { return filepath.Dir(filepath.Dir(path)) }
