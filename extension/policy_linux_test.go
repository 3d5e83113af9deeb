package extension

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/extensionid"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// TestForcedByPolicy: a company's policy installs the packed extension, signed with an own key in Chromium and unsigned in Firefox ESR,
// and the native host that is known system-wide answers it. The browser gets an /etc of its own; it is that of no other process.
func TestForcedByPolicy(t *testing.T) {
	for kind, prepare := range map[browsertest.Kind]func(t *testing.T, etc string, a *agent) []string{
		browsertest.Chromium: forceInChromium, browsertest.Firefox: forceInFirefox,
	} {
		t.Run(string(kind), func(t *testing.T) {
			a := newAgent(t, native.ModeSameProfile)
			etc := copyOfEtc(t)
			args := prepare(t, etc, a)
			program, err := browsertest.Program(kind)
			if err != nil {
				t.Fatal(err)
			}
			startWithEtc(t, etc, program, args...)
			hello := decode[native.Hello](t, a.wait(native.TypeHello, 1))
			if hello.ExtensionVersion != "1.2.3" {
				t.Errorf("hello says %+v", hello)
			}
			a.wait(native.TypeStateGet, 1)
		})
	}
}

// TestHistoryIsKeptByPolicy: a company that forbids to delete the history still gets a clean work browser, and hears so.
func TestHistoryIsKeptByPolicy(t *testing.T) {
	a := newAgent(t, native.ModeWork)
	a.state.Ended = []native.Ended{{ID: "lease-1", Network: "x", Hosts: []string{"x.com"}, CookieDomains: []string{"x.com"}}}
	etc := copyOfEtc(t)
	args := forceInChromium(t, etc, a)
	putJSON(t, filepath.Join(etc, "chromium/policies/managed/history.json"), map[string]any{"AllowDeletingBrowserHistory": false})
	program, err := browsertest.Program(browsertest.Chromium)
	if err != nil {
		t.Fatal(err)
	}
	startWithEtc(t, etc, program, args...)
	if done := decode[native.CleanupDone](t, a.wait(native.TypeCleanupDone, 1)); done.LeaseID != "lease-1" || done.LeftOver != 0 {
		t.Errorf("the clean-up says %+v", done)
	}
}

func forceInChromium(t *testing.T, etc string, a *agent) []string {
	chromium, err := browsertest.Program(browsertest.Chromium)
	if err != nil {
		t.Fatal(err)
	}
	out := built(t, Options{Version: "v1.2.3", NoKey: true})
	keyFile, id := crxKey(t)
	crx, err := PackCRX(t.Context(), chromium, filepath.Join(out, Chromium), keyFile)
	if err != nil {
		t.Fatal(err)
	}
	update := filepath.Join(out, "update.xml")
	put(t, update, fmt.Sprintf(`<?xml version="1.0"?><gupdate xmlns="http://www.google.com/update2/response" protocol="2.0">
<app appid="%s"><updatecheck codebase="file://%s" version="1.2.3"/></app></gupdate>`, id, crx))
	force := map[string]any{"installation_mode": "force_installed", "update_url": "file://" + update}
	putJSON(t, filepath.Join(etc, "chromium/policies/managed/keyshift.json"), map[string]any{"ExtensionSettings": map[string]any{id: force}})
	a.putManifest(filepath.Join(etc, "chromium/native-messaging-hosts"), "allowed_origins", "chrome-extension://"+id+"/")
	return []string{
		"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync", "--password-store=basic",
		"--user-data-dir=" + scratch(t), "--host-resolver-rules=MAP * ~NOTFOUND", "about:blank",
	}
}

func forceInFirefox(t *testing.T, etc string, a *agent) []string {
	out := built(t, Options{Version: "v1.2.3"})
	xpi := filepath.Join(out, "keyshift.xpi")
	if err := PackXPI(filepath.Join(out, Firefox), xpi); err != nil {
		t.Fatal(err)
	}
	force := map[string]any{"installation_mode": "force_installed", "install_url": "file://" + xpi}
	putJSON(t, filepath.Join(etc, "firefox/policies/policies.json"), map[string]any{"policies": map[string]any{
		"ExtensionSettings": map[string]any{extensionid.Firefox: force},
		"Preferences":       map[string]any{"xpinstall.signatures.required": map[string]any{"Value": false, "Status": "locked"}},
	}})
	home := scratch(t)
	a.putManifest(filepath.Join(home, ".mozilla/native-messaging-hosts"), "allowed_extensions", extensionid.Firefox)
	put(t, filepath.Join(home, "profile/user.js"), `user_pref("network.proxy.type", 1); user_pref("network.proxy.ssl", "127.0.0.1"); user_pref("network.proxy.ssl_port", 9);
user_pref("app.update.enabled", false); user_pref("datareporting.policy.dataSubmissionEnabled", false); user_pref("browser.startup.page", 0);`)
	return []string{"--headless", "--no-remote", "--profile", filepath.Join(home, "profile"), "about:blank"}
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := write(file, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func putJSON(t *testing.T, file string, v any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	put(t, file, string(text))
}

// copyOfEtc is what of /etc may be read.
func copyOfEtc(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "etc")
	if out, err := exec.Command("cp", "-a", "/etc", dir).CombinedOutput(); err != nil && os.Geteuid() == 0 {
		t.Fatalf("copy /etc: %v: %s", err, out)
	}
	return dir
}

// startWithEtc starts a program in a mount namespace of its own, where /etc is another.
func startWithEtc(t *testing.T, etc, program string, args ...string) {
	t.Helper()
	home := "HOME=" + scratch(t)
	for i, arg := range args {
		if arg == "--profile" {
			home = "HOME=" + filepath.Dir(args[i+1])
		}
	}
	flags := []string{"--mount", "--propagation", "private"}
	if os.Geteuid() != 0 {
		flags = append(flags, "--map-root-user")
	}
	flags = append(flags, "sh", "-c", `mount --bind "$0" /etc && exec "$@"`, etc, program)
	cmd := exec.Command("unshare", append(flags, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), home, "LANG=C.UTF-8", "MOZ_CRASHREPORTER_DISABLE=1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the browser and its helpers
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
}
