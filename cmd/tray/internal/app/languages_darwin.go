package app

import (
	"os/exec"
	"regexp"
)

var languageTag = regexp.MustCompile(`[a-z]{2,3}(-[A-Za-z0-9]+)*`)

// systemLanguages are those of the user's system settings, the best first. They are a list of quoted tags.
func systemLanguages() []string {
	out, err := exec.Command("/usr/bin/defaults", "read", "-g", "AppleLanguages").Output()
	if err != nil {
		return nil
	}
	return languageTag.FindAllString(string(out), -1)
}
