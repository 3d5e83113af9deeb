package tray

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/i18n"
)

func TestSettingsAreKept(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "keyshift")
	want := Settings{Language: "de", Theme: ThemeDark, TextPercent: 200, Sound: true, SnoozeMinutes: 60}
	if err := want.Save(folder); err != nil {
		t.Fatal(err)
	}
	if got := LoadSettings(folder); got != want {
		t.Errorf("loaded %+v, want %+v", got, want)
	}
	info, err := os.Stat(filepath.Join(folder, "tray.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
}

func TestWhatIsNoSettingIsTheDefault(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "broken": "{", "a list": "[]", "of another kind": `{"theme": 3}`,
		"out of range": `{"theme": "pink", "text_percent": 1000, "language": "../../x", "snooze_minutes": -1}`,
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "tray.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := LoadSettings(folder); got != (Settings{}) {
			t.Errorf("%s: loaded %+v, want the defaults", name, got)
		}
	}
	if got := LoadSettings(filepath.Join(t.TempDir(), "none")); got != (Settings{}) {
		t.Errorf("without a folder: loaded %+v", got)
	}
}

func TestALinkIsNotFollowedOut(t *testing.T) {
	outside, folder := t.TempDir(), t.TempDir()
	if err := (Settings{Sound: true}).Save(outside); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "tray.json"), filepath.Join(folder, "tray.json")); err != nil {
		t.Fatal(err)
	}
	if got := LoadSettings(folder); got.Sound {
		t.Error("settings were read through a link that leads out of the folder")
	}
}

func TestSettingsWithoutAValue(t *testing.T) {
	var s Settings
	if s.TextScale() != 1 || s.Snooze() != 15*time.Minute {
		t.Errorf("texts are %v, later is %v", s.TextScale(), s.Snooze())
	}
	if got := s.Catalog("", "fr_FR.UTF-8").Language(); got != i18n.French {
		t.Errorf("the language is %s, want that of the computer", got)
	}
	if got := (Settings{Language: i18n.Spanish}).Catalog("fr").Language(); got != i18n.Spanish {
		t.Errorf("the language is %s, want the chosen one", got)
	}
}
