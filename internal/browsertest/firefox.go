package browsertest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
)

func firefoxArguments(o Options) []string {
	args := []string{"--remote-debugging-port", "0"}
	if !o.Visible {
		args = append(args, "--headless")
	}
	return append(args, o.Args...)
}

// firefoxPrefs is the text of a user.js: quiet, the Fixture as proxy, and the extension's address fixed.
func firefoxPrefs(o Options) string {
	prefs := map[string]any{
		"app.update.enabled": false, "browser.shell.checkDefaultBrowser": false, "browser.aboutwelcome.enabled": false,
		"datareporting.policy.dataSubmissionEnabled": false, "toolkit.telemetry.reportingpolicy.firstRun": false,
		"browser.startup.homepage_override.mstone": "ignore", "browser.newtabpage.enabled": false, "browser.startup.page": 0,
		"extensions.autoDisableScopes": 0, "network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false,
		"browser.safebrowsing.downloads.remote.enabled": false, "services.settings.server": "data:,#remote-settings-dummy/v1",
		"dom.disable_open_during_load": false, "browser.sessionstore.resume_from_crash": false, "signon.rememberSignons": false,
	}
	if o.Internet != nil {
		for _, p := range []string{"http", "ssl"} {
			prefs["network.proxy."+p] = "127.0.0.1"
			prefs["network.proxy."+p+"_port"] = o.Internet.ProxyPort()
		}
		prefs["network.proxy.type"], prefs["network.proxy.no_proxies_on"] = 1, "127.0.0.1"
		prefs["network.stricttransportsecurity.preloadlist"] = false // the networks pin more than our CA can give
		prefs["dom.security.https_first"], prefs["dom.security.https_only_mode"] = false, false
	}
	if o.XPI != "" {
		prefs["xpinstall.signatures.required"] = false // ESR heeds it
	}
	if id, err := ExtensionID(Firefox, o.Extension); o.Extension != "" && err == nil {
		uuids, _ := json.Marshal(map[string]string{id: extensionUUID})
		prefs["extensions.webextensions.uuids"] = string(uuids)
	}
	return userJS(prefs)
}

func userJS(prefs map[string]any) string {
	var lines []string
	for name, value := range prefs {
		v, _ := json.Marshal(value) // strings, numbers and booleans always marshal
		lines = append(lines, fmt.Sprintf("user_pref(%q, %s);\n", name, v))
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}

// firefox is a Browser over WebDriver BiDi.
type firefox struct {
	*bidi
	profile string
	pid     int
	process ender
}

func attachFirefox(address, profile string, p *process) (Browser, error) {
	conn, err := dialBiDi(address)
	if err != nil {
		return nil, err
	}
	b := &firefox{bidi: conn, profile: profile}
	var session struct {
		Capabilities struct {
			ProcessID int `json:"moz:processID"`
		} `json:"capabilities"`
	}
	if err := b.call("session.new", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{"acceptInsecureCerts": true}}}, &session); err != nil {
		return nil, err
	}
	b.pid = session.Capabilities.ProcessID
	b.process = enderOf(p, b.pid)
	return b, nil
}

func (b *firefox) Kind() Kind      { return Firefox }
func (b *firefox) Profile() string { return b.profile }
func (b *firefox) PID() int        { return b.pid }

func (b *firefox) Open(address string) (Page, error) {
	var made struct{ Context string }
	if err := b.call("browsingContext.create", map[string]any{"type": "tab"}, &made); err != nil {
		return nil, err
	}
	p := &firefoxPage{b, made.Context}
	return p, p.Go(address)
}

// tab is a browsing context of the top level.
type tab struct{ Context, URL string }

func (b *firefox) Pages() ([]Page, error) {
	var tree struct{ Contexts []tab }
	err := b.call("browsingContext.getTree", map[string]any{"maxDepth": 0}, &tree)
	var pages []Page
	for _, t := range tree.Contexts {
		pages = append(pages, &firefoxPage{b, t.Context})
	}
	return pages, err
}

