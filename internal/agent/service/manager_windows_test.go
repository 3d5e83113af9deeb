package service

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows/registry"
)

// newLogon is a manager in the real registry, under a name that no installed agent has. The agent it talks to is a flag.
func newLogon(t *testing.T, opts Options) (m *logon, running *bool) {
	t.Helper()
	running = new(bool)
	opts.Probe = func(context.Context) (bool, error) { return *running, nil }
	opts.StopAgent = func(context.Context) error { *running = false; return nil }
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	manager, err := New(exe, opts)
	if err != nil {
		t.Fatal(err)
	}
	m = manager.(*logon)
	m.value = "KeyshiftAgentTest" + rand.Text()
	t.Cleanup(func() { _ = errors.Join(deleteValue(runKey, m.value), deleteValue(approvedKey, m.value)) })
	return m, running
}

func wantStatus(t *testing.T, m *logon, want Status) {
	t.Helper()
	if got, err := m.Status(t.Context()); err != nil || got != want {
		t.Errorf("status: got %+v, %v, want %+v", got, err, want)
	}
}

func TestTheRunValueComesAndGoes(t *testing.T) {
	m, running := newLogon(t, Options{LogonArguments: []string{"start"}})
	wantStatus(t, m, Status{})
	if err := m.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := readRunValue(t, m.value); got != `"`+m.path+`" "start"` {
		t.Errorf("Run value: got %s", got)
	}
	wantStatus(t, m, Status{State: Stopped, AtLogin: true})
	if err := m.Install(t.Context()); !errors.Is(err, ErrAlreadyInstalled) {
		t.Errorf("second install: got %v, want ErrAlreadyInstalled", err)
	}
	*running = true
	wantStatus(t, m, Status{State: Running, AtLogin: true})
	if err := m.Uninstall(t.Context()); err != nil {
		t.Fatal(err)
	}
	if *running {
		t.Error("uninstall left the agent running")
	}
	wantStatus(t, m, Status{})
	if err := m.Uninstall(t.Context()); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("second uninstall: got %v, want ErrNotInstalled", err)
	}
}

func readRunValue(t *testing.T, name string) string {
	t.Helper()
	k, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	got, _, err := k.GetStringValue(name)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestATaskManagerThatSaysNoIsBelieved: what users switch off there stays in the Run key.
func TestATaskManagerThatSaysNoIsBelieved(t *testing.T) {
	m, _ := newLogon(t, Options{})
	if err := m.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	for first, want := range map[byte]bool{2: true, 3: false, 6: true, 7: false} {
		k, _, err := registry.CreateKey(registry.CURRENT_USER, approvedKey, registry.SET_VALUE)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(k.SetBinaryValue(m.value, []byte{first, 0, 0, 0}), k.Close()); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, m, Status{State: Stopped, AtLogin: want})
	}
}

// TestStartLaunchesTheProgram with an option that it does not know, and finds the complaint in its log.
func TestStartLaunchesTheProgram(t *testing.T) {
	log := filepath.Join(os.TempDir(), rand.Text()+".log")
	t.Cleanup(func() { _ = os.Remove(log) })
	m, running := newLogon(t, Options{Arguments: []string{"-no-such-option"}, LogFile: log})
	if err := m.Start(t.Context()); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("before install: got %v, want ErrNotInstalled", err)
	}
	if err := m.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	*running = true
	if err := m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(log); err == nil {
		t.Error("started a second agent")
	}
	*running = false
	if err := m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		text, err := os.ReadFile(log)
		if err == nil && strings.Contains(string(text), "no-such-option") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the log holds %q, %v", text, err)
		}
	}
}

func TestWindowsNeedsAProbeAndAStop(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(exe, Options{}); err == nil {
		t.Error("got no error")
	}
}
