package browsertest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// addressFiles are where each kind writes, in its profile, how it can be driven.
var addressFiles = map[Kind]string{Chromium: "DevToolsActivePort", Firefox: "WebDriverBiDiServer.json"}

// Launcher writes an executable that starts the browser as Options say, for a program under test that starts browsers
// itself: the program's own arguments, its profile among them, come last. Profile and Home of o are not used; Env is set
// by the launcher. Drive the browser with [Attach] and the profile that the program chose.
func Launcher(path string, o Options) error {
	program, err := Program(o.Kind)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make folder of launcher: %w", err)
	}
	script, flags, packed := chromiumLauncher, chromiumArguments(o), "true"
	if o.Kind == Firefox {
		script, flags = firefoxLauncher, firefoxArguments(o)
		if packed, err = keepInProfile(o); err != nil {
			return fmt.Errorf("keep extension: %w", err)
		}
		if err := os.WriteFile(path+".prefs", []byte(firefoxPrefs(o)), 0o600); err != nil {
			return fmt.Errorf("write preferences: %w", err)
		}
	}
	text := strings.NewReplacer("ENV", quoteAll(o.Env), "PREFS", quote(path+".prefs"), "PACKED", packed, "PROGRAM", quote(program), "FLAGS", quoteAll(flags)).Replace(script)
	return os.WriteFile(path, []byte(text), 0o700) //nolint:gosec // it is there to be executed
}

const chromiumLauncher = `#!/bin/sh
exec env ENV PROGRAM FLAGS "$@"
`

// Preferences and the packed extension are files of the profile, which the caller's arguments name.
const firefoxLauncher = `#!/bin/sh
before=
for argument do
	case $before in --profile | -profile) profile=$argument ;; esac
	before=$argument
done
mkdir -p "$profile/extensions" && cat PREFS >>"$profile/user.js" && PACKED && rm -f "$profile/WebDriverBiDiServer.json" || exit 1
exec env ENV PROGRAM FLAGS "$@"
`

// keepInProfile is the command that puts the packed extension into the profile.
func keepInProfile(o Options) (string, error) {
	if o.XPI == "" {
		return "true", nil
	}
	id, err := ExtensionID(Firefox, o.Extension)
	return "cp " + quote(o.XPI) + ` "$profile/extensions/"` + quote(id+".xpi"), err
}

func quoteAll(words []string) string {
	var all []string
	for _, w := range words {
		all = append(all, quote(w))
	}
	return strings.Join(all, " ")
}

// quote is for a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
