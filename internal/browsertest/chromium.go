package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/extensions"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/chromedp/chromedp/remote"
)

// chromiumWithout are features that reach for the network, turn http into https by themselves, or start processes in advance that
// most tests never use.
var chromiumWithout = []string{"Translate", "MediaRouter", "OptimizationHints", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "SpareRendererForSitePerProcess"}

// chromiumArguments are quiet, and safe for a root user on a machine without a display or a GPU.
func chromiumArguments(o Options) []string {
	args := []string{
		"--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run", "--no-default-browser-check",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--password-store=basic", "--use-mock-keychain",
		"--disable-features=" + strings.Join(chromiumWithout, ","), "--window-size=1280,900", "--lang=en-US",
		"--remote-debugging-port=0", "--enable-unsafe-extension-debugging",
	}
	if !o.Visible {
		args = append(args, "--headless=new")
	}
	if o.Internet != nil {
		args = append(args, "--host-resolver-rules=MAP * "+o.Internet.Addr()+", EXCLUDE 127.0.0.1", "--ignore-certificate-errors-spki-list="+o.Internet.SPKI())
	}
	if o.Extension != "" {
		args = append(args, "--disable-extensions-except="+o.Extension, "--load-extension="+o.Extension)
	}
	return append(args, o.Args...)
}

// chromium is a Browser over the DevTools protocol.
type chromium struct {
	ctx     context.Context // chromedp keeps its connection in it
	cancel  context.CancelFunc
	profile string
	pid     int
	process ender

	mu   sync.Mutex
	tabs map[target.ID]*chromiumPage
}

func attachChromium(address, profile string, p *process) (Browser, error) {
	allocator, stop := remote.NewAllocator(context.Background(), address, remote.NoModifyURL)
	ctx, cancel := chromedp.NewContext(allocator)
	b := &chromium{ctx: ctx, profile: profile, tabs: map[target.ID]*chromiumPage{}, cancel: func() { cancel(); stop() }}
	// The first call ties the connection to its context, so it has none with a time limit; nor has a page's.
	info, err := chromedp.CallBrowser(b.ctx, systeminfo.GetProcessInfo, cdp.Empty{})
	if err != nil {
		b.cancel()
		return nil, fmt.Errorf("ask chromium for its processes: %w", err)
	}
	for _, i := range info.ProcessInfo {
		if i.Type == "browser" {
			b.pid = int(i.ID)
		}
	}
	b.process = enderOf(p, b.pid)
	return b, nil
}

// callBrowser runs a command on the whole browser, within Patience.
func callBrowser[P, R any](ctx context.Context, c cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	return chromedp.CallBrowser(ctx, c, params)
}

func (b *chromium) Kind() Kind      { return Chromium }
func (b *chromium) Profile() string { return b.profile }
func (b *chromium) PID() int        { return b.pid }

func (b *chromium) Open(address string) (Page, error) {
	made, err := callBrowser(b.ctx, target.CreateTarget, target.CreateTargetParams{URL: "about:blank"})
	if err != nil {
		return nil, fmt.Errorf("open tab: %w", err)
	}
	p := b.page(made.TargetID)
	return p, p.Go(address)
}

// page is the one page of a tab: two connections to it would count its events twice.
func (b *chromium) page(id target.ID) *chromiumPage {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tabs[id] == nil {
		ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(id), chromedp.WithDetachOnCancel())
		b.tabs[id] = &chromiumPage{browser: b, id: id, ctx: ctx, cancel: cancel}
	}
	return b.tabs[id]
}

func (b *chromium) Pages() ([]Page, error) {
	all, err := b.targets()
	var pages []Page
	for _, t := range all {
		if t.Type == "page" {
			pages = append(pages, b.page(t.TargetID))
		}
	}
	return pages, err
}

func (b *chromium) targets() ([]*target.Info, error) {
	got, err := callBrowser(b.ctx, target.GetTargets, target.GetTargetsParams{})
	if err != nil {
		return nil, fmt.Errorf("list tabs: %w", err)
	}
	return got.TargetInfos, nil
}

func (b *chromium) Install(folder string) (string, error) {
	got, err := callBrowser(b.ctx, extensions.LoadUnpacked, extensions.LoadUnpackedParams{Path: folder})
	if err != nil {
		return "", fmt.Errorf("install extension: %w", err)
	}
	return got.ID, nil
}

func (b *chromium) Cookies() ([]Cookie, error) {
	got, err := callBrowser(b.ctx, storage.GetCookies, storage.GetCookiesParams{})
	if err != nil {
		return nil, fmt.Errorf("read cookies: %w", err)
	}
	var all []Cookie
	for _, c := range got.Cookies {
		all = append(all, Cookie{c.Name, c.Value, c.Domain, c.Path, c.HTTPOnly, c.Secure})
	}
	return all, nil
}

// Close sends the signal of a logout: chromedp leaves a browser that it did not start alone.
func (b *chromium) Close() error {
	defer b.cancel()
	p, err := os.FindProcess(b.pid)
	if err == nil {
		err = p.Signal(syscall.SIGTERM)
	}
	return errors.Join(err, b.process.end())
}

func (b *chromium) Kill() error {
	err := b.process.kill()
	b.cancel()
	return err
}

