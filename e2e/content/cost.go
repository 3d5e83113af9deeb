package content

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/keyshift-hq/keyshift/extension"
	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// Big is the text of a page of more than 10,000 elements, nested as networks build them.
const Big = `<body><script>
	for (let i = 0; i < 1000; i++) {
		const post = document.body.appendChild(document.createElement("article"));
		post.innerHTML = '<div class=a><div role=button><span>text</span><span dir=auto>more</span></div><div><a href=/u>u</a><p>words</p></div><input><textarea></textarea></div>';
	}
	document.title = document.querySelectorAll("*").length;
</script>`

// Cost is what the content script takes of a page that is loaded.
type Cost struct {
	// API is how long the browser took to make what extensions talk with, Text how long it took to read and run the first script's text,
	// and Early how long all else took together until the page was loaded: what the browser called of it, and the texts of other scripts.
	// Late is what came after that, until nothing was left to do, and Longest the longest piece of it without a pause; in milliseconds.
	API, Text, Early, Late, Longest float64
	// Observers is how many it makes of the page.
	Observers int
}

// Bare is the least that a content script can be which asks its background what there is to do, where there is nothing.
const Bare = `chrome.runtime.sendMessage({ type: "page.hello" }).then((state) => state);` + "\n"

// BuildMetered writes into a directory the extension as it is given to users, but with a meter around its content script, and with a
// background that knows nothing but the states of pages: that of /?state=lent is called lent. There is a directory for each browser. A
// text in script stands in the place of the content script.
func BuildMetered(root, dir, script string, states map[string]map[string]any) error {
	if err := extension.Build(extension.Options{Source: filepath.Join(root, "extension"), Out: dir, Version: "v1.2.3", Language: "en"}); err != nil {
		return err
	}
	text, err := json.Marshal(states)
	if err != nil {
		return fmt.Errorf("encode states: %w", err)
	}
	for _, browser := range []string{extension.Chromium, extension.Firefox} {
		define := map[string]string{"STATES": string(text), "FIREFOX": fmt.Sprint(browser == extension.Firefox)}
		err := meter(root, filepath.Join(dir, browser), define)
		if err == nil && script != "" {
			err = os.WriteFile(filepath.Join(dir, browser, "content.js"), []byte(script), 0o600)
		}
		if err != nil {
			return fmt.Errorf("put meter into extension for %s: %w", browser, err)
		}
	}
	return nil
}

func meter(root, dir string, define map[string]string) error {
	for name, source := range map[string]string{"meter": "meter.ts", "background": "meterbackground.ts"} {
		if err := bundle(filepath.Join(root, "e2e/content", source), filepath.Join(dir, name+".js"), define); err != nil {
			return err
		}
	}
	manifest, err := readManifest(dir)
	if err != nil {
		return err
	}
	for _, script := range manifest["content_scripts"].([]any) {
		script.(map[string]any)["js"] = []string{"meter.js", "content.js", "ran.js"}
	}
	data, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	texts := map[string]string{"manifest.json": string(data), "ran.js": "contentScriptRan();\n", "begins.js": "contentScriptBegins();\n"}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func readManifest(dir string) (manifest map[string]any, err error) {
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json")) //nolint:gosec // just written
	if err == nil {
		err = json.Unmarshal(data, &manifest)
	}
	return manifest, err
}

// Measure waits until the content script has nothing left to do on a page of an extension of [BuildMetered].
func Measure(p browsertest.Page) (c Cost, err error) { return c, Ask(p, "cost", &c) }

// State is what the background knows of a page of a network for which there is a lease.
func State(network string) (map[string]any, error) {
	site, ok := pack.Embedded(network)
	if !ok {
		return nil, fmt.Errorf("find site pack of %s: there is none", network)
	}
	raw, err := site.Encode()
	if err != nil {
		return nil, err
	}
	lease := map[string]any{
		"id": "lease-1", "network": network, "handle": "acme", "account_ref": "4711", "hosts": site.Hosts, "started_at": 0,
		"ends_at": 4102444800000, "mode": "shared_secret", "has_code": true, "fields": []string{"username", "password", "code"}, "allowed_guards": []string{},
	}
	return map[string]any{"lease": lease, "pack": json.RawMessage(raw), "words": nil, "watch": false, "fill": false, "code_asked": 0, "lines": []any{}, "place": nil, "cookies": nil, "texts": map[string]string{}}, nil
}

const askHarness = `new Promise((ok, no) => {
	const id = Math.random();
	addEventListener("message", function on(e) {
		if (e.data?.to !== "page" || e.data.id !== id) return;
		removeEventListener("message", on);
		if (e.data.error) no(new Error(e.data.error)); else ok(e.data.result);
	});
	postMessage({to: "harness", id, op: %s, args: %s}, "*");
})`

// Ask has the harness in a page do something, and decodes what it answers; nil discards it.
func Ask(p browsertest.Page, op string, into any, args ...any) error {
	if args == nil {
		args = []any{}
	}
	name, _ := json.Marshal(op) // a string always marshals
	list, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("encode what the harness is asked: %w", err)
	}
	var text string
	if err := p.Eval(fmt.Sprintf(askHarness, name, list), &text); err != nil {
		return fmt.Errorf("ask harness %s%.80s: %w", op, list, err)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("read answer %s of harness to %s: %w", text, op, err)
	}
	return nil
}
