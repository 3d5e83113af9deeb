package fyneui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// press presses the button with a text.
func (w *world) press(text string) {
	w.t.Helper()
	for _, o := range w.all() {
		if b, ok := o.(*button); ok && b.Text == text && !b.Disabled() {
			test.Tap(b)
			w.settle()
			return
		}
	}
	w.t.Fatalf("there is no button %q to press; the window says %q", text, w.texts())
}

// texts is all that can be read in the window.
func (w *world) texts() []string {
	var list []string
	for _, o := range w.all() {
		switch o := o.(type) {
		case *widget.Label:
			list = append(list, o.Text)
		case *button:
			list = append(list, o.Text)
		case *tickText:
			list = append(list, o.Text)
		case *canvas.Text:
			list = append(list, o.Text)
		}
	}
	return list
}

func (w *world) reads(text string) bool {
	return slices.ContainsFunc(w.texts(), func(s string) bool { return strings.Contains(s, text) })
}

func (w *world) mustRead(texts ...string) {
	w.t.Helper()
	for _, text := range texts {
		if !w.reads(text) {
			w.t.Errorf("the window does not say %q but %q", text, w.texts())
		}
	}
}

func TestAnAccountIsCheckedOut(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowHome)
	w.visit(tray.Request{Window: tray.WindowCheckOut, Argument: "a-acme_de"})
	w.mustRead("@acme_de", "Instagram's rules in short", "Instagram Terms of Service", "What happens at the end")
	test.Type(w.page.(*checkOutPage).reason, "answering comments")
	w.press("2 h")
	w.mustRead("Until 14:00")
	w.press("Check out")
	got := w.agent.outs[0]
	if got.GetAccount() != "a-acme_de" || got.GetReason() != "answering comments" || got.GetDuration().AsDuration() != 2*time.Hour || got.GetRequestId() == "" {
		t.Errorf("the agent was asked for %v", got)
	}
	if w.request.Window != tray.WindowHome {
		t.Errorf("afterwards the window is %s", w.request.Window)
	}
	w.mustRead("It is yours until 14:00")
}

func TestAReasonIsAskedForHere(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowCheckOut, "a-acme_de")
	w.press("Check out")
	if len(w.agent.outs) != 0 {
		t.Error("the agent was asked without a reason")
	}
	w.press("Change the reason")
	if w.window.Canvas().Focused() != w.page.(*checkOutPage).reason {
		t.Error("the keyboard is not in the reason")
	}
}

func TestTryingAgainIsTheSameCheckOut(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowCheckOut, "a-acme_de")
	p := w.page.(*checkOutPage)
	test.Type(p.reason, "launch")
	w.agent.fail = map[string]error{"CheckOut": refusal(keyshift.CodeUnavailable)}
	w.press("Check out")
	w.mustRead("The answer did not arrive.", "Trying again is safe")
	w.agent.fail = nil
	w.press("Try again")
	if a, b := w.agent.outs[0].GetRequestId(), w.agent.outs[1].GetRequestId(); a != b {
		t.Errorf("asked again with another request id: %s, %s", a, b)
	}
}

func TestAfterARefusalTryingAgainIsANewQuestion(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowCheckOut, "a-acme_de")
	test.Type(w.page.(*checkOutPage).reason, "launch")
	w.agent.fail = map[string]error{"CheckOut": refusal(keyshift.CodeAccountInUse)}
	w.press("Check out")
	w.press("Try again")
	if a, b := w.agent.outs[0].GetRequestId(), w.agent.outs[1].GetRequestId(); a == b {
		t.Errorf("both questions have the request id %s", a)
	}
}

func TestASecondPressAsksOnce(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowCheckOut, "a-acme_de")
	p := w.page.(*checkOutPage)
	test.Type(p.reason, "launch")
	p.submit()
	p.submit()
	w.settle()
	if len(w.agent.outs) != 1 {
		t.Errorf("the agent was asked %d times", len(w.agent.outs))
	}
}

func TestEveryRefusalIsShownWithItsButton(t *testing.T) {
	for code, button := range map[keyshift.Code]string{
		keyshift.CodeAccountInUse: "Try again", keyshift.CodeOutsideHours: "Copy for my admin", keyshift.CodeDurationInvalid: "Choose another time",
		keyshift.CodeHubUnreachable: "Diagnostics", keyshift.CodeAgentNotRunning: "Start the agent", keyshift.CodeNotEnrolled: "Enter the code",
	} {
		w := newWorld(t, office(), tray.Settings{})
		w.see(tray.WindowCheckOut, "a-acme_de")
		test.Type(w.page.(*checkOutPage).reason, "launch")
		w.agent.fail = map[string]error{"CheckOut": refusal(code)}
		w.press("Check out")
		w.mustRead(button)
		w.press(button)
	}
}

