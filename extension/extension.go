// Package extension builds the browser extension from the TypeScript in src: one source, two directories that Chromium and
// Firefox load, chromium and firefox.
//
// esbuild's Go API bundles; there is no npm. [Build] writes manifest.json from the template of this directory, with what is only for one
// browser under "@chromium" and "@firefox", the texts of internal/i18n whose keys begin with ext_, the icons, and the pages.
// [PackXPI] and [PackCRX] make files of a built directory.
//
// The source: background (src/background: the connection to the native host, leases, fills, clean-ups), content script
// (src/content, in three parts: main.ts in every page, second.ts where there is something to do, more.ts when there is something to fill in,
// to check or to sign out of), pages (src/pages: popup, ended page), messages between them (src/internal.ts), generated contracts with the
// native host and of site packs (src/gen).
package extension

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// The kinds of browsers, and the names of their directories.
const (
	Chromium = "chromium"
	Firefox  = "firefox"
)

// Options say what to build.
type Options struct {
	Source  string // the directory of this package
	Out     string // gets the directories chromium and firefox, anew
	Version string // as other programs have it: v1.2.3, v1.2.3-4-gabc1234, or a bare commit

	// Hosts are further hosts that the extension may read without being asked, exactly as given: a company's own sites.
	Hosts []string
	// Language is the only language of the texts; empty: all, the browser chooses.
	Language string
	// NoKey leaves the key out of the manifest for Chromium: a crx is named by the key that signs it.
	NoKey bool

	instead map[string]string // tests put other scripts in the place of ours
}

// Build writes both directories.
func Build(o Options) error {
	for _, browser := range []string{Chromium, Firefox} {
		if err := o.build(browser); err != nil {
			return fmt.Errorf("build extension for %s: %w", browser, err)
		}
	}
	return nil
}

func (o Options) build(browser string) error {
	dir := filepath.Join(o.Out, browser)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	for _, step := range []func(dir, browser string) error{o.writeScripts, o.writePages, o.writeManifest, o.writeTexts, o.writeIcons} {
		if err := step(dir, browser); err != nil {
			return err
		}
	}
	return nil
}

// scripts are what the browser loads by itself, from a page, or into one when the background says so (second, more); everything else is
// bundled into them.
var scripts = map[string]string{
	"background": "src/background/main.ts",
	"content":    "src/content/main.ts",
	"second":     "src/content/second.ts",
	"more":       "src/content/more.ts",
	"popup":      "src/pages/popup.ts",
	"ended":      "src/pages/ended.ts",
}

func (o Options) writeScripts(dir, browser string) error {
	var entries []api.EntryPoint
	for out, in := range scripts {
		if other, ok := o.instead[out]; ok {
			in = other
		}
		entries = append(entries, api.EntryPoint{OutputPath: out, InputPath: filepath.Join(o.Source, in)})
	}
	result := api.Build(api.BuildOptions{
		EntryPointsAdvanced: entries,
		Outdir:              dir,
		Bundle:              true,
		Write:               true,
		Format:              api.FormatIIFE,
		Target:              api.ES2022,
		Charset:             api.CharsetUTF8,
		LegalComments:       api.LegalCommentsNone,
		TsconfigRaw:         `{"compilerOptions":{"strict":true}}`,
		Define:              map[string]string{"FIREFOX": fmt.Sprint(browser == Firefox)},
		MinifySyntax:        true, // leaves out what is for the other browser
		MinifyWhitespace:    true, // a page waits while its content script is read
		MinifyIdentifiers:   true,
		LogLevel:            api.LogLevelSilent,
	})
	if len(result.Errors) > 0 {
		return fmt.Errorf("bundle:\n%s", api.FormatMessages(result.Errors, api.FormatMessagesOptions{}))
	}
	return nil
}

// pages are copied as they are.
var pages = []string{"popup.html", "ended.html", "style.css"}

func (o Options) writePages(dir, _ string) error {
	for _, name := range pages {
		data, err := os.ReadFile(filepath.Join(o.Source, "src/pages", name))
		if err != nil {
			return fmt.Errorf("read page: %w", err)
		}
		if err := write(filepath.Join(dir, name), data); err != nil {
			return err
		}
	}
	return nil
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // browsers of other users read it
		return err
	}
	return os.WriteFile(path, data, 0o644) //nolint:gosec // as above
}
