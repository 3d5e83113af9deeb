package tray

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/keyshift-hq/keyshift/internal/atomicfile"
	"github.com/keyshift-hq/keyshift/internal/i18n"
)

// Theme is the appearance of the windows.
type Theme string

// The themes. The zero value follows the computer.
const (
	ThemeSystem Theme = ""
	ThemeLight  Theme = "light"
	ThemeDark   Theme = "dark"
)

// Settings are the user's wishes for the tray. They hold no secret. The zero value is what a new user gets.
type Settings struct {
	// Language is one of i18n's; empty follows the computer.
	Language string `json:"language,omitempty"`
	Theme    Theme  `json:"theme,omitempty"`
	// TextPercent is the size of texts: 100, 125, 150 or 200; 0 means 100.
	TextPercent int `json:"text_percent,omitempty"`
	// Sound plays a sound with reminders.
	Sound bool `json:"sound,omitempty"`
	// SnoozeMinutes is what "later" means on a reminder: 15 or 60; 0 means 15.
	SnoozeMinutes int `json:"snooze_minutes,omitempty"`
}

// TextSizes and Snoozes are what the settings offer.
var (
	TextSizes = []int{100, 125, 150, 200}
	Snoozes   = []int{15, 60}
)

// IdleTimes are the times after which the agent may check everything in when nobody is there.
var IdleTimes = []time.Duration{5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour}

// TextScale is the size of texts as a factor.
func (s Settings) TextScale() float32 {
	if s.TextPercent == 0 {
		return 1
	}
	return float32(s.TextPercent) / 100
}

// Snooze is for how long "later" puts a reminder off.
func (s Settings) Snooze() time.Duration {
	if s.SnoozeMinutes == 0 {
		return 15 * time.Minute
	}
	return time.Duration(s.SnoozeMinutes) * time.Minute
}

// Catalog has the texts of the chosen language, or else of the first known of the computer's.
func (s Settings) Catalog(system ...string) i18n.Catalog {
	return i18n.For(append([]string{s.Language}, system...)...)
}

// sane replaces what no version of the tray offers by the default.
func (s Settings) sane() Settings {
	if s.Theme != ThemeLight && s.Theme != ThemeDark {
		s.Theme = ThemeSystem
	}
	if !slices.Contains(TextSizes, s.TextPercent) {
		s.TextPercent = 0
	}
	if !slices.Contains(Snoozes, s.SnoozeMinutes) {
		s.SnoozeMinutes = 0
	}
	if s.Language != i18n.Pseudo && !slices.Contains(i18n.Languages(), s.Language) {
		s.Language = ""
	}
	return s
}

const (
	settingsFile = "tray.json"
	settingsMax  = 64 << 10
)

// LoadSettings reads the settings in a folder. None, unreadable ones and values that nobody offers are the defaults: a
// tray without its settings still works.
func LoadSettings(folder string) Settings {
	var s Settings
	data, err := readSettings(folder)
	if err != nil || json.Unmarshal(data, &s) != nil {
		return Settings{}
	}
	return s.sane()
}

func readSettings(folder string) ([]byte, error) {
	dir, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	info, err := dir.Stat(settingsFile)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > settingsMax {
		return nil, errors.New("not a settings file")
	}
	return dir.ReadFile(settingsFile)
}

// Save writes the settings into a folder, which is made if need be.
func (s Settings) Save(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make settings folder: %w", err)
	}
	dir, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("open settings folder: %w", err)
	}
	defer func() { _ = dir.Close() }()
	data, err := json.MarshalIndent(s.sane(), "", "  ")
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	if err := atomicfile.Write(dir, settingsFile, append(data, '\n'), fs.FileMode(0o600)); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}
