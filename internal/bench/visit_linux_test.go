package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/replica"
	"github.com/keyshift-hq/keyshift/internal/systest"
)

// visit is what was measured with one lease, in milliseconds and MiB. Names of figures are keys; floor is beside the product.
type visit struct{ ours, floor map[string][]float64 }

// visit takes a lease from check-out to the end, in a work browser of its own.
func (d *surfDesk) visit(s loginSite) (visit, error) {
	v := visit{ours: map[string][]float64{}, floor: map[string][]float64{}}
	w, err := d.open(s)
	if err != nil {
		return v, err
	}
	for _, part := range []func(visit) error{w.fills, w.signs, w.memories, w.end} {
		if err := part(v); err != nil {
			return v, fmt.Errorf("%s at %s: %w", d.kind, s.network, err)
		}
	}
	return v, w.gone()
}

// fills asks in the popup to be signed in, again and again, and fills in the same page by hand in the bare browser.
func (w *work) fills(v visit) error {
	leases := struct{ Leases []struct{ ID string } }{}
	if err := w.popup.Eval(`chrome.runtime.sendMessage({type: "popup.state"})`, &leases); err != nil || len(leases.Leases) != 1 {
		return errors.Join(fmt.Errorf("the popup has the leases %v", leases), err)
	}
	ask := fmt.Sprintf(`chrome.runtime.sendMessage({type: "popup.fill", lease_id: %q})`, leases.Leases[0].ID)
	for range w.site.times {
		theirs, err := w.fillByHand()
		if err != nil {
			return err
		}
		ours, err := w.fill(ask)
		if err != nil {
			return err
		}
		v.ours[w.site.step] = append(v.ours[w.site.step], ours)
		v.floor[w.site.step] = append(v.floor[w.site.step], theirs)
	}
	return nil
}

func (w *work) fill(ask string) (ms float64, err error) {
	before, err := w.Pages()
	if err != nil {
		return 0, err
	}
	if err := w.popup.Eval(ask, nil); err != nil {
		return 0, err
	}
	var page browsertest.Page
	err = w.c.until("a tab shows the log-in", func() bool {
		page = w.newTab(before)
		return page != nil
	})
	if err == nil {
		err = page.Wait(fmt.Sprintf("window.clock && clock.filled[%q]", w.site.last))
	}
	if err == nil {
		err = page.Eval(fmt.Sprintf("clock.filled[%q]", w.site.last), &ms)
	}
	return ms, errors.Join(err, closed(page))
}

// newTab is a tab that was not there before and shows the network.
func (w *work) newTab(before []browsertest.Page) browsertest.Page {
	now, _ := w.Pages() // it is looked for again
	for _, p := range now {
		known := slices.ContainsFunc(before, func(b browsertest.Page) bool { return b.ID() == p.ID() })
		if at, err := p.URL(); !known && err == nil && strings.HasPrefix(at, "https://"+w.site.variant.Host) {
			return p
		}
	}
	return nil
}

func closed(p browsertest.Page) error {
	if p == nil {
		return nil
	}
	return p.Close()
}

// fillByHand does in a browser that has nothing of ours what a script does that drives one.
func (w *work) fillByHand() (ms float64, err error) {
	values := map[string]string{}
	for what, selector := range w.site.variant.Screens[0].Take {
		values[selector] = map[replica.Kind]string{replica.Username: "acme", replica.Password: systest.Password}[what]
	}
	list, _ := json.Marshal(values) // strings always marshal
	page, err := w.bare.Open(w.site.variant.LoginURL())
	if err != nil {
		return 0, err
	}
	const fill = `(() => { for (const [selector, value] of Object.entries(%s)) {
		const field = document.querySelector(selector);
		field.value = value;
		field.dispatchEvent(new InputEvent("input", {bubbles: true}));
	} return clock.filled[%q]; })()`
	err = page.Eval(fmt.Sprintf(fill, list, w.site.last), &ms)
	return ms, errors.Join(err, page.Close())
}

