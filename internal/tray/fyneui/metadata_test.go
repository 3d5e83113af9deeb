package fyneui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheMetadataAgreesWithTheProgram: FyneApp.toml says once what the app is; what is said again has to be the same.
func TestTheMetadataAgreesWithTheProgram(t *testing.T) {
	const root = "../../.."
	text, err := os.ReadFile(filepath.Join(root, "FyneApp.toml"))
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), " = "); ok {
			said[key] = strings.Trim(value, `"`)
		}
	}
	if said["ID"] != appID || said["Name"] != "Keyshift" || said["fyneDo"] != "true" {
		t.Errorf("FyneApp.toml says ID %q, Name %q, fyneDo %q", said["ID"], said["Name"], said["fyneDo"])
	}
	if _, err := os.Stat(filepath.Join(root, said["Icon"])); err != nil {
		t.Errorf("the icon: %v", err)
	}
}
