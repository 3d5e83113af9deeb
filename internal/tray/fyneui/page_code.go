package fyneui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// codePage gets a one-time code, copies it, and shows how long it is good. The code is forgotten once it is over.
type codePage struct {
	plain
	lease   string
	head    head
	digits  *widget.Label
	note    *widget.Label
	ring    *ring
	refusal *slot
	copy    *button
	anew    *button
	got     *v1.LocalServiceGetCodeResponse
	failed  *tray.Trouble
	asked   bool
}

func (d *desk) codePage(lease string) page {
	p := &codePage{plain: plain{desk: d}, lease: lease, head: newHead(), ring: newRing(110), refusal: newSlot()}
	p.digits, p.note = widget.NewLabel(""), say("")
	p.digits.SizeName, p.digits.TextStyle = sizeDigits, fyne.TextStyle{Bold: true, Monospace: true}
	p.digits.Alignment, p.note.Alignment = fyne.TextAlignCenter, fyne.TextAlignCenter
	p.copy = d.button(d.text("win_copy"), true, func() { d.app.Clipboard().SetContent(p.got.GetCode()); p.say() })
	p.anew = d.button(d.text("code_new"), false, p.fetch)
	p.body = sheet(spaced(p.head.Container, p.refusal.Container, p.digits, container.NewCenter(p.ring), p.note), newFlow(p.anew, p.copy))
	return p
}

func (p *codePage) first() fyne.Focusable { return p.copy }

func (p *codePage) update(now time.Time) time.Duration {
	d := p.desk
	if held := d.picture.Lease(p.lease); held != nil {
		w := tray.ProlongOf(d.words, d.picture, p.lease, now)
		p.head.set(w.Network, w.Title, w.Line)
	}
	if !p.asked && d.picture.Status != nil {
		p.fetch()
	}
	code := tray.CodeOf(d.words, p.got, now)
	p.ring.set(code.Part, code.Left <= 5*time.Second, code.Seconds)
	set(p.digits, code.Digits)
	if p.got != nil && code.Digits == "" {
		p.got = nil
		set(p.note, d.text("code_over"))
	}
	p.enable(code.Digits != "")
	if bare := p.failed != nil; p.ring.Hidden != bare { // where there is no code, nothing counts down
		p.ring.Hidden, p.digits.Hidden, p.head.Hidden = bare, bare, bare && d.picture.Lease(p.lease) == nil
		d.refit()
	}
	if d.putTrouble(p.refusal, p.failed) {
		d.refit()
	}
	return tray.NextChange(code.Left)
}

// enable lets copy what is there, and ask for what is not.
func (p *codePage) enable(there bool) {
	if there == p.copy.Disabled() {
		if there {
			p.copy.Enable()
		} else {
			p.copy.Disable()
		}
	}
	if hide := there || p.failed != nil; p.anew.Hidden != hide {
		p.anew.Hidden = hide
		p.desk.refit()
	}
}

func (p *codePage) fetch() {
	d := p.desk
	p.asked, p.failed = true, nil
	set(p.note, d.text("win_working"))
	ask(d, func(ctx context.Context) (*v1.LocalServiceGetCodeResponse, error) { return d.Agent.Code(ctx, p.lease) }, p.done)
}

func (p *codePage) done(got *v1.LocalServiceGetCodeResponse, err error) {
	p.failed = tray.TroubleOf(p.desk.words, err, p.desk.Now())
	set(p.note, "")
	if err == nil {
		p.got = got
		p.desk.app.Clipboard().SetContent(got.GetCode())
		p.say()
	}
	p.desk.draw()
}

func (p *codePage) say() {
	held := p.desk.picture.Lease(p.lease)
	set(p.note, p.desk.text("code_copied", tray.NetworkOf(held.GetLease().GetNetwork()).Title()))
}

func (p *codePage) answer(a tray.Action) {
	if a.Verb == tray.Again {
		p.fetch()
	}
}
