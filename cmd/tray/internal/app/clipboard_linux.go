package app

import "os/exec"

// clipboard is a program that keeps what it reads on the clipboard, and its arguments; none if this desk has none. On Linux
// the clipboard belongs to a program that goes on running and answers for it, and these do.
func clipboard(env func(string) string) []string {
	if env("WAYLAND_DISPLAY") != "" {
		if path, err := exec.LookPath("wl-copy"); err == nil {
			return []string{path, "--type", "text/plain"}
		}
	}
	if env("DISPLAY") == "" {
		return nil
	}
	if path, err := exec.LookPath("xclip"); err == nil {
		return []string{path, "-selection", "clipboard"}
	}
	if path, err := exec.LookPath("xsel"); err == nil {
		return []string{path, "--clipboard", "--input"}
	}
	return nil
}
