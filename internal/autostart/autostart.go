// Package autostart has a program started when its user signs in to the desktop: by an XDG autostart file on Linux, a value
// of the user's Run key on Windows, a LaunchAgent on macOS. Nothing of it needs an administrator, and it concerns nobody
// else on the computer.
package autostart

// Entry is the start of one program. Make it with New.
type Entry struct {
	dir        string
	executable string
	args       []string
}

// New gives the entry of Keyshift's tray. The directory is $XDG_CONFIG_HOME on Linux and the home directory on macOS;
// Windows needs none. The executable is an absolute path. Nothing is changed yet.
func New(dir, executable string, args ...string) *Entry {
	return &Entry{dir: dir, executable: executable, args: args}
}

// Enabled reports whether the program is started at sign-in. A start of it from another place counts, too.
func (e *Entry) Enabled() (bool, error) { return e.enabled() }

// Set has the program started at sign-in, from where it is now, or not any more.
func (e *Entry) Set(on bool) error {
	if on {
		return e.enable()
	}
	return e.disable()
}