// chromiumPage is a Page over the DevTools protocol.
type chromiumPage struct {
	browser *chromium
	id      target.ID
	ctx     context.Context // as in chromium
	cancel  context.CancelFunc

	attach    sync.Once
	attachErr error
}

// runPage does an action within Patience.
func runPage[T any](p *chromiumPage, a chromedp.Action[T]) (T, error) {
	p.attach.Do(func() { p.attachErr = chromedp.Do(p.ctx) })
	if p.attachErr != nil {
		var none T
		return none, errors.Join(ErrGone, p.attachErr)
	}
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	got, err := chromedp.Run(ctx, a)
	if p.ctx.Err() != nil {
		err = errors.Join(ErrGone, err)
	}
	return got, err
}

func (p *chromiumPage) ID() string { return string(p.id) }

func (p *chromiumPage) URL() (string, error) {
	all, err := p.browser.targets()
	for _, t := range all {
		if t.TargetID == p.id {
			return t.URL, nil
		}
	}
	return "", errors.Join(ErrGone, err)
}

func (p *chromiumPage) Go(address string) error {
	_, err := runPage(p, chromedp.Navigate(address))
	if strings.Contains(fmt.Sprint(err), "net::ERR_") {
		return nil // there is nothing there: the page says so
	}
	return err
}

func (p *chromiumPage) Eval(expression string, into any) error {
	text, err := runPage(p, chromedp.Evaluate[[]byte](expression, chromedp.EvalAwaitPromise, chromedp.EvalAsValue))
	if err != nil || into == nil || len(text) == 0 {
		return err
	}
	return json.Unmarshal(text, into)
}

func (p *chromiumPage) Wait(expression string) error { return wait(p, expression) }

func (p *chromiumPage) Click(selector string) error {
	at, err := find(p, selector)
	if err != nil {
		return err
	}
	if _, err := runPage(p, chromedp.MouseEvent(chromedp.MouseMoved, at.X, at.Y)); err != nil {
		return err
	}
	_, err = runPage(p, chromedp.MouseClickXY(at.X, at.Y))
	return err
}

func (p *chromiumPage) Drag(from, to Point) error {
	for _, e := range []chromedp.Action[chromedp.Void]{
		chromedp.MouseEvent(chromedp.MouseMoved, from.X, from.Y),
		chromedp.MouseEvent(chromedp.MousePressed, from.X, from.Y, chromedp.ButtonLeft, chromedp.ClickCount(1)),
		chromedp.MouseEvent(chromedp.MouseMoved, (from.X+to.X)/2, (from.Y+to.Y)/2, chromedp.ButtonLeft),
		chromedp.MouseEvent(chromedp.MouseMoved, to.X, to.Y, chromedp.ButtonLeft),
		chromedp.MouseEvent(chromedp.MouseReleased, to.X, to.Y, chromedp.ButtonLeft, chromedp.ClickCount(1)),
	} {
		if _, err := runPage(p, e); err != nil {
			return err
		}
	}
	return nil
}

func (p *chromiumPage) Type(selector, text string) error {
	if err := p.Click(selector); err != nil {
		return err
	}
	_, err := runPage(p, chromedp.KeyEvent(text))
	return err
}

var chromiumKeys = map[string]string{"Enter": kb.Enter, "Tab": kb.Tab, "Escape": kb.Escape, "Backspace": kb.Backspace}

func (p *chromiumPage) Press(key string) error {
	_, err := runPage(p, chromedp.KeyEvent(chromiumKeys[key]))
	return err
}

func (p *chromiumPage) Above() (string, error) {
	all, everything := int64(-1), true
	got, err := runPage(p, func(ctx context.Context, _ *chromedp.Target) (dom.GetDocumentResult, error) {
		return chromedp.Call(ctx, dom.GetDocument, dom.GetDocumentParams{Depth: &all, Pierce: &everything})
	})
	if err != nil {
		return "", fmt.Errorf("read document: %w", err)
	}
	return strings.Join(textsAbove(got.Root, false), "\n"), nil
}

// textsAbove gives the pieces of text below a node; above tells whether the node is in a closed shadow root.
func textsAbove(n *cdp.Node, above bool) (texts []string) {
	if text := strings.TrimSpace(n.NodeValue); above && n.NodeType == textNode && text != "" {
		return []string{text}
	}
	if n.LocalName == style {
		return nil
	}
	for _, root := range n.ShadowRoots {
		texts = append(texts, textsAbove(root, root.ShadowRootType == cdp.ShadowRootTypeClosed)...)
	}
	for _, child := range n.Children {
		texts = append(texts, textsAbove(child, above)...)
	}
	return texts
}

func (p *chromiumPage) Resize(width, height int) error {
	_, err := runPage(p, chromedp.EmulateViewport(int64(width), int64(height)))
	return err
}

func (p *chromiumPage) Screenshot() ([]byte, error) { return runPage(p, chromedp.CaptureScreenshot()) }

func (p *chromiumPage) Close() error {
	_, err := callBrowser(p.browser.ctx, target.CloseTarget, target.CloseTargetParams{TargetID: p.id})
	p.cancel()
	if err != nil {
		return fmt.Errorf("close tab: %w", err)
	}
	return poll("the tab is gone", func() bool { _, err := p.URL(); return errors.Is(err, ErrGone) })
}
