package workbrowser

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/native"
)

func TestChoose(t *testing.T) {
	chromium := Browser{ID: "chromium", Path: "/snap/bin/chromium", Confined: true}
	firefox := Browser{ID: "firefox", Family: Firefox, Path: "/usr/bin/firefox"}
	both := []Browser{chromium, firefox}
	for _, tt := range []struct {
		installed []Browser
		want      string
		got       Browser
		err       error
	}{
		{both, "", firefox, nil},
		{both, "firefox", firefox, nil},
		{both, "chromium", Browser{}, ErrConfined},
		{both, "edge", Browser{}, ErrNotInstalled},
		{nil, "", Browser{}, ErrNotInstalled},
		{nil, "/opt/firefox-next/firefox", Browser{ID: "firefox", Name: "firefox", Family: Firefox, Path: "/opt/firefox-next/firefox"}, nil},
		{nil, "/opt/msedge", Browser{ID: "edge", Name: "msedge", Family: Chromium, Path: "/opt/msedge"}, nil},
	} {
		got, err := Choose(tt.installed, tt.want)
		if diff := cmp.Diff(tt.got, got); diff != "" || !errors.Is(err, tt.err) {
			t.Errorf("choose %q: %v %s", tt.want, err, diff)
		}
	}
}

func TestInstalledTakesTheFirstPath(t *testing.T) {
	all := places("/home/dana")
	seen := map[string]bool{}
	got := look(all, func(path string) bool { seen[path] = true; return path == all[0].paths[1] })
	if len(got) != 1 || got[0].ID != all[0].id || got[0].Path != all[0].paths[1] {
		t.Errorf("got %v", got)
	}
	for _, p := range all {
		if !seen[p.paths[0]] {
			t.Errorf("%s was not looked for", p.paths[0])
		}
	}
}

// TestCommandLine: what every user of the computer can read is the folder and the address.
func TestCommandLine(t *testing.T) {
	const address = "https://x.com/login"
	for _, tt := range []struct {
		b    Browser
		mode native.ProfileMode
		want []string
	}{
		{Browser{ID: "chrome", Family: Chromium}, native.ModeWork, []string{"--user-data-dir=/f", "--no-first-run", "--no-default-browser-check", "--new-window", address}},
		{Browser{ID: "chromium", Family: Chromium}, native.ModeWork, []string{"--user-data-dir=/f", "--no-first-run", "--no-default-browser-check", "--load-extension=/e", "--new-window", address}},
		{Browser{ID: "firefox", Family: Firefox}, native.ModeWork, []string{"-no-remote", "--profile", "/f", address}},
		{Browser{ID: "firefox", Family: Firefox}, native.ModeContainer, []string{address}},
		{Browser{ID: "chrome", Family: Chromium}, native.ModeSameProfile, []string{address}},
	} {
		if diff := cmp.Diff(tt.want, tt.b.arguments(tt.mode, "/f", "/e", address)); diff != "" {
			t.Errorf("%s, %s: %s", tt.b.ID, tt.mode, diff)
		}
	}
}

func TestModeIsWhatTheBrowserCanDo(t *testing.T) {
	for _, tt := range []struct {
		family Family
		asked  native.ProfileMode
		want   native.ProfileMode
	}{
		{Chromium, "", native.ModeWork},
		{Chromium, native.ModeContainer, native.ModeWork},
		{Chromium, native.ModeSameProfile, native.ModeSameProfile},
		{Firefox, native.ModeContainer, native.ModeContainer},
		{Firefox, "", native.ModeWork},
	} {
		if got := (Order{Mode: tt.asked}).mode(Browser{Family: tt.family}); got != tt.want {
			t.Errorf("%s asked for %q: got %q, want %q", tt.family, tt.asked, got, tt.want)
		}
	}
}

func TestBadOrders(t *testing.T) {
	d := New(Config{Folder: t.TempDir()})
	for _, o := range []Order{
		{Account: "", URL: "https://x.com/"},
		{Account: "a", URL: "http://x.com/"},
		{Account: "a", URL: "--remote-debugging-port=9222"},
		{Account: "a", URL: "javascript:alert(1)"},
		{Account: "a", URL: "https://dana:secret@x.com/"},
		{Account: "a", URL: "https:///path"},
	} {
		if _, err := d.Open(o); !errors.Is(err, errBadOrder) {
			t.Errorf("%+v: got %v, want %v", o, err, errBadOrder)
		}
	}
}

func TestFolderNames(t *testing.T) {
	names := []string{folderName("a"), folderName("b"), folderName("../../x"), folderName("a")}
	if names[0] != names[3] || names[0] == names[1] {
		t.Errorf("names do not follow the account: %v", names)
	}
	for _, n := range names {
		if len(n) != 20 || slices.ContainsFunc([]rune(n), func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'f') }) {
			t.Errorf("%q can lead elsewhere", n)
		}
	}
}
