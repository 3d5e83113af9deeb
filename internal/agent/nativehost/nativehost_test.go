package nativehost

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/extensionid"
)

func TestDetect(t *testing.T) {
	manifestPath := filepath.Join(t.TempDir(), "com.keyshift.agent.json")
	for _, tt := range []struct {
		name string
		args []string
		want Caller
		ok   bool
	}{
		{"Chromium", []string{"chrome-extension://" + extensionid.Chromium + "/"}, Caller{extensionid.Chromium, false}, true},
		{"Chromium on Windows", []string{"chrome-extension://abc/", "--parent-window=0"}, Caller{"abc", false}, true},
		{"Firefox", []string{manifestPath, extensionid.Firefox}, Caller{extensionid.Firefox, true}, true},
		{"nothing", nil, Caller{}, false},
		{"a command", []string{"status"}, Caller{}, false},
		{"a command with a path", []string{"run", manifestPath}, Caller{}, false},
		{"only a path", []string{manifestPath}, Caller{}, false},
		{"a path that is not absolute", []string{"a.json", "b"}, Caller{}, false},
	} {
		if got, ok := Detect(tt.args); got != tt.want || ok != tt.ok {
			t.Errorf("%s: got %+v, %v, want %+v, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestKnown(t *testing.T) {
	const other = "abcdefghijklmnopabcdefghijklmnop"
	for _, tt := range []struct {
		caller   Caller
		recorded []string
		want     bool
	}{
		{Caller{extensionid.Chromium, false}, nil, true},
		{Caller{extensionid.Firefox, true}, nil, true},
		{Caller{extensionid.Firefox, false}, nil, false},
		{Caller{extensionid.Chromium, true}, nil, false},
		{Caller{other, false}, nil, false},
		{Caller{other, false}, []string{other}, true},
		{Caller{"", false}, []string{""}, false},
		{Caller{extensionid.Chromium + "/../x", false}, nil, false},
	} {
		if got := tt.caller.known(tt.recorded); got != tt.want {
			t.Errorf("%+v with %q: got %v", tt.caller, tt.recorded, got)
		}
	}
}

func TestRecord(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	const other = "abcdefghijklmnopabcdefghijklmnop"
	for _, id := range []string{"dev@company.example", other, other} {
		if err := Record(dir, id); err != nil {
			t.Fatal(err)
		}
	}
	if got := Recorded("/nowhere", dir); !slices.Equal(got, []string{other, "dev@company.example"}) {
		t.Errorf("got %q", got)
	}
	for _, bad := range []string{"", "x", "chrome-extension://" + other, strings.ToUpper(other), other + "a", "*", "a b@c"} {
		if err := Record(dir, bad); err == nil {
			t.Errorf("%q was recorded", bad)
		}
	}
	if err := Forget(dir); err != nil || len(Recorded(dir)) > 0 {
		t.Errorf("after forgetting: %q, %v", Recorded(dir), err)
	}
	if err := Forget(dir); err != nil {
		t.Errorf("forgetting twice: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, recordName), []byte(`{"not": "a list"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Recorded(dir); len(got) > 0 {
		t.Errorf("a damaged file gives %q", got)
	}
}

func TestManifestsAreInstalledAndRemoved(t *testing.T) {
	home, program := t.TempDir(), filepath.Join(t.TempDir(), "keyshift-agent")
	if err := os.WriteFile(program, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	more := []string{"abcdefghijklmnopabcdefghijklmnop", "dev@company.example"}
	list := Places(home, false)
	if len(list) != 5 {
		t.Fatalf("%d places", len(list))
	}
	for _, p := range list {
		look := func(want State) {
			t.Helper()
			if got, _ := p.Look(program, more); got != want {
				t.Errorf("%s: %s, want %s", p.Name, got, want)
			}
		}
		look(Missing)
		if err := p.Install(program, nil); err != nil {
			t.Fatal(err)
		}
		look(Other)
		if err := p.Install(program, more); err != nil {
			t.Fatal(err)
		}
		look(Current)
		if state, of := p.Look("/opt/other", more); state != Other || of != program {
			t.Errorf("%s for another program: %s of %s", p.Name, state, of)
		}
		wantManifest(t, p, program)
		if err := os.WriteFile(p.File(), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		look(Invalid)
		for range 2 {
			if err := p.Remove(); err != nil {
				t.Fatal(err)
			}
		}
		look(Missing)
	}
}

func wantManifest(t *testing.T, p Place, program string) {
	t.Helper()
	raw, err := os.ReadFile(p.File())
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	origins := []string{"chrome-extension://" + extensionid.Chromium + "/", "chrome-extension://abcdefghijklmnopabcdefghijklmnop/"}
	extensions := []string{extensionid.Firefox, "dev@company.example"}
	if p.Firefox {
		origins = nil
	} else {
		extensions = nil
	}
	if m.Path != program || m.Type != "stdio" || m.Name != "com.keyshift.agent" || !slices.Equal(m.AllowedOrigins, origins) || !slices.Equal(m.AllowedExtensions, extensions) {
		t.Errorf("%s: got %+v", p.Name, m)
	}
}

func TestManifestOfAProgramThatIsGone(t *testing.T) {
	p := Places(t.TempDir(), false)[0]
	if err := p.Install("/opt/gone/keyshift-agent", nil); err != nil {
		t.Fatal(err)
	}
	if got, of := p.Look("/opt/gone/keyshift-agent", nil); got != Invalid || of != "/opt/gone/keyshift-agent" {
		t.Errorf("got %s of %s", got, of)
	}
}