func TestALateAnswerDoesNotDisturbAnotherPage(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowCheckOut, "a-acme_de")
	test.Type(w.page.(*checkOutPage).reason, "launch")
	w.page.(*checkOutPage).submit()
	w.open(tray.Request{Window: tray.WindowSettings})
	w.settle()
	if w.request.Window != tray.WindowSettings {
		t.Errorf("the window is %s", w.request.Window)
	}
}

func TestTheCountdownIsDrawnWhenItChangesAndNotElse(t *testing.T) {
	a := office()
	a.status.Leases = []*v1.HeldLease{lease("l1", v1.Network_NETWORK_X, "acme", 3*time.Minute, time.Hour)}
	w := newWorld(t, a, tray.Settings{})
	w.see(tray.WindowHome)
	before := w.made
	w.mustRead("3 min")
	w.wait(time.Minute)
	w.mustRead("2 min")
	if drawn := w.made - before; drawn > 2 {
		t.Errorf("the window was drawn %d times in a minute", drawn)
	}
	before = w.made
	w.wait(10 * time.Second)
	w.mustRead("1:50")
	if drawn := w.made - before; drawn > 11 {
		t.Errorf("the window was drawn %d times in ten seconds", drawn)
	}
	w.hide()
	if len(w.plans) != 1 {
		t.Errorf("a closed window has %d plans, want only the end of the process", len(w.plans))
	}
}

func TestNothingHeldPlansNothing(t *testing.T) {
	a := office()
	a.status.Leases = nil
	w := newWorld(t, a, tray.Settings{})
	w.see(tray.WindowHome)
	if len(w.plans) != 0 {
		t.Errorf("%d things are planned", len(w.plans))
	}
}

func TestOnlyWhatChangedIsDrawn(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowHome)
	rows := w.page.(*homePage).rows
	at := func(now time.Time) []tray.Row { return tray.HomeOf(w.words, w.picture, "", now).Rows }
	if drawn := rows.set(at(noon)); drawn != 0 {
		t.Errorf("of the same picture %d rows were drawn", drawn)
	}
	if drawn := rows.set(at(noon.Add(time.Minute))); drawn != 2 {
		t.Errorf("after a minute %d rows were drawn, want the two leases", drawn)
	}
	r := newRing(40)
	if first, again, nearby := r.set(0.5, false, "a"), r.set(0.5, false, "a"), r.set(0.5001, false, "a"); !first || again || !nearby {
		t.Errorf("drawn: %v, again %v, one degree further %v", first, again, nearby)
	}
	if unseen := r.set(0.5002, false, "a"); unseen {
		t.Error("a change that nobody sees is drawn")
	}
}

func TestARevocationIsSeen(t *testing.T) {
	a := office()
	w := newWorld(t, a, tray.Settings{})
	w.see(tray.WindowRenew, "l1")
	w.mustRead("42 min", "Renew")
	p := w.picture
	p.Status = &v1.LocalServiceGetStatusResponse{Enrolled: true, Connected: true}
	w.take(p)
	w.mustRead("This check-out is over")
	if w.page.(*renewPage).foot.Visible() {
		t.Error("a lease that is over can still be renewed")
	}
}

func TestALeaseIsRenewedAndGivenBack(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowRenew, "l1")
	w.press("2 h")
	w.press("Renew")
	w.mustRead("Renewed until 14:00")
	w.press("Check in")
	if want := []string{"Renew l1 2h0m0s", "CheckIn l1"}; !slices.Equal(w.agent.called, want) {
		t.Errorf("the agent was asked %q, want %q", w.agent.called, want)
	}
	w.mustRead("Checked in. You are signed out.")
}

func TestACodeIsCopiedAndForgotten(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowCode, "l1")
	w.mustRead("482 913", "Copied. Paste it where X asks for it.")
	if got := w.app.Clipboard().Content(); got != "482913" {
		t.Errorf("on the clipboard is %q", got)
	}
	w.wait(20 * time.Second)
	w.mustRead("This code is over.", "Get a new code")
	if p := w.page.(*codePage); p.got != nil || w.reads("482 913") {
		t.Error("a code that is over is still there")
	}
	w.agent.fail = map[string]error{"Code": refusal(keyshift.CodeCodeReleased)}
	w.press("Get a new code")
	w.mustRead("This code was handed out already")
}

