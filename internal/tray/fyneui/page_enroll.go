package fyneui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// enrollPage leads through the enrollment: paste the code, look at whose hub it is, say yes. Nothing is sent before.
type enrollPage struct {
	plain
	code, device *entry
	refusal      *slot
	step         *fyne.Container
	foot         *fyne.Container
	failed       *tray.Trouble
	yes          *button
	// busy is set while the hub is asked, over once it is done with.
	busy, over bool
}

func (d *desk) enrollPage() page {
	p := &enrollPage{plain: plain{desk: d}, refusal: newSlot(), step: spaced(), foot: newFlow()}
	p.code = d.lines("keyshift1-…", 4, p.next)
	p.code.Wrapping = fyne.TextWrapBreak
	p.device = d.entry(d.text("enroll_name_example"), p.next)
	p.body = sheet(spaced(p.step), p.foot)
	p.askCode()
	return p
}

func (p *enrollPage) first() fyne.Focusable { return p.code }

func (p *enrollPage) update(time.Time) time.Duration {
	d := p.desk
	if s := d.picture.Status; s.GetEnrolled() && !p.busy && !p.over {
		p.show([]fyne.CanvasObject{d.empty(tray.Empty{Title: d.text("enroll_already_title"), Text: d.text("enroll_done_text", s.GetHubName())})}, p.toAccounts())
		p.over = true
	}
	if d.putTrouble(p.refusal, p.failed) {
		d.refit()
	}
	return 0
}

func (p *enrollPage) toAccounts() *button {
	d := p.desk
	return d.button(d.text("button_show_accounts"), true, func() { d.visit(tray.Request{Window: tray.WindowHome}) })
}

// show puts a step into the page.
func (p *enrollPage) show(objects []fyne.CanvasObject, buttons ...*button) {
	p.step.Objects, p.foot.Objects = objects, nil
	for _, b := range buttons {
		p.foot.Add(b)
	}
	p.desk.refit()
}

// askCode is the first step.
func (p *enrollPage) askCode() {
	d := p.desk
	paste := d.button(d.text("enroll_paste"), false, func() { p.code.SetText(d.app.Clipboard().Content()) })
	p.show([]fyne.CanvasObject{
		say(d.text("enroll_intro")), p.refusal.Container,
		stack(heading(d.text("enroll_code")), p.code),
		stack(heading(d.text("enroll_name")), p.device),
	}, paste, d.button(d.text("enroll_next"), true, p.next))
}

// next asks whose hub it is. That does not use the code up.
func (p *enrollPage) next() {
	d, code := p.desk, p.code.Text
	if p.busy {
		return
	}
	p.busy = true
	d.tell(d.text("win_working"))
	ask(d, func(ctx context.Context) (*v1.LocalServicePreviewCodeResponse, error) {
		return d.Agent.PreviewCode(ctx, code)
	}, p.check)
}

// check is the second step: is it the right hub?
func (p *enrollPage) check(got *v1.LocalServicePreviewCodeResponse, err error) {
	d := p.desk
	p.busy = false
	d.tell("")
	if err != nil {
		p.refuse(err)
		return
	}
	p.failed = nil
	p.refusal.clear()
	p.yes = d.button(d.text("enroll_yes"), true, p.enroll)
	p.show([]fyne.CanvasObject{
		title(d.text("enroll_check_title")), p.refusal.Container, newPanel(d.facts(tray.InvitationOf(d.words, got))), say(d.text("enroll_check_text")),
	}, d.button(d.text("enroll_no"), false, p.back), p.yes)
	d.window.Canvas().Focus(p.yes)
}

// facts are what is known of a hub.
func (d *desk) facts(i tray.Invitation) fyne.CanvasObject {
	box := stack()
	for _, fact := range [][2]string{{"enroll_hub", i.Name}, {"enroll_address", i.Address}, {"enroll_key", i.KeyWords}} {
		if fact[1] == "" {
			continue
		}
		caption := quiet(d.text(fact[0]))
		caption.SizeName = theme.SizeNameCaptionText
		box.Add(tight(caption, heading(fact[1])))
	}
	if i.Note != "" {
		box.Add(say(i.Note))
	}
	return box
}

func (p *enrollPage) back() {
	p.failed = nil
	p.refusal.clear()
	p.askCode()
	p.desk.window.Canvas().Focus(p.code)
}

func mono(text string) *widget.Label {
	l := say(text)
	l.TextStyle.Monospace = true
	return l
}

// enroll is the third step, once the user said yes.
func (p *enrollPage) enroll() {
	d, code, name := p.desk, p.code.Text, p.device.Text
	p.busy = true
	p.yes.Disable()
	p.yes.SetText(d.text("win_working"))
	ask(d, func(ctx context.Context) (*v1.LocalServiceEnrollResponse, error) {
		return d.Agent.Enroll(ctx, code, name)
	}, p.done)
}

func (p *enrollPage) done(got *v1.LocalServiceEnrollResponse, err error) {
	d := p.desk
	p.busy = false
	if err != nil {
		p.yes.Enable()
		p.yes.SetText(d.text("enroll_yes"))
		p.refuse(err)
		return
	}
	p.over = true
	p.code.SetText("")
	toAccounts := p.toAccounts()
	p.show([]fyne.CanvasObject{d.empty(tray.Empty{Title: d.text("enroll_done_title", got.GetUser()), Text: d.text("enroll_done_text", got.GetHubName())})}, toAccounts)
	d.window.Canvas().Focus(toAccounts)
}

func (p *enrollPage) refuse(err error) {
	p.failed = tray.TroubleOf(p.desk.words, err, p.desk.Now())
	p.desk.draw()
}

// answer tries again from where it was refused.
func (p *enrollPage) answer(a tray.Action) {
	if a.Verb != tray.Again {
		return
	}
	if p.yes != nil && p.failed.Code != "code_invalid" {
		p.enroll()
		return
	}
	p.back()
}
