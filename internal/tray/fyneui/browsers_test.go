package fyneui

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// browsers are one that asks to be connected, and one that is.
func browsers() []*v1.BrowserProfile {
	return []*v1.BrowserProfile{
		{Id: "p1", Browser: "firefox", BrowserVersion: "153.0", Mode: "container", Paired: true, Owes: []string{"@acme"}},
		{Id: "p2", Browser: "chromium", BrowserVersion: "156.0", Mode: "work", Code: "482913", CodeUntil: timestamppb.New(noon.Add(97 * time.Second))},
	}
}

func officeWithBrowsers() *agent {
	a := office()
	a.status.Browsers = browsers()
	return a
}

func TestABrowserIsConnectedAndDisconnected(t *testing.T) {
	w := newWorld(t, officeWithBrowsers(), tray.Settings{})
	w.see(tray.WindowHome)
	w.mustRead("Chromium 156 asks to be connected.")
	w.press("Compare")
	w.mustRead("Browsers", "482 913", "97 s", "Own container · not running", "Clean-up still owed: @acme.")
	w.wait(7 * time.Second)
	w.mustRead("90 s")
	w.press("Yes, the same")
	w.mustRead("Connected. From now on")
	w.press("No")
	w.mustRead("Turned away.")
	w.press("Disconnect")
	w.mustRead("Disconnected.")
	if want := []string{"AnswerPairing 482913 true", "AnswerPairing 482913 false", "ForgetBrowserProfile p1"}; !slices.Equal(w.agent.called, want) {
		t.Errorf("the agent was asked %q, want %q", w.agent.called, want)
	}
}

func TestButtonsThatBreakIntoLinesAreEvenlySpread(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	buttons := make([]fyne.CanvasObject, 0, 6)
	for range 6 {
		buttons = append(buttons, w.button("Button", false, nil))
	}
	one := buttons[0].MinSize().Width
	for _, tt := range []struct{ buttons, fit, want int }{{4, 4, 4}, {4, 3, 2}, {5, 4, 3}, {3, 2, 2}, {6, 5, 3}, {2, 1, 1}, {3, 9, 3}} {
		width := float32(tt.fit)*(one+theme.Padding()) + 1
		if got := (&flow{}).columns(buttons[:tt.buttons], width); got != tt.want {
			t.Errorf("%d buttons where %d fit: %d in a line, want %d", tt.buttons, tt.fit, got, tt.want)
		}
	}
}

func TestAnAccountIsOpenedInTheWorkBrowser(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowHome)
	w.press("Open")
	w.mustRead("It opens in Chromium.")
	w.agent.mode = "same_profile"
	w.press("Open")
	w.mustRead("not kept apart from your own accounts")
	w.agent.fail = map[string]error{"OpenAccount": refusal(keyshift.CodeUnavailable)}
	w.press("Open")
	w.mustRead("The work browser was not opened. text of unavailable hint")
}
