package fyneui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// crowd is an agent with many accounts.
func crowd(n int) *agent {
	a := office()
	a.status.Leases, a.accounts = nil, nil
	for i := range n {
		a.accounts = append(a.accounts, account(v1.Network(1+i%4), fmt.Sprintf("account_%03d", i)))
	}
	return a
}

func TestOfManyAccountsOnlyThoseInSightExist(t *testing.T) {
	w := newWorld(t, crowd(500), tray.Settings{})
	w.see(tray.WindowHome)
	rows := w.page.(*homePage).rows
	if n := len(rows.shown); n == 0 || n > 20 {
		t.Errorf("%d rows exist", n)
	}
	rows.scroll.ScrollToBottom()
	w.mustRead("@account_499")
	made := len(rows.shown)
	for _, list := range rows.pool {
		made += len(list)
	}
	if made > 40 {
		t.Errorf("%d rows were made for scrolling to the end", made)
	}
}

func TestTheArrowsLeadThroughAllAccounts(t *testing.T) {
	w := newWorld(t, crowd(60), tray.Settings{})
	w.see(tray.WindowHome)
	rows := w.page.(*homePage).rows
	w.window.Canvas().Focus(rows.reveal(1).object().(fyne.Focusable))
	for range 59 {
		w.window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	}
	last := w.window.Canvas().Focused().(*accountItem)
	if last.row.Title != "@account_059" || rows.scroll.Offset.Y == 0 {
		t.Errorf("the keyboard is at %s, scrolled by %v", last.row.Title, rows.scroll.Offset.Y)
	}
	last.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	w.settle()
	if w.request != (tray.Request{Window: tray.WindowCheckOut, Argument: "a-account_059"}) {
		t.Errorf("Enter leads to %v", w.request)
	}
}

func TestManyAccountsAreSearched(t *testing.T) {
	w := newWorld(t, crowd(500), tray.Settings{})
	w.see(tray.WindowHome)
	test.Type(w.page.(*homePage).search, "077")
	if n := len(w.page.(*homePage).rows.data); n != 2 {
		t.Errorf("%d rows are left, want a heading and an account", n)
	}
	test.Type(w.page.(*homePage).search, "x")
	w.mustRead("No account matches “077x”.")
}

// hard are pictures with what is long, strange or much.
func hard() *agent {
	a := office()
	long := strings.Repeat("very_long_handle_", 4)[:60]
	a.status.User, a.status.HubName = "דנה כהן", strings.Repeat("Example Holding ", 6)
	a.status.Leases = []*v1.HeldLease{lease("l1", v1.Network_NETWORK_PINTEREST, long, 3*time.Hour+5*time.Minute, 4*time.Hour)}
	a.status.Leases[0].Lease.AccountId = "elsewhere"
	wiping := lease("l2", v1.Network_NETWORK_X, "acme", 0, time.Hour)
	wiping.Ending, wiping.WipeFailure = "wipe_failed", "the keyring is locked and nobody has typed its password for a long time"
	a.status.Leases = append(a.status.Leases, wiping)
	a.accounts[2].Holder = "משתמשת עם שם ארוך"
	a.accounts = append(a.accounts, account(v1.Network_NETWORK_FACEBOOK, long), account(v1.Network_NETWORK_UNSPECIFIED, "of_a_new_network"))
	a.status.Connected = false
	return a
}

// narrowest is the width to which a window can be made smaller, by the size of its texts.
var narrowest = map[int]float32{100: 300, 200: 450}

// TestNothingSticksOut looks at every window in every language, also with texts of twice the size: what is wider than the
// window cannot be read or pressed.
func TestNothingSticksOut(t *testing.T) {
	list := append([]scene{{name: "hard", agent: hard, show: seeing(tray.WindowHome)}, {name: "hard-check-out", agent: hard, show: seeing(tray.WindowCheckOut, "a-of_a_new_network")}}, scenes...)
	for _, language := range append(i18n.Languages(), i18n.Pseudo) {
		for _, percent := range []int{100, 200} {
			for _, s := range list {
				a := office()
				if s.agent != nil {
					a = s.agent()
				}
				w := newWorld(t, a, tray.Settings{Language: language, TextPercent: percent})
				s.show(w)
				if got := w.window.Content().MinSize().Width; got > narrowest[percent] {
					t.Errorf("%s in %s at %d %% needs a width of %v", s.name, language, percent, got)
				}
			}
		}
	}
}

func TestScreenshotsOfHardThings(t *testing.T) {
	for _, s := range []scene{
		{name: "hard-home", agent: hard, show: seeing(tray.WindowHome)},
		{name: "crowd", agent: func() *agent { return crowd(500) }, show: seeing(tray.WindowHome)},
	} {
		for _, percent := range []int{100, 200} {
			t.Run(fmt.Sprintf("%s-%d", s.name, percent), func(t *testing.T) {
				shoot(t, s, tray.Settings{Theme: tray.ThemeLight, TextPercent: percent}, fyne.NewSize(460, 640))
			})
		}
	}
	for _, s := range scenes {
		t.Run(s.name+"-200", func(t *testing.T) {
			shoot(t, s, tray.Settings{Theme: tray.ThemeLight, TextPercent: 200}, fyne.NewSize(460, 640))
		})
	}
}

func TestComingBackIsToTheSamePlace(t *testing.T) {
	w := newWorld(t, crowd(100), tray.Settings{})
	w.see(tray.WindowHome)
	rows := w.page.(*homePage).rows
	rows.scroll.ScrollToBottom()
	w.mustRead("@account_099")
	w.visit(tray.Request{Window: tray.WindowCheckOut, Argument: "a-account_099"})
	w.escape()
	w.mustRead("@account_099")
}

func TestEveryWindowHasATitle(t *testing.T) {
	for _, window := range tray.Windows() {
		if titles[window] == "" {
			t.Errorf("%s has no title", window)
		}
	}
}

func TestRowsKeepTheWidthOfTheWindow(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowHome)
	for _, width := range []float32{460, 380, 700} {
		w.window.Resize(fyne.NewSize(width, 640))
		rows := w.page.(*homePage).rows
		for i, it := range rows.shown {
			if got := it.object().Size().Width; got > rows.Size().Width || got < rows.Size().Width-20 {
				t.Errorf("in a window of %v row %d has a width of %v", width, i, got)
			}
		}
	}
}

func TestAColumnGivesTextsTheRoomTheyNeed(t *testing.T) {
	newWorld(t, office(), tray.Settings{}) // for the theme
	text := say(strings.Repeat("many words ", 30))
	below := say("below")
	box := stack(text, below)
	box.Resize(fyne.NewSize(200, 10)) // once is enough
	if got, want := text.Size().Height, text.MinSize().Height; got < want || want < 100 {
		t.Errorf("the text has a height of %v, and needs %v", got, want)
	}
	if got := below.Position().Y; got < text.MinSize().Height {
		t.Errorf("what is below begins at %v, inside the text", got)
	}
}

func TestTheRowsBeginBelowTheBanner(t *testing.T) {
	a := office()
	a.status.Connected = false
	w := newWorld(t, a, tray.Settings{})
	w.see(tray.WindowHome)
	p := w.page.(*homePage)
	banner := p.top.Position().Y + p.banner.Position().Y + p.banner.MinSize().Height
	list := p.body.(*fyne.Container).Objects[1]
	if !p.banner.Visible() || list.Position().Y < banner {
		t.Errorf("the banner ends at %v, the rows begin at %v", banner, list.Position().Y)
	}
}
