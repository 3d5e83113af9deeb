package fyneui

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// mistakePage is where a user tells of a mistake. Nobody is blamed.
type mistakePage struct {
	plain
	account *choice
	what    *entry
	fields  *fyne.Container
	refusal *slot
	send    *button
	foot    *fyne.Container
	// concerns are the accounts to choose from, after "none".
	concerns []tray.Concern
	report   tray.Report
	failed   *tray.Trouble
}

func (d *desk) mistakePage() page {
	p := &mistakePage{plain: plain{desk: d}, refusal: newSlot(), fields: spaced()}
	p.report.NewID = d.NewID
	p.what = d.lines(d.text("mistake_example"), 5, p.submit)
	p.account = d.choice([]string{d.text("mistake_no_account")}, 0, func(int) {})
	p.send = d.button(d.text("mistake_send"), true, p.submit)
	p.fields.Objects = []fyne.CanvasObject{
		say(d.text("mistake_intro")), p.refusal.Container,
		stack(heading(d.text("mistake_what")), p.what), stack(heading(d.text("mistake_account")), p.account),
	}
	p.foot = newFlow(d.button(d.text("win_cancel"), false, d.goBack), p.send)
	p.body = sheet(p.fields, p.foot)
	return p
}

func (p *mistakePage) first() fyne.Focusable { return p.what }

func (p *mistakePage) update(time.Time) time.Duration {
	d := p.desk
	if concerns := tray.Concerns(d.picture); !equal(concerns, p.concerns) {
		p.offer(concerns)
	}
	if d.putTrouble(p.refusal, p.failed) {
		d.refit()
	}
	return 0
}

// offer shows other accounts to choose from, and keeps the chosen one if it is among them.
func (p *mistakePage) offer(concerns []tray.Concern) {
	names := []string{p.desk.text("mistake_no_account")}
	for _, c := range concerns {
		names = append(names, c.Name)
	}
	p.concerns = concerns
	p.account.SetOptions(names)
	if p.account.SelectedIndex() < 0 {
		p.account.SetSelectedIndex(0)
	}
}

func (p *mistakePage) submit() {
	d := p.desk
	if p.send.Disabled() {
		return
	}
	account := ""
	if i := p.account.SelectedIndex(); i > 0 {
		account = p.concerns[i-1].Account
	}
	req := p.report.Request(account, strings.TrimSpace(p.what.Text))
	p.send.Disable()
	ask(d, func(ctx context.Context) (*v1.LocalServiceReportMistakeResponse, error) {
		return d.Agent.ReportMistake(ctx, req)
	}, p.done)
}

func (p *mistakePage) done(got *v1.LocalServiceReportMistakeResponse, err error) {
	d := p.desk
	p.send.Enable()
	p.failed = tray.TroubleOf(d.words, err, d.Now())
	if err != nil {
		d.draw()
		return
	}
	text := d.text("mistake_sent_text")
	if !got.GetTold() {
		text = d.text("mistake_waits_text")
	}
	if got.GetProblem().GetCode() == string(keyshift.CodeRateLimited) {
		text = d.text("mistake_many_text")
	}
	home := tray.Offer{Text: d.text("button_show_accounts"), Main: true, Action: tray.Action{Verb: tray.Open, Request: tray.Request{Window: tray.WindowHome}}}
	p.fields.Objects = []fyne.CanvasObject{d.empty(tray.Empty{Title: d.text("mistake_sent_title"), Text: text, Offers: []tray.Offer{home}})}
	p.foot.Hide()
	d.refit()
}

func (p *mistakePage) answer(a tray.Action) {
	switch a.Verb {
	case tray.Again:
		p.submit()
	case tray.EditReason:
		p.desk.window.Canvas().Focus(p.what)
	}
}
