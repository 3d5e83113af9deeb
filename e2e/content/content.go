// Package content tries the extension's content script in real browsers: it runs in the world that browsers give to
// content scripts, on small pages that are written from the rules, beside a background that the test plays.
//
// [Build] makes an extension of its own that has the modules of extension/src/content and harness.ts, which does for a
// page what the page asks of it. The whole extension with agent and hub is tried in e2e/browser.
package content

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// manifest is for both browsers.
var manifest = map[string]any{
	"manifest_version": 3, "name": "harness", "version": "1", "default_locale": "en",
	"host_permissions": []string{"https://*/*", "http://*/*"},
	"content_scripts": []map[string]any{{
		"matches": []string{"https://*/*", "http://*/*"}, "js": []string{"content.js"}, "run_at": "document_start", "all_frames": true,
	}},
	"browser_specific_settings": map[string]any{"gecko": map[string]any{"id": "harness@keyshift.example"}},
}

// Build writes the extension into a directory. The repository is at root.
func Build(root, dir string) error {
	data, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), data, 0o600); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(dir, "_locales"), os.DirFS(filepath.Join(root, "internal/i18n/locales"))); err != nil {
		return fmt.Errorf("copy texts: %w", err)
	}
	return bundle(filepath.Join(root, "e2e/content/harness.ts"), filepath.Join(dir, "content.js"), nil)
}

func bundle(from, to string, define map[string]string) error {
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{from}, Outfile: to, Bundle: true, Write: true, Format: api.FormatIIFE, Target: api.ES2022,
		Charset: api.CharsetUTF8, TsconfigRaw: `{"compilerOptions":{"strict":true}}`, LogLevel: api.LogLevelSilent, Define: define,
	})
	if len(result.Errors) > 0 {
		return fmt.Errorf("bundle:\n%s", api.FormatMessages(result.Errors, api.FormatMessagesOptions{}))
	}
	return nil
}