// Window is a Firefox's own window as a page: its document is the browser's, with toolbars, panels and questions, and what is
// evaluated there may do what Firefox may. It has to be started with --remote-allow-system-access. Other kinds have none.
func Window(b Browser) (Page, error) {
	f, ok := b.(*firefox)
	if !ok {
		return nil, fmt.Errorf("find window of %s: %w", b.Kind(), errors.ErrUnsupported)
	}
	var tree struct{ Contexts []tab }
	err := f.call("browsingContext.getTree", map[string]any{"maxDepth": 0, "moz:scope": "chrome"}, &tree)
	for _, t := range tree.Contexts {
		if t.URL == "chrome://browser/content/browser.xhtml" {
			return &firefoxPage{f, t.Context}, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("find window of firefox among %v: %w", tree.Contexts, ErrGone), err)
}

func (b *firefox) Install(folder string) (string, error) {
	var got struct{ Extension string }
	err := b.call("webExtension.install", map[string]any{"extensionData": map[string]any{"type": "path", "path": folder}}, &got)
	return got.Extension, err
}

func (b *firefox) Cookies() ([]Cookie, error) {
	var got struct {
		Cookies []struct {
			Name, Domain, Path string
			Value              struct{ Type, Value string }
			HTTPOnly           bool `json:"httpOnly"`
			Secure             bool
		}
	}
	err := b.call("storage.getCookies", map[string]any{}, &got)
	var all []Cookie
	for _, c := range got.Cookies {
		all = append(all, Cookie{c.Name, c.Value.Value, c.Domain, c.Path, c.HTTPOnly, c.Secure})
	}
	return all, err
}

func (b *firefox) Close() error {
	err := b.call("browser.close", map[string]any{}, nil)
	if errors.Is(err, ErrGone) {
		err = nil // it ended before it answered
	}
	return errors.Join(err, b.process.end())
}

func (b *firefox) Kill() error { return b.process.kill() }

// firefoxPage is a Page over WebDriver BiDi.
type firefoxPage struct {
	browser *firefox
	context string
}

func (p *firefoxPage) call(method string, params map[string]any, into any) error {
	params["context"] = p.context
	return p.browser.call(method, params, into)
}

func (p *firefoxPage) ID() string { return p.context }

func (p *firefoxPage) URL() (string, error) {
	var tree struct{ Contexts []tab }
	err := p.browser.call("browsingContext.getTree", map[string]any{"root": p.context, "maxDepth": 0}, &tree)
	if err != nil || len(tree.Contexts) == 0 {
		return "", errors.Join(ErrGone, err)
	}
	return tree.Contexts[0].URL, nil
}

func (p *firefoxPage) Go(address string) error {
	err := p.call("browsingContext.navigate", map[string]any{"url": address, "wait": "complete"}, nil)
	if text := fmt.Sprint(err); strings.Contains(text, "NS_ERROR") || strings.Contains(text, "about:neterror") || strings.Contains(text, "NS_BINDING_ABORTED") {
		return nil // there is nothing there: the page says so
	}
	return err
}

func (p *firefoxPage) Eval(expression string, into any) error {
	var got struct {
		Type      string
		Result    struct{ Type, Value string }
		Exception struct{ Text string } `json:"exceptionDetails"`
	}
	err := p.browser.call("script.evaluate", map[string]any{
		"expression":   "(async () => JSON.stringify(await (" + expression + ")))()",
		"target":       map[string]any{"context": p.context},
		"awaitPromise": true,
	}, &got)
	if err != nil {
		return err
	}
	if got.Type == "exception" {
		return fmt.Errorf("evaluate: %s", got.Exception.Text)
	}
	if into == nil || got.Result.Type != "string" {
		return nil
	}
	return json.Unmarshal([]byte(got.Result.Value), into)
}

func (p *firefoxPage) Wait(expression string) error { return wait(p, expression) }

func (p *firefoxPage) Click(selector string) error {
	at, err := find(p, selector)
	if err != nil {
		return err
	}
	return p.perform("pointer", "mouse", []any{
		map[string]any{"type": "pointerMove", "x": int(at.X), "y": int(at.Y)},
		map[string]any{"type": "pointerDown", "button": 0},
		map[string]any{"type": "pointerUp", "button": 0},
	})
}

func (p *firefoxPage) Drag(from, to Point) error {
	return p.perform("pointer", "mouse", []any{
		map[string]any{"type": "pointerMove", "x": int(from.X), "y": int(from.Y)},
		map[string]any{"type": "pointerDown", "button": 0},
		map[string]any{"type": "pointerMove", "x": int((from.X + to.X) / 2), "y": int((from.Y + to.Y) / 2)},
		map[string]any{"type": "pointerMove", "x": int(to.X), "y": int(to.Y)},
		map[string]any{"type": "pointerUp", "button": 0},
	})
}

// perform sends the input events of one device.
func (p *firefoxPage) perform(kind, id string, actions []any) error {
	return p.call("input.performActions", map[string]any{"actions": []any{map[string]any{"type": kind, "id": id, "actions": actions}}}, nil)
}

func (p *firefoxPage) Type(selector, text string) error {
	if err := p.Click(selector); err != nil {
		return err
	}
	return p.keys([]rune(text))
}

func (p *firefoxPage) keys(text []rune) error {
	var actions []any
	for _, r := range text {
		actions = append(actions, map[string]any{"type": "keyDown", "value": string(r)}, map[string]any{"type": "keyUp", "value": string(r)})
	}
	return p.perform("key", "keyboard", actions)
}

// firefoxKeys are WebDriver's code points, https://w3c.github.io/webdriver/#keyboard-actions.
var firefoxKeys = map[string]rune{"Enter": '\uE007', "Tab": '\uE004', "Escape": '\uE00C', "Backspace": '\uE003'}

func (p *firefoxPage) Press(key string) error { return p.keys([]rune{firefoxKeys[key]}) }

func (p *firefoxPage) Above() (string, error) {
	var got struct{ Result bidiNode }
	err := p.browser.call("script.evaluate", map[string]any{
		"expression": "document.documentElement", "target": map[string]any{"context": p.context}, "awaitPromise": false,
		"serializationOptions": map[string]any{"maxDomDepth": nil, "includeShadowTree": "all"},
	}, &got)
	return strings.Join(got.Result.above(false), "\n"), err
}

// bidiNode is a serialized node, https://w3c.github.io/webdriver-bidi/#type-script-RemoteValue.
type bidiNode struct {
	Value struct {
		NodeType   int
		NodeValue  string
		LocalName  string
		Mode       string
		Children   []bidiNode
		ShadowRoot *bidiNode
	}
}

func (n bidiNode) above(above bool) (texts []string) {
	if text := strings.TrimSpace(n.Value.NodeValue); above && n.Value.NodeType == textNode && text != "" {
		return []string{text}
	}
	if n.Value.LocalName == style {
		return nil
	}
	if root := n.Value.ShadowRoot; root != nil {
		texts = root.above(root.Value.Mode == "closed")
	}
	for _, child := range n.Value.Children {
		texts = append(texts, child.above(above)...)
	}
	return texts
}

func (p *firefoxPage) Resize(width, height int) error {
	return p.call("browsingContext.setViewport", map[string]any{"viewport": map[string]int{"width": width, "height": height}}, nil)
}

func (p *firefoxPage) Screenshot() ([]byte, error) {
	var got struct{ Data string }
	if err := p.call("browsingContext.captureScreenshot", map[string]any{}, &got); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(got.Data)
}

func (p *firefoxPage) Close() error { return p.call("browsingContext.close", map[string]any{}, nil) }
