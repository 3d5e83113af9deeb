package fyneui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// checkOutPage asks for what and how long, and checks an account out.
type checkOutPage struct {
	plain
	account string
	attempt tray.Attempt
	head    head
	reason  *entry
	left    *widget.Label
	chips   *chips
	refusal *slot
	form    *fyne.Container
	gone    *slot
	goAhead *button
	foot    *fyne.Container
	busy    bool
	// failed is the refusal of the last attempt; known is what stood in the way before.
	failed *tray.Trouble
}

func (d *desk) checkOutPage(account string) page {
	p := &checkOutPage{plain: plain{desk: d}, account: account, gone: newSlot(), refusal: newSlot()}
	p.attempt.NewID = d.NewID
	p.head = newHead()
	p.reason = d.lines(d.text("checkout_reason_example"), 3, p.submit)
	p.left = quiet("")
	p.left.Hide()
	p.reason.OnChanged = func(string) { p.countReason() }
	p.goAhead = d.button(d.text("button_check_out"), true, p.submit)
	p.foot = newFlow(d.button(d.text("win_cancel"), false, d.goBack), p.goAhead)
	p.form = spaced()
	p.body = sheet(spaced(p.gone.Container, p.form), p.foot)
	return p
}

// head is mark, handle and line of an account above a page.
type head struct {
	*fyne.Container
	mark        *mark
	title, line *widget.Label
}

func newHead() head {
	h := head{mark: newMark(46), title: heading(""), line: quiet("")}
	h.Container = container.New(&sided{}, container.New(layout.NewCustomPaddedLayout(6, 0, 0, 0), container.NewVBox(h.mark)), tight(h.title, h.line))
	return h
}

func (h head) set(n keyshift.Network, title, line string) {
	h.mark.set(n, false)
	set(h.title, title)
	set(h.line, line)
}

func (p *checkOutPage) first() fyne.Focusable { return p.reason }

func (p *checkOutPage) update(now time.Time) time.Duration {
	w := tray.CheckOutOf(p.desk.words, p.desk.picture, p.account, now)
	changed := false
	if w == nil {
		changed = p.missing()
	} else {
		changed = p.gone.clear()
		changed = p.fill(w) || changed
		p.chips.move(w.Presets)
		p.head.set(w.Network, w.Title, w.Line)
		p.account = w.Account
	}
	if p.failed != nil {
		changed = p.desk.putTrouble(p.refusal, p.failed) || changed
	} else if w != nil {
		changed = p.desk.putTrouble(p.refusal, w.Refusal) || changed
	}
	if changed {
		p.goAhead.Importance = widget.HighImportance
		if p.refusal.shown != nil {
			p.goAhead.Importance = widget.MediumImportance
		}
		p.desk.refit()
	}
	return untilMinute(now)
}

// missing says that there is no such account, once that is known. A form that is there stays: something was typed.
func (p *checkOutPage) missing() bool {
	if len(p.form.Objects) > 0 {
		return false
	}
	p.foot.Hide()
	if !p.desk.picture.AccountsAsked {
		return p.desk.putEmpty(p.gone, &tray.Empty{Text: p.desk.text("win_working")})
	}
	home := tray.Offer{Text: p.desk.text("button_show_accounts"), Main: true, Action: tray.Action{Verb: tray.Open, Request: tray.Request{Window: tray.WindowHome}}}
	return p.desk.putEmpty(p.gone, &tray.Empty{Text: p.desk.text("checkout_gone"), Offers: []tray.Offer{home}})
}

// untilMinute is how long the clock on the wall stays as it is.
func untilMinute(now time.Time) time.Duration {
	return now.Truncate(time.Minute).Add(time.Minute).Sub(now)
}

// fill makes the form, once.
func (p *checkOutPage) fill(w *tray.CheckOut) bool {
	if len(p.form.Objects) > 0 {
		return false
	}
	d := p.desk
	p.foot.Show()
	p.chips = d.chips(w.Presets, tray.Usual(w.Presets))
	end := tight(heading(d.text("checkout_end")))
	for _, text := range w.End {
		end.Add(say(text))
	}
	p.form.Objects = []fyne.CanvasObject{
		p.head.Container, p.refusal.Container,
		stack(heading(d.text("checkout_reason")), p.reason, p.left),
		stack(heading(d.text("checkout_duration")), p.chips.content),
		newPanel(d.rules(w.Rules)), newPanel(end),
	}
	return true
}

// rules are a network's terms in short, with the way to all of them.
func (d *desk) rules(r tray.Rules) fyne.CanvasObject {
	box := tight(heading(r.Title))
	for _, text := range r.Lines {
		box.Add(container.New(&sided{}, widget.NewLabel("•"), say(text)))
	}
	link := d.button(d.text("reader_original"), false, func() { d.browse(r.URL) })
	return stack(box, quiet(r.Document+", "+r.AsOf), newFlow(link))
}

func (p *checkOutPage) countReason() {
	text := tray.ReasonLeft(p.desk.words, p.reason.Text)
	set(p.left, text)
	if hide := text == ""; p.left.Hidden != hide {
		p.left.Hidden = hide
		p.desk.refit()
	}
}

// submit asks the agent. While an answer is awaited a second press does nothing.
func (p *checkOutPage) submit() {
	if p.busy || p.chips == nil {
		return
	}
	reason, err := keyshift.ValidateReason(p.reason.Text)
	if err != nil {
		p.refuse(err)
		return
	}
	d, req := p.desk, p.attempt.Request(p.account, reason, p.chips.preset().Duration)
	p.setBusy(true)
	ask(d, func(ctx context.Context) (*v1.LocalServiceCheckOutResponse, error) { return d.Agent.CheckOut(ctx, req) }, p.done)
}

func (p *checkOutPage) setBusy(busy bool) {
	p.busy = busy
	if busy {
		p.goAhead.Disable()
		p.goAhead.SetText(p.desk.text("win_working"))
		return
	}
	p.goAhead.Enable()
	p.goAhead.SetText(p.desk.text("button_check_out"))
}

func (p *checkOutPage) done(got *v1.LocalServiceCheckOutResponse, err error) {
	p.setBusy(false)
	if err != nil {
		p.attempt.Refused(err)
		p.refuse(err)
		return
	}
	p.attempt.Done()
	d, lease := p.desk, got.GetLease().GetLease()
	d.open(tray.Request{Window: tray.WindowHome})
	d.tell(tray.At(lease.GetHandle()) + ": " + d.text("checkout_done", tray.Clock(d.words, lease.GetEndsAt().AsTime(), d.Now())))
}

func (p *checkOutPage) refuse(err error) {
	p.failed = tray.TroubleOf(p.desk.words, err, p.desk.Now())
	p.desk.draw()
}

// answer does what mends a refusal.
func (p *checkOutPage) answer(a tray.Action) {
	switch a.Verb {
	case tray.Again:
		p.submit()
	case tray.EditReason:
		p.desk.window.Canvas().Focus(p.reason)
	case tray.EditDuration:
		p.desk.window.Canvas().Focus(p.chips.buttons[p.chips.chosen])
	}
}
