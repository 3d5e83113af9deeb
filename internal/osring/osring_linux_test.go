package osring_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/osring"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

const password = "a login password"

func TestGnomeKeyringKeepsItemsOverItsRestart(t *testing.T) {
	session := osringtest.StartSession(t)
	session.Setenv(t)
	stop := session.StartGnomeKeyring(t, password)
	ring := osring.New("")
	want := bytes.Repeat([]byte{0, 0xff, '\n'}, osring.MaxSize/3)
	check(t, ring.Set(t.Context(), "k", []byte("first")))
	check(t, ring.Set(t.Context(), "k", want))
	check(t, ring.Probe(t.Context()))

	stop()
	session.StartGnomeKeyring(t, password)
	got, err := ring.Get(t.Context(), "k")
	check(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Get after the restart (-want +got):\n%s", diff)
	}
	check(t, ring.Delete(t.Context(), "k"))
	if _, err := ring.Get(t.Context(), "k"); !errors.Is(err, osring.ErrNotFound) {
		t.Errorf("Get after Delete = %v, want ErrNotFound", err)
	}
}

func TestAnOutsiderSeesTheItemAsWeGaveItAndNothingMore(t *testing.T) {
	session := osringtest.StartSession(t)
	session.Setenv(t)
	session.StartGnomeKeyring(t, password)
	canary := []byte("canary-4711-ciphertext")
	check(t, osring.New("").Set(t.Context(), "lease/01", canary))

	encoded := base64.StdEncoding.EncodeToString(canary)
	want := []string{
		"[/1]",
		"attribute.service = keyshift",
		"attribute.username = lease/01",
		"created = DATE",
		"label = Password for 'lease/01' on 'keyshift'",
		"modified = DATE",
		"secret = " + encoded,
	}
	if diff := cmp.Diff(want, searchAll(t, session)); diff != "" {
		t.Errorf("secret-tool search --all (-want +got):\n%s", diff)
	}
	for _, file := range filesWith(t, session.Home, string(canary), encoded) {
		t.Errorf("%s holds the value in clear", file)
	}

	check(t, osring.New("").Delete(t.Context(), "lease/01"))
	if diff := cmp.Diff([]string(nil), searchAll(t, session)); diff != "" {
		t.Errorf("secret-tool search --all after Delete (-want +got):\n%s", diff)
	}
}

// searchAll returns what secret-tool shows of our items: sorted, because it
// writes to two streams, without the dates, and without the schema that the
// provider sometimes adds.
func searchAll(t *testing.T, session *osringtest.Session) (lines []string) {
	t.Helper()
	cmd := exec.Command("secret-tool", "search", "--all", "service", "keyshift")
	cmd.Env = session.Env()
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) > 0 {
		t.Fatalf("secret-tool search = %v: %s", err, out)
	}
	date := regexp.MustCompile(`(?m)^(created|modified) = .*$`)
	text := date.ReplaceAllString(string(out), "$1 = DATE")
	text = strings.Replace(text, "schema = org.freedesktop.Secret.Generic\n", "", 1)
	return slices.Sorted(strings.FieldsFuncSeq(text, func(c rune) bool { return c == '\n' }))
}

// filesWith returns the files under dir that contain one of the texts.
func filesWith(t *testing.T, dir string, texts ...string) (found []string) {
	t.Helper()
	read := 0
	check(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, text := range texts {
			if strings.Contains(string(content), text) {
				found = append(found, path)
			}
		}
		read++
		return err
	}))
	if read == 0 {
		t.Errorf("there is no file under %s", dir)
	}
	return found
}

func TestDeleteLeavesNothingPlantedInGnomeKeyring(t *testing.T) {
	session := osringtest.StartSession(t)
	session.Setenv(t)
	session.StartGnomeKeyring(t, password)
	ring := osring.New("")
	check(t, ring.Set(t.Context(), "k", []byte("ours")))
	for _, value := range []string{"one", "two", "three"} {
		plantWithSecretTool(t, session, "service", "keyshift", "username", "k", "extra", value)
	}
	if got := strings.Count(strings.Join(searchAll(t, session), "\n"), "secret = "); got != 4 {
		t.Fatalf("items before Delete = %d, want 4", got)
	}
	check(t, ring.Delete(t.Context(), "k"))
	if diff := cmp.Diff([]string(nil), searchAll(t, session)); diff != "" {
		t.Errorf("items after Delete (-want +got):\n%s", diff)
	}
}

