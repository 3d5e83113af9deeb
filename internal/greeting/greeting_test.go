package greeting

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGreeting(t *testing.T) {
	path := filepath.Join(t.TempDir(), File)
	if err := os.WriteFile(path, []byte("keyshift1-CODE\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name      string
		greeting  Greeting
		says      string
		shows     bool
		code      string
		sayNoCode bool
	}{
		{"with an owner", Greeting{}, "is at https://hub", false, "", true},
		{"at a terminal", Greeting{Code: "keyshift1-CODE"}, "paste this code:\nkeyshift1-CODE\n", true, "", false},
		{"in a journal", Greeting{Code: "keyshift1-CODE", Path: path}, "paste the code in this file:\n" + path + "\n", false, "keyshift1-CODE", false},
		{"whose owner came since", Greeting{Code: "keyshift1-CODE", Path: filepath.Join(t.TempDir(), File)}, "in this file", false, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.greeting.Name, tt.greeting.URL, tt.greeting.Key = "Acme", "https://hub:8443", "1234"
			var out strings.Builder
			if err := tt.greeting.Say(&out); err != nil {
				t.Fatal(err)
			}
			said := out.String()
			if !strings.Contains(said, tt.says) || strings.Contains(said, "keyshift1-CODE") != tt.shows || tt.sayNoCode && strings.Contains(said, "owner") {
				t.Errorf("it says %q", said)
			}
			if url := URL("level=INFO\n" + said); url != tt.greeting.URL {
				t.Errorf("URL = %q, want %q", url, tt.greeting.URL)
			}
			if code, err := Code(said); err != nil || code != tt.code {
				t.Errorf("code = %q, %v, want %q", code, err, tt.code)
			}
		})
	}
}

func TestWhatIsNotSaidYetIsNoURL(t *testing.T) {
	for _, said := range []string{"", "Keyshift", `Keyshift hub "Acme" is at `, `Keyshift hub "Acme" is at https://127.0.0.1:40`} {
		if got := URL(said); got != "" {
			t.Errorf("%q: %q, want nothing", said, got)
		}
	}
	if got, want := URL("Keyshift hub \"is at http://a \\\" is\" is at https://b:1\nIts key"), "https://b:1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
