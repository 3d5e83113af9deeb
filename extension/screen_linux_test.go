package extension

import (
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/systest/realdesk"
)

// TestOnAScreen is about what Chromium takes from the keyboard alone, and shows beside its pages: keys of the extension, and
// its question for a site. Nothing but a screen has them, so it gets one that nobody sees. What Firefox asks for a site is seen
// without ([TestThePopupFits]).
func TestOnAScreen(t *testing.T) {
	d := realdesk.Start(t)
	w := arrange(t, browsertest.Chromium, native.ModeSameProfile, Options{})
	w.options.Visible, w.options.Env = true, []string{"DISPLAY=" + d.Display}
	w.launch()
	w.theKeySignsIn(d)
	w.theUserAllowsASite(d)
}

// keys presses keys in the browser's window until something is so: a press before the window listens is lost.
func (w *world) keys(d *realdesk.Desk, page browsertest.Page, so string, keys ...string) {
	w.Helper()
	for until := time.Now().Add(browsertest.Patience); time.Now().Before(until); {
		cmd := exec.Command("xdotool", append([]string{"search", "--onlyvisible", "--class", "chromium", "windowactivate", "--sync", "key", "--clearmodifiers"}, keys...)...)
		cmd.Env = d.Env()
		out, err := cmd.CombinedOutput()
		yes := false
		for tries := 0; tries < 10 && !yes; tries++ {
			<-time.After(100 * time.Millisecond)
			w.check(page.Eval("(async () => !!("+so+"))()", &yes))
		}
		if yes {
			return
		}
		if err != nil {
			w.Logf("xdotool: %v: %s", err, out)
		}
	}
	w.Fatalf("after %q not so: %s", keys, so)
}

// theKeySignsIn: Alt+Shift+L asks for a fill in the page in front.
func (w *world) theKeySignsIn(d *realdesk.Desk) {
	w.Helper()
	page := w.ready("https://x.com/login")
	w.agent.hold(lease(23 * time.Minute))
	w.wait(page, `ask({type: "page.hello"}).then((got) => got.answer.soon)`)
	w.refuses("a page before the key", page, askPassword, "not_asked")
	w.keys(d, page, `await ask({type: "page.hello"}).then((got) => got.answer.state?.fill)`, "alt+shift+l")
	if got := ask[valueAnswer](w, page, askPassword); got.Value != "hunter2" {
		w.Errorf("after the key the page got %+v", got)
	}
	if get := decode[native.FillGet](w.T, w.agent.wait(native.TypeFillGet, 1)); get.Gesture != native.GestureCommand {
		w.Errorf("the agent heard of the gesture %q", get.Gesture)
	}
}

// theUserAllowsASite: an added site is read only after the user said yes to the browser's own question.
func (w *world) theUserAllowsASite(d *realdesk.Desk) {
	w.Helper()
	const host = "news.example.com"
	held := lease(23 * time.Minute)
	held.Network, held.Hosts = "site:"+host, []string{host}
	w.agent.hold(held)
	popup := w.popup()
	allow := fmt.Sprintf(`[data-key="allow.%s"]`, host)
	w.wait(popup, fmt.Sprintf(`document.querySelector('%s')`, allow))
	page := w.open("https://" + host + "/")
	unread := true
	w.check(page.Eval(`Promise.race([ask({type: "page.hello"}).then(() => false), new Promise((yes) => setTimeout(() => yes(true), 500))])`, &unread))
	if !unread {
		w.Error("the page was read before anybody allowed it")
	}
	popup = w.popup()
	w.wait(popup, fmt.Sprintf(`document.querySelector('%s')`, allow))
	w.check(popup.Click(allow))
	w.keys(d, popup, fmt.Sprintf(`await chrome.permissions.contains({origins: ["https://%s/*"]})`, host), "Tab", "Return")
	w.wait(popup, fmt.Sprintf(`!document.querySelector('%s')`, allow))
	w.ready("https://" + host + "/login")
	w.wait(popup, `chrome.scripting.getRegisteredContentScripts().then((all) => all.length === 1)`)
}