// signs are drawn above pages of the account that is lent, and warn above those of somebody else.
func (w *work) signs(v visit) error {
	page, err := w.Open("about:blank")
	for range 3 {
		for handle, name := range map[string]string{"acme": "sign", "dana_private": "warning"} {
			if err == nil {
				err = w.sign(v, page, handle, name)
			}
		}
	}
	return errors.Join(err, closed(page))
}

func (w *work) sign(v visit, page browsertest.Page, handle, name string) error {
	var at struct{ Identity, Sign, Warning, First float64 }
	err := page.Go("https://" + w.site.variant.Host + "/replica/become?handle=" + handle)
	if err == nil {
		err = page.Wait("window.clock && clock.identity && clock." + name)
	}
	if err == nil {
		err = page.Eval(`({...clock, first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0})`, &at)
	}
	if handle == "acme" {
		v.ours["painted"], v.floor["painted"] = append(v.ours["painted"], at.Sign), append(v.floor["painted"], at.First)
		v.ours["sign"] = append(v.ours["sign"], max(0, at.Sign-at.Identity))
	} else {
		v.ours["warning"] = append(v.ours["warning"], max(0, at.Warning-at.Identity))
	}
	return err
}

// memories are of the processes in which the backgrounds live; popups live there too, so that is closed before.
func (w *work) memories(v visit) error {
	if err := w.popup.Close(); err != nil {
		return err
	}
	for browser, into := range map[browsertest.Browser]map[string][]float64{w.Browser: v.ours, w.bare: v.floor} {
		pss, uss, err := backgroundMemory(browser)
		if err != nil {
			return err
		}
		into["PSS"], into["USS"] = append(into["PSS"], pss), append(into["USS"], uss)
	}
	return nil
}

var cleanedLine = regexp.MustCompile(`browser cleaned.* left_over=0 sign_out=(\w+) ms=(\d+)`)

// end is from the check-in to the hub's word that the session is closed.
func (w *work) end(v visit) error {
	page, err := w.Open("https://" + w.site.variant.Host + "/replica/become?handle=acme")
	if err == nil {
		err = page.Wait(`document.documentElement.dataset.traces === "left" && clock.sign`)
	}
	if err != nil {
		return err
	}
	before := len(w.cleaned())
	start := time.Now()
	if _, err := w.cli("", "checkin", w.site.account()); err != nil {
		return err
	}
	if err := w.c.until("the hub knows that the session is closed", w.sessionClosed); err != nil {
		return err
	}
	v.ours["closed"] = append(v.ours["closed"], milliseconds(time.Since(start)))
	w.c.rotate(w.site)
	return w.noteCleaned(v, before)
}

// noteCleaned reads what the extension said of its clean-up. One that is not done within the agent's patience is cut off: the browser
// is closed, and the session counts as closed because its folder is gone.
func (w *work) noteCleaned(v visit, before int) error {
	cleaned := w.cleaned()
	if len(cleaned) == before {
		v.ours["cut off"] = append(v.ours["cut off"], 1)
		return nil
	}
	if how := cleaned[before][1]; how != "done" {
		return fmt.Errorf("signing out is %q", how)
	}
	inside, err := strconv.ParseFloat(cleaned[before][2], 64)
	v.ours["inside"], v.ours["cut off"] = append(v.ours["inside"], inside), append(v.ours["cut off"], 0)
	return err
}

func (w *work) cleaned() [][]string {
	text, _ := os.ReadFile(w.log) // an empty one says as much
	return cleanedLine.FindAllStringSubmatch(string(text), -1)
}

func (w *work) sessionClosed() bool {
	list, err := hubclient.Call(context.Background(), w.c.hub.Owner.Leases.ListLeases, &v1.ListLeasesRequest{All: true, PageSize: 1})
	return err == nil && list.GetLeases()[0].GetRemoval().GetStep() == v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED
}