func TestEnrollmentAsksBeforeItEnrolls(t *testing.T) {
	w := newWorld(t, stranger(), tray.Settings{})
	w.see(tray.WindowEnroll)
	w.app.Clipboard().SetContent("keyshift1-abc")
	w.press("Paste")
	w.press("Next")
	w.mustRead("Is this your company's hub?", "Example Ltd.", "https://hub.example.com", "3f1a 90bc")
	w.press("No, go back")
	w.press("Next")
	if slices.ContainsFunc(w.agent.called, func(s string) bool { return strings.HasPrefix(s, "Enroll") }) {
		t.Error("enrolled without a yes")
	}
	w.press("Yes, enroll")
	w.mustRead("Welcome, dana", "This computer belongs to Example Ltd. now.")
	w.press("Show my accounts")
	if w.request.Window != tray.WindowHome {
		t.Errorf("the window is %s", w.request.Window)
	}
}

func TestAWrongCodeStaysToBeMended(t *testing.T) {
	a := stranger()
	a.fail = map[string]error{"PreviewCode": keyshift.ErrCodeInvalid}
	w := newWorld(t, a, tray.Settings{})
	w.see(tray.WindowEnroll)
	test.Type(w.page.(*enrollPage).code, "keyshift1-oops")
	w.press("Next")
	w.mustRead("This code does not work")
	if got := w.page.(*enrollPage).code.Text; got != "keyshift1-oops" {
		t.Errorf("the code is now %q", got)
	}
}

func TestRemindersArePausedAndDismissed(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowReminder)
	w.mustRead("@acme.studio: less than 10 minutes left.", "waits a little")
	w.press("Renew")
	w.mustRead("Renewed until")
	w.press("Got it")
	w.press("Pause 1 h")
	w.press("Rest of today")
	if want := []string{"Renew l2 2h0m0s", "DismissReminder r2", "PauseReminders 1h0m0s false", "PauseReminders 0s true"}; !slices.Equal(w.agent.called, want) {
		t.Errorf("the agent was asked %q, want %q", w.agent.called, want)
	}
}

func TestSettingsAreKeptAtOnce(t *testing.T) {
	a := office()
	a.settings = &v1.LocalSettings{CheckInWhenIdle: durationpb.New(30 * time.Minute)}
	w := newWorld(t, a, tray.Settings{})
	w.see(tray.WindowSettings)
	choices := w.choices()
	choices[0].SetSelected("Deutsch")
	w.settle()
	w.mustRead("Einstellungen", "Alles zurückgeben, wenn der Bildschirm gesperrt wird")
	w.choices()[1].SetSelected("Dunkel")
	w.settle()
	if got, want := w.saved[len(w.saved)-1], (tray.Settings{Language: "de", Theme: tray.ThemeDark}); got != want {
		t.Errorf("saved %+v, want %+v", got, want)
	}
	idle := w.choices()[4]
	if idle.Selected != "30 min" {
		t.Errorf("checks in after %q", idle.Selected)
	}
	idle.SetSelectedIndex(0)
	w.settle()
	if got := w.agent.settings.GetCheckInWhenIdle(); got != nil {
		t.Errorf("the agent was told %v", got)
	}
	w.agent.fail = map[string]error{"Save": errors.New("disk full")}
	w.choices()[1].SetSelected("Hell")
	w.settle()
	w.mustRead("disk full")
}

// TestWithoutAnAgentTheSettingsSayWhatIsMissing, with the button that helps, and show it once the agent answers.
func TestWithoutAnAgentTheSettingsSayWhatIsMissing(t *testing.T) {
	a := office()
	a.status, a.away = nil, refusal(keyshift.CodeAgentNotRunning)
	w := newWorld(t, a, tray.Settings{})
	w.see(tray.WindowSettings)
	w.mustRead("can't be chosen now", "Start the agent")
	a.status, a.away, a.fail = office().status, nil, map[string]error{"Settings": refusal(keyshift.CodeUnavailable)}
	w.take(tray.Picture{Status: a.status})
	w.settle()
	w.mustRead("can't be chosen now")
	a.fail = nil
	w.press("Try again")
	w.mustRead("Check everything in when the screen is locked")
}

func (w *world) choices() []*choice {
	var list []*choice
	for _, o := range w.all() {
		if c, ok := o.(*choice); ok {
			list = append(list, c)
		}
	}
	return list
}

