package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// putProgram puts a script in the path that stands for one of the desk's.
func putProgram(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestTheProgramForTheClipboardSuitsTheDesk(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	desk := map[string]string{}
	env := func(name string) string { return desk[name] }
	want := func(name string) {
		t.Helper()
		got := ""
		if program := clipboard(env); len(program) > 0 {
			got = filepath.Base(program[0])
		}
		if got != name {
			t.Errorf("it is %q, want %q", got, name)
		}
	}
	desk["DISPLAY"], desk["WAYLAND_DISPLAY"] = ":0", "wayland-0"
	want("")
	for _, name := range []string{"xsel", "xclip", "wl-copy"} { // each is better than the one before
		putProgram(t, dir, name, "exit 0")
		want(name)
	}
	delete(desk, "WAYLAND_DISPLAY")
	want("xclip")
	delete(desk, "DISPLAY")
	want("")
}

// TestACodeIsGivenToTheClipboardOnly: others can read the arguments of a program.
func TestACodeIsGivenToTheClipboardOnly(t *testing.T) {
	dir := t.TempDir()
	putProgram(t, dir, "xclip", `echo "$@" >`+dir+`/arguments; cat >`+dir+`/clipboard`)
	if err := copyWith(t.Context(), []string{filepath.Join(dir, "xclip"), "-selection", "clipboard"}, "123456"); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{"arguments": "-selection clipboard", "clipboard": "123456"} {
		got, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || strings.TrimSpace(string(got)) != want {
			t.Errorf("%s: %q, %v, want %q", file, got, err, want)
		}
	}
	if err := copyWith(t.Context(), nil, "123456"); err == nil {
		t.Error("without a program it is copied")
	}
}
