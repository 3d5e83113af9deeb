package fyneui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// fiftyPages is a text of 25,000 words.
func fiftyPages() tray.LongText {
	t := tray.LongText{ID: "policy", Version: "3", Title: "All of it", AsOf: "today"}
	for i := range 400 {
		t.Paragraphs = append(t.Paragraphs, fmt.Sprintf("%d. ", i+1)+strings.Repeat("one word after another ", 15))
	}
	return t
}

// reading is the reader with texts.
func reading(t *testing.T, texts ...tray.LongText) (*world, *readerPage) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowTerms)
	p := w.page.(*readerPage)
	p.texts = texts
	p.show(0)
	return w, p
}

func (w *world) key(name fyne.KeyName) {
	w.window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: name})
}

func TestALongTextIsAcknowledgedOnceItWasScrolledThrough(t *testing.T) {
	w, p := reading(t, fiftyPages())
	w.mustRead("0 % read", "Once you have seen all of it, you can confirm.")
	if !p.done.Disabled() {
		t.Fatal("a text that was not read can be acknowledged")
	}
	for pages := 0; p.done.Disabled(); pages++ {
		if pages > 400 {
			t.Fatalf("after %d pages the text is %d %% read", pages, p.view.reading.Percent())
		}
		w.key(fyne.KeyPageDown)
	}
	w.mustRead("100 % read")
	w.press("I have read this")
	if want := "Acknowledge policy 3"; !slices.Contains(w.agent.called, want) {
		t.Errorf("the agent was asked %q, want %q among it", w.agent.called, want)
	}
	w.mustRead("Thank you, that is noted.", "You have read everything that concerns you.")
}

func TestAJumpToTheEndIsNotReading(t *testing.T) {
	w, p := reading(t, fiftyPages())
	w.key(fyne.KeyEnd)
	if !p.done.Disabled() {
		t.Fatal("a text that was skipped can be acknowledged")
	}
	w.mustRead("You skipped a part.")
	end := p.view.scroll.Offset.Y
	w.press("Go back there")
	if p.view.scroll.Offset.Y >= end/2 {
		t.Errorf("the way back leads to %v of %v", p.view.scroll.Offset.Y, end)
	}
}

func TestAnAcknowledgementThatFailsCanBeTriedAgain(t *testing.T) {
	w, p := reading(t, tray.LongText{ID: "terms_x", Version: "1", Title: "Short", Paragraphs: []string{"One line."}})
	w.agent.fail = map[string]error{"Acknowledge": refusal("made_up")}
	w.press("I have read this")
	w.mustRead("text of made_up", "Short")
	w.agent.fail = nil
	w.press("Try again")
	if p.open != 1 {
		t.Error("the text is still open")
	}
}

func TestTheTermsOfTheNetworksAreReadOneAfterTheOther(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowTerms)
	w.mustRead("X Terms of Service", "As of 8/22/2026", "Use a password that is used nowhere else")
	w.press("I have read this")
	w.mustRead("Instagram Terms of Service")
	w.press("I have read this")
	w.mustRead("Nothing to read")
	w.see(tray.WindowTerms, "instagram")
	w.mustRead("Instagram Terms of Service")
}

func TestAMistakeIsToldOnce(t *testing.T) {
	w := newWorld(t, office(), tray.Settings{})
	w.see(tray.WindowMistake)
	p := w.page.(*mistakePage)
	test.Type(p.what, "posted from the wrong account")
	p.account.SetSelected("@acme (X)")
	w.agent.fail = map[string]error{"ReportMistake": refusal(keyshift.CodeUnavailable)}
	w.press("Tell my admins")
	w.agent.fail = nil
	w.press("Try again")
	want := "ReportMistake a-acme posted from the wrong account request-1"
	if got := w.agent.called; !slices.Equal(got, []string{want, want}) {
		t.Errorf("the agent was asked %q, want twice %q", got, want)
	}
	w.mustRead("Thank you for telling", "It is kept on this computer")
}