// plantWithSecretTool stores the last argument as the secret too.
func plantWithSecretTool(t *testing.T, session *osringtest.Session, attributes ...string) {
	t.Helper()
	cmd := exec.Command("secret-tool", append([]string{"store", "--label=planted"}, attributes...)...)
	cmd.Env = session.Env()
	cmd.Stdin = strings.NewReader(attributes[len(attributes)-1])
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("secret-tool store = %v: %s", err, out)
	}
}

func TestALockedGnomeKeyringWithoutDisplayIsErrLocked(t *testing.T) {
	starts := map[string]func(testing.TB) *osringtest.Session{
		"no prompter":                  osringtest.StartSession,
		"a prompter without a display": osringtest.StartDesktopSession,
	}
	for name, start := range starts {
		t.Run(name, func(t *testing.T) {
			session := start(t)
			session.Setenv(t)
			stop := session.StartGnomeKeyring(t, password)
			ring := osring.New("")
			check(t, ring.Set(t.Context(), "k", []byte("ours")))

			session.LockGnomeKeyring(t)
			wantEach(t, ring, osring.ErrLocked)
			stop()
			session.StartGnomeKeyring(t, "")
			wantEach(t, ring, osring.ErrLocked)
		})
	}
}

func TestGnomeKeyringThatNobodyEverUnlockedHasNoDefaultKeyring(t *testing.T) {
	session := osringtest.StartDesktopSession(t)
	session.Setenv(t)
	ring := osring.New("")
	wantEach(t, ring, osring.ErrUnavailable)
	_, err := ring.Get(t.Context(), "k")
	if err == nil || !strings.Contains(err.Error(), "no default keyring") {
		t.Errorf("Get = %v, want it to name the default keyring", err)
	}
}

func TestASessionBusWithoutProviderIsErrUnavailable(t *testing.T) {
	osringtest.StartSession(t).Setenv(t)
	wantEach(t, osring.New(""), osring.ErrUnavailable)
}

func TestAnAddressWhereNoBusListensIsErrUnavailable(t *testing.T) {
	session := osringtest.StartSession(t)
	session.Setenv(t)
	session.StopBus()
	wantEach(t, osring.New(""), osring.ErrUnavailable)
}

func TestWithoutASessionBusNoneIsStarted(t *testing.T) {
	for _, address := range []string{"", "autolaunch:"} {
		session := osringtest.StartSession(t)
		session.Setenv(t)
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
		t.Setenv("XDG_RUNTIME_DIR", session.Home)
		started := fakeDbusLaunch(t)

		wantEach(t, osring.New(""), osring.ErrUnavailable)
		if _, err := osring.New("").Get(t.Context(), "k"); !strings.Contains(err.Error(), "no session bus") {
			t.Errorf("address %q: Get = %v, want it to name the session bus", address, err)
		}
		if _, err := os.Stat(started); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("address %q: dbus-launch was run", address)
		}
	}
}

// fakeDbusLaunch puts a dbus-launch in front of the real one and returns the
// file that exists once it was run.
func fakeDbusLaunch(t *testing.T) (started string) {
	t.Helper()
	dir := t.TempDir()
	started = filepath.Join(dir, "started")
	check(t, os.WriteFile(filepath.Join(dir, "dbus-launch"), []byte("#!/bin/sh\n: >"+started+"\n"), 0o755))
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return started
}

func TestTheBusInTheRuntimeDirectoryIsFoundWithoutAnAddress(t *testing.T) {
	session := osringtest.StartSession(t)
	session.Setenv(t)
	session.StartMock(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	started := fakeDbusLaunch(t)

	check(t, osring.New("").Probe(t.Context()))
	if _, err := os.Stat(started); !errors.Is(err, fs.ErrNotExist) {
		t.Error("dbus-launch was run")
	}
}
