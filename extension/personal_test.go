package extension

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// The user's own account at the network, as its page and cookie show it.
const (
	personalID     = "990001990001"
	personalHandle = "dana_private"
	personalPage   = `<a data-testid=AppTabBar_Profile_Link href=/` + personalHandle + `>Profile</a><button data-testid=SideNav_AccountSwitcher_Button>@` + personalHandle + `</button>`
)

// TestNothingOfAPersonalAccountLeavesTheExtension watches every message that goes to the agent, and what is stored, while the user's
// own account is signed in: with a lease, and without one where the guard is switched on. It is said how the account relates to
// the lease, and without a lease nothing at all.
func TestNothingOfAPersonalAccountLeavesTheExtension(t *testing.T) {
	eachKind(t, func(t *testing.T, k browsertest.Kind) {
		w := start(t, k, native.ModeSameProfile, Options{instead: map[string]string{}})
		popup := w.popup()
		held := lease(time.Hour)
		w.agent.hold(held)
		w.waitCard(popup, held)
		page := w.open("https://x.com/" + personalHandle + "?personal")
		if got := decode[native.IdentitySeen](t, w.agent.wait(native.TypeIdentitySeen, 1)); got.Relation != native.RelationPersonal {
			t.Errorf("the relation is %s", got.Relation)
		}
		w.wait(page, bannerIsUp)
		w.pushAside(page, popup)
		w.check(page.Eval(`history.pushState({}, "", "/`+personalHandle+`/status/1")`, nil))
		w.wantNothingPersonal(popup)

		w.agent.hold()
		w.endedPage(held)
		before := w.agent.count(native.TypeIdentitySeen)
		w.agent.watch(true)
		page = w.open("https://x.com/" + personalHandle + "?personal")
		w.wait(page, bannerIsUp)
		w.wait(page, bannerBox+".y < 100") // where it was put on another page
		w.picture(page, "personal-on-the-clock")
		w.wantNothingPersonal(popup)
		if got := w.agent.count(native.TypeIdentitySeen); got != before {
			t.Error("without a lease the agent was told of a personal account")
		}
		w.agent.watch(false)
		w.wait(page, "!("+bannerIsUp+")")
	})
}

const bannerIsUp = `[...document.documentElement.children].some((e) => e.getAttribute("popover") === "manual" && e.matches(":popover-open"))`

const bannerBox = `[...document.documentElement.children].find((e) => e.getAttribute("popover") === "manual").getBoundingClientRect()`

// pushAside moves the banner to the top, and waits until that is kept.
func (w *world) pushAside(page, popup browsertest.Page) {
	w.Helper()
	var box struct{ X, Y, Height float64 }
	w.check(page.Eval(bannerBox+".toJSON()", &box))
	if box.Y < 100 {
		w.Fatalf("the banner is at %+v already", box)
	}
	w.check(page.Drag(browsertest.Point{X: box.X + 30, Y: box.Y + box.Height/2}, browsertest.Point{X: box.X + 30, Y: 60}))
	w.wait(page, bannerBox+".y < 100")
	w.wait(popup, `chrome.storage.local.get("banner_place").then((all) => all.banner_place?.y < 0.5)`)
}

func (w *world) wantNothingPersonal(popup browsertest.Page) {
	w.Helper()
	var stored string
	w.check(popup.Eval(`Promise.all([chrome.storage.local.get(null), chrome.storage.session.get(null)]).then((all) => JSON.stringify(all))`, &stored))
	said := w.agent.everything()
	for _, word := range []string{personalID, personalHandle, "@" + personalHandle} {
		sum := sha256.Sum256([]byte(word))
		for _, form := range []string{word, hex.EncodeToString(sum[:]), base64.StdEncoding.EncodeToString(sum[:12]), base64.RawURLEncoding.EncodeToString(sum[:12])} {
			if strings.Contains(stored, form) {
				w.Errorf("%s is stored", form)
			}
			if strings.Contains(said, form) {
				w.Errorf("the agent was told %s", form)
			}
		}
	}
	if strings.Contains(said, "://") {
		w.Errorf("an address was told, and nobody asked for a fill:\n%s", said)
	}
}
