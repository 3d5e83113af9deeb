package autostart

import (
	"path/filepath"
	"slices"
	"strings"
)

func (e *Entry) path() string { return filepath.Join(e.dir, "autostart", "keyshift.desktop") }

// text is a desktop entry (freedesktop.org, Desktop Entry Specification 1.5).
func (e *Entry) text() string {
	words := []string{quoted(e.executable)}
	for _, a := range e.args {
		words = append(words, quoted(a))
	}
	return "[Desktop Entry]\nType=Application\nName=Keyshift\nExec=" + strings.Join(words, " ") + "\nIcon=keyshift\nTerminal=false\nX-GNOME-Autostart-enabled=true\n"
}

// quoted writes an argument of Exec: in double quotes, with what is special in them escaped, and once more as a string of
// a desktop entry.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\\\`, `"`, `\\"`, "`", "\\\\`", `$`, `\\$`, `%`, `%%`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + `"`
}

func off(text string) bool {
	lines := strings.Split(text, "\n")
	return slices.Contains(lines, "Hidden=true") || slices.Contains(lines, "X-GNOME-Autostart-enabled=false")
}
