package extension

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/extensionid"
)

// built makes both directories and gives where.
func built(t *testing.T, o Options) string {
	t.Helper()
	o.Source, o.Out = ".", t.TempDir()
	if err := Build(o); err != nil {
		t.Fatal(err)
	}
	return o.Out
}

type manifest struct {
	Version     string   `json:"version"`
	Key         string   `json:"key"`
	Locale      string   `json:"default_locale"`
	Permissions []string `json:"permissions"`
	Hosts       []string `json:"host_permissions"`
	Optional    []string `json:"optional_host_permissions"`
	Scripts     []struct {
		Matches []string `json:"matches"`
	} `json:"content_scripts"`
	Background map[string]any    `json:"background"`
	CSP        map[string]string `json:"content_security_policy"`
	Specific   struct {
		Gecko struct {
			ID string `json:"id"`
		} `json:"gecko"`
	} `json:"browser_specific_settings"`
	Accessible  any `json:"web_accessible_resources"`
	Connectable any `json:"externally_connectable"`
}

func manifestOf(t *testing.T, dir string) (manifest, string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m, string(data)
}

var common = []string{"nativeMessaging", "storage", "alarms", "scripting", "cookies", "browsingData", "tabs", "webNavigation"}

func TestManifestsAskForNoMoreThanIsNeeded(t *testing.T) {
	out := built(t, Options{Version: "v1.2.3-4-gabc1234"})
	for _, tt := range []struct {
		browser     string
		permissions []string
		background  string
		key, gecko  string
	}{
		{Chromium, common, "service_worker", extensionid.ChromiumKey, ""},
		{Firefox, append(slices.Clone(common), "contextualIdentities"), "scripts", "", extensionid.Firefox},
	} {
		m, text := manifestOf(t, filepath.Join(out, tt.browser))
		if diff := cmp.Diff(tt.permissions, m.Permissions); diff != "" {
			t.Errorf("%s: permissions (-want +got):\n%s", tt.browser, diff)
		}
		if m.Background[tt.background] == nil || len(m.Background) != 1 {
			t.Errorf("%s: background is %v, want only %s", tt.browser, m.Background, tt.background)
		}
		if m.Key != tt.key || m.Specific.Gecko.ID != tt.gecko {
			t.Errorf("%s: key %q and id %q, want %q and %q", tt.browser, m.Key, m.Specific.Gecko.ID, tt.key, tt.gecko)
		}
		if m.Version != "1.2.3.4" || m.Accessible != nil || m.Connectable != nil {
			t.Errorf("%s: version %q, accessible %v, connectable %v", tt.browser, m.Version, m.Accessible, m.Connectable)
		}
		for _, bad := range []string{"<all_urls>", "*://", "http://", "unsafe", "__HOSTS__", "__KEY__", "_ID__", "_NAME__"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: the manifest has %s", tt.browser, bad)
			}
		}
		if !strings.HasPrefix(m.CSP["extension_pages"], "default-src 'none'; script-src 'self';") {
			t.Errorf("%s: content security policy is %q", tt.browser, m.CSP["extension_pages"])
		}
	}
}

func TestContentScriptsRunOnlyAtTheNetworks(t *testing.T) {
	out := built(t, Options{Version: "v1.0.0", Hosts: []string{"practice.example"}})
	for _, browser := range []string{Chromium, Firefox} {
		m, _ := manifestOf(t, filepath.Join(out, browser))
		if len(m.Scripts) != 1 || !slices.Equal(m.Scripts[0].Matches, m.Hosts) {
			t.Errorf("%s: content scripts are %v, want one for the hosts %v", browser, m.Scripts, m.Hosts)
		}
		if !slices.Contains(m.Hosts, "https://practice.example/*") {
			t.Errorf("%s: the added host is not in %v", browser, m.Hosts)
		}
		if want := []string{"https://*/*"}; !slices.Equal(m.Optional, want) {
			t.Errorf("%s: optional hosts are %v, want %v", browser, m.Optional, want)
		}
		for _, host := range m.Hosts {
			if strings.HasPrefix(host, "https://*/") || !strings.HasPrefix(host, "https://") {
				t.Errorf("%s: host permission %s is too wide", browser, host)
			}
		}
	}
}

func TestEverythingThatPagesNameIsThere(t *testing.T) {
	out := built(t, Options{Version: "v1.0.0"})
	names := []string{
		"background.js", "content.js", "second.js", "more.js", "popup.html", "popup.js", "ended.html", "ended.js", "style.css", "icons/16.png", "icons/128.png",
		"_locales/en/messages.json", "_locales/de/messages.json", "_locales/fr/messages.json", "_locales/es/messages.json",
	}
	for _, browser := range []string{Chromium, Firefox} {
		for _, name := range names {
			if info, err := os.Stat(filepath.Join(out, browser, name)); err != nil || info.Size() == 0 {
				t.Errorf("%s: %s is missing or empty: %v", browser, name, err)
			}
		}
	}
}

// A page waits for the first script whatever is in it, so nothing is but the one question.
func TestTheFirstScriptIsSmall(t *testing.T) {
	out := built(t, Options{Version: "v1.0.0"})
	for _, browser := range []string{Chromium, Firefox} {
		info, err := os.Stat(filepath.Join(out, browser, "content.js"))
		if err != nil || info.Size() > 1000 {
			t.Errorf("%s: content.js is %v, %v; want at most 1000 bytes", browser, info, err)
		}
	}
}

func TestVersionsBecomeNumbers(t *testing.T) {
	for version, want := range map[string]string{
		"v1.2.3": "1.2.3", "1.2.3": "1.2.3", "v1.2.3-dirty": "1.2.3", "v1.2.3-14-g0123abc": "1.2.3.14", "v1.2.3-14-g0123abc-dirty": "1.2.3.14",
		"v1.2.3-rc.1": "1.2.3", "23402ea": "0.0.0", "unknown": "0.0.0", "": "0.0.0", "123456.1.1": "0.0.0",
	} {
		if got := numbers(version); got != want {
			t.Errorf("numbers(%q) = %q, want %q", version, got, want)
		}
	}
}

func TestTheSameSourceMakesTheSameFile(t *testing.T) {
	var files [2][]byte
	for i := range files {
		out := built(t, Options{Version: "v1.0.0"})
		xpi := filepath.Join(out, "keyshift.xpi")
		if err := PackXPI(filepath.Join(out, Firefox), xpi); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(xpi)
		if err != nil {
			t.Fatal(err)
		}
		files[i] = data
	}
	if !cmp.Equal(files[0], files[1]) {
		t.Error("two builds of one source differ")
	}
}