func TestTheAgentIsStartedFromHere(t *testing.T) {
	started := 0
	w := newWorld(t, &agent{away: refusal(keyshift.CodeAgentNotRunning)}, tray.Settings{})
	w.StartAgent = func(context.Context) error { started++; return nil }
	w.see(tray.WindowHome)
	w.press("Start the agent")
	if started != 1 {
		t.Errorf("the agent was started %d times", started)
	}
}

func TestEveryWindowCanBeLeftByEscape(t *testing.T) {
	for _, name := range tray.Windows() {
		w := newWorld(t, office(), tray.Settings{})
		w.see(name, "l1")
		w.escape()
		if name != tray.WindowHome && w.request.Window != tray.WindowHome {
			t.Errorf("Escape leads from %s to %s", name, w.request.Window)
		}
		w.escape()
		if w.visible {
			t.Errorf("Escape does not close the window at %s", w.request.Window)
		}
	}
}

// escape presses Escape wherever the keyboard is.
func (w *world) escape() {
	key := &fyne.KeyEvent{Name: fyne.KeyEscape}
	if f := w.window.Canvas().Focused(); f != nil {
		f.TypedKey(key)
	} else {
		w.window.Canvas().OnTypedKey()(key)
	}
	w.settle()
}

func TestTheKeyboardReachesEverything(t *testing.T) {
	for _, s := range scenes {
		a := office()
		if s.agent != nil {
			a = s.agent()
		}
		w := newWorld(t, a, tray.Settings{})
		s.show(w)
		w.window.Resize(fyne.NewSize(460, 2000))
		want := map[fyne.Focusable]bool{}
		for _, o := range w.all() {
			_, can := o.(fyne.Focusable)
			if keeps, ok := o.(fyne.Tabbable); ok && keeps.AcceptsTab() {
				t.Errorf("%s: Tab does not leave %T", s.name, o)
			}
			if d, ok := o.(fyne.Disableable); can && (!ok || !d.Disabled()) && o.Visible() {
				want[o.(fyne.Focusable)] = true
			}
		}
		for range len(want) + 1 {
			delete(want, w.window.Canvas().Focused())
			w.window.Canvas().FocusNext()
		}
		for o := range want {
			t.Errorf("%s: Tab does not reach %s", s.name, fmt.Sprintf("%T", o))
		}
	}
}

func TestWhoCallsForTheWindowFindsItAsItWasLeft(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowCheckOut, "a-acme_de")
	test.Type(w.page.(*checkOutPage).reason, "half a sent")
	w.see(tray.WindowHome)
	w.see(tray.WindowCheckOut, "a-acme_de")
	if got := w.page.(*checkOutPage).reason.Text; got != "half a sent" {
		t.Errorf("the reason is now %q", got)
	}
	w.see(tray.WindowSettings)
	if w.request.Window != tray.WindowSettings {
		t.Errorf("the window is %s", w.request.Window)
	}
}

func TestTheKeyboardStaysWhereItPressed(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowCheckOut, "a-acme_de")
	chip := w.page.(*checkOutPage).chips.buttons[0]
	w.window.Canvas().Focus(chip)
	for _, name := range []fyne.KeyName{fyne.KeySpace, fyne.KeyReturn} {
		chip.TypedKey(&fyne.KeyEvent{Name: name})
		if w.window.Canvas().Focused() != chip {
			t.Errorf("after %s the keyboard is at %v", name, w.window.Canvas().Focused())
		}
	}
	if got := w.page.(*checkOutPage).chips.chosen; got != 0 {
		t.Errorf("chosen is preset %d", got)
	}
}

func TestAnAccountThatIsNotKnownYetIsWaitedFor(t *testing.T) {
	a := office()
	accounts := a.accounts
	a.accounts = nil
	w := newWorld(t, a, tray.Settings{})
	w.show(tray.Request{Window: tray.WindowCheckOut, Argument: "a-acme_de"})
	p := tray.Picture{Status: a.status, At: noon}
	w.take(p)
	w.mustRead("One moment…")
	p.AccountsAsked, p.Accounts = true, accounts
	w.take(p)
	w.mustRead("What do you need it for?")
	if w.reads("One moment…") || w.reads("not in your list") {
		t.Errorf("the window says %q", w.texts())
	}
	w.see(tray.WindowCheckOut, "a-gone")
	w.mustRead("This account is not in your list any more.")
}
