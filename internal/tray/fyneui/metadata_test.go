package fyneui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../../.."

// said reads the lines of a file that give a value to a name.
func said(t *testing.T, file, sign string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), sign); ok {
			values[name] = strings.Trim(value, `"`)
		}
	}
	return values
}

// TestTheMetadataAgreesWithTheProgram: FyneApp.toml says once what the app is; what is said again has to be the same.
func TestTheMetadataAgreesWithTheProgram(t *testing.T) {
	app := said(t, "FyneApp.toml", " = ")
	if app["ID"] != appID || app["Name"] != "Keyshift" || app["fyneDo"] != "true" {
		t.Errorf("FyneApp.toml says ID %q, Name %q, fyneDo %q", app["ID"], app["Name"], app["fyneDo"])
	}
	if _, err := os.Stat(filepath.Join(root, app["Icon"])); err != nil {
		t.Errorf("the icon: %v", err)
	}
}

func TestTheLauncherEntryAgreesWithTheMetadata(t *testing.T) {
	app, entry := said(t, "FyneApp.toml", " = "), said(t, "installer/linux/keyshift.desktop", "=")
	for _, name := range []string{"Name", "GenericName", "Comment"} {
		if entry[name] != app[name] || entry[name] == "" {
			t.Errorf("%s is %q in the entry and %q in FyneApp.toml", name, entry[name], app[name])
		}
	}
	for _, name := range []string{"Categories", "Keywords"} {
		list := strings.Trim(strings.ReplaceAll(app[name], `"`, ""), "[]")
		if want := strings.ReplaceAll(list, ", ", ";") + ";"; entry[name] != want {
			t.Errorf("%s are %q in the entry, want %q", name, entry[name], want)
		}
	}
}
