package fyneui

import (
	"context"
	"reflect"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// browsersPage shows which browsers are connected, and asks about those that want to be.
type browsersPage struct {
	plain
	list  *fyne.Container
	empty *slot
	drawn *tray.Browsers
	// seconds are the labels that count down, one for each question.
	seconds []*widget.Label
}

func (d *desk) browsersPage() page {
	p := &browsersPage{plain: plain{desk: d}, list: spaced(), empty: newSlot()}
	p.body = sheet(spaced(p.empty.Container, p.list), nil)
	return p
}

func (p *browsersPage) update(now time.Time) time.Duration {
	d := p.desk
	w := tray.BrowsersOf(d.words, d.picture, now)
	if still := withoutTime(w); p.drawn == nil || !reflect.DeepEqual(*p.drawn, still) {
		p.drawn = &still
		p.draw(w)
	}
	for i, a := range w.Asking {
		set(p.seconds[i], a.Seconds)
	}
	return w.NextChange()
}

// withoutTime is what stays the same while a question waits.
func withoutTime(w tray.Browsers) tray.Browsers {
	asking := make([]tray.PairingCard, len(w.Asking))
	for i, a := range w.Asking {
		a.Seconds, a.Left = "", 0
		asking[i] = a
	}
	w.Asking = asking
	return w
}

func (p *browsersPage) draw(w tray.Browsers) {
	d := p.desk
	d.putEmpty(p.empty, w.Empty)
	p.list.Objects, p.seconds = nil, nil
	for _, a := range w.Asking {
		p.list.Add(p.question(a))
	}
	if len(w.Known) > 0 {
		h := heading(d.text("browsers_known"))
		h.Importance = widget.LowImportance
		p.list.Add(h)
	}
	for _, b := range w.Known {
		text := tight(line(b.Title, true), quiet(b.Line))
		if b.Owes != "" {
			text.Add(say(b.Owes))
		}
		p.list.Add(newPanel(stack(text, d.offers(b.Offers))))
	}
	d.refit()
}

// question is a browser that asks to be connected. Its digits are large: they are to be compared with those in the browser.
func (p *browsersPage) question(a tray.PairingCard) fyne.CanvasObject {
	digits, seconds := widget.NewLabel(a.Digits), quiet(a.Seconds)
	digits.SizeName, digits.TextStyle, digits.Alignment = sizeDigits, fyne.TextStyle{Bold: true, Monospace: true}, fyne.TextAlignCenter
	seconds.Alignment = fyne.TextAlignCenter
	p.seconds = append(p.seconds, seconds)
	return panelOf(colorWarm, stack(heading(a.Title), container.NewCenter(digits), seconds, say(a.Text), p.desk.offers(a.Offers)))
}

func (d *desk) answerBrowser(code string, accept bool) {
	ask(d, func(ctx context.Context) (struct{}, error) {
		_, err := d.Agent.AnswerPairing(ctx, code, accept)
		return struct{}{}, err
	}, func(_ struct{}, err error) {
		key := "browsers_refused"
		if accept {
			key = "browsers_accepted"
		}
		d.tellOutcome(d.text(key), err)
	})
}

func (d *desk) forgetBrowser(id string) {
	ask(d, func(ctx context.Context) (struct{}, error) {
		_, err := d.Agent.ForgetBrowserProfile(ctx, id)
		return struct{}{}, err
	}, func(_ struct{}, err error) { d.tellOutcome(d.text("browsers_forgotten"), err) })
}

// openWork opens an account in the work browser.
func (d *desk) openWork(lease string) {
	d.tell(d.text("win_working"))
	ask(d, func(ctx context.Context) (*v1.LocalServiceOpenAccountResponse, error) {
		return d.Agent.OpenAccount(ctx, lease)
	},
		func(got *v1.LocalServiceOpenAccountResponse, err error) {
			if err != nil {
				d.tell(d.text("browsers_open_failed") + " " + tray.OwnWords(err))
				return
			}
			d.tell(tray.OpenedText(d.words, got))
		})
}
