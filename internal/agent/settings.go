package agent

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

const settingsFile = "settings.json"

// settings are what the user has chosen for this device. They stay when it is enrolled elsewhere.
type settings struct {
	files files

	mu   sync.Mutex
	kept chosen
}

// chosen says when everything is checked in because nobody is at the computer.
type chosen struct {
	// WhenIdle is after how long without key or pointer; 0 is never.
	WhenIdle   time.Duration `json:"check_in_when_idle,omitempty"`
	WhenLocked bool          `json:"check_in_when_locked,omitempty"`
}

// The shortest and longest time without key or pointer after which everything can be checked in.
const (
	minIdle = 5 * time.Minute
	maxIdle = 8 * time.Hour
)

func (c chosen) validate() error {
	if c.WhenIdle != 0 && (c.WhenIdle < minIdle || c.WhenIdle > maxIdle) {
		return keyshift.Invalid(keyshift.CodeDurationInvalid, "Accounts can be checked in by themselves after 5 minutes to 8 hours.", "Name a time in between, such as 15m, or 0 for never.")
	}
	return nil
}

// openSettings reads what was chosen. A file that says nothing is as good as none.
func openSettings(files files) (*settings, error) {
	s := &settings{files: files}
	raw, err := files.Read(settingsFile)
	if err != nil && !nothingKept(err) {
		return nil, err
	}
	if err != nil || json.Unmarshal(raw, &s.kept) != nil || s.kept.validate() != nil {
		s.kept = chosen{}
	}
	return s, nil
}

func (s *settings) read() chosen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept
}

func (s *settings) set(c chosen) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	if err := s.files.Write(settingsFile, raw); err != nil {
		return storageError(err)
	}
	s.kept = c
	return nil
}

// Settings tells what the user has chosen.
func (a *Agent) Settings() *v1.LocalSettings {
	c := a.settings.read()
	m := &v1.LocalSettings{CheckInWhenLocked: c.WhenLocked}
	if c.WhenIdle > 0 {
		m.CheckInWhenIdle = durationpb.New(c.WhenIdle)
	}
	return m
}

// SetSettings keeps what the user has chosen; it counts at once, also for what is held already.
func (a *Agent) SetSettings(m *v1.LocalSettings) (*v1.LocalSettings, error) {
	c := chosen{WhenIdle: m.GetCheckInWhenIdle().AsDuration(), WhenLocked: m.GetCheckInWhenLocked()}
	if err := c.validate(); err != nil {
		return nil, err
	}
	if err := a.settings.set(c); err != nil {
		return nil, err
	}
	a.bell.ring()
	return a.Settings(), nil
}
