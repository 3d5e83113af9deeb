package fyneui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// relayPage is where a custodian types a code that somebody waits for. What was typed is gone once it was passed on.
type relayPage struct {
	plain
	id         string
	head       head
	asks, care *widget.Label
	left       *widget.Label
	code       *entry
	refusal    *slot
	send       *button
	form       *fyne.Container
	foot       *fyne.Container
	over       *slot
	failed     *tray.Trouble
	// user is who waits, done that the code was passed on.
	user string
	done bool
	busy bool
}

func (d *desk) relayPage(id string) page {
	p := &relayPage{plain: plain{desk: d}, id: id, head: newHead(), asks: say(""), care: quiet(""), left: quiet(""), refusal: newSlot(), over: newSlot()}
	p.code = d.entry("", p.submit)
	p.send = d.button(d.text("relay_send"), true, p.submit)
	p.form = spaced(p.head.Container, p.asks, p.refusal.Container, stack(heading(d.text("relay_code")), p.code, p.left), p.care)
	p.foot = newFlow(d.button(d.text("win_cancel"), false, d.goBack), p.send)
	p.body = sheet(stack(p.form, p.over.Container), p.foot)
	return p
}

func (p *relayPage) first() fyne.Focusable {
	if p.form.Hidden {
		return nil
	}
	return p.code
}

func (p *relayPage) update(now time.Time) time.Duration {
	d := p.desk
	if p.done {
		return 0
	}
	w := tray.RelayOf(d.words, d.picture, p.id, now)
	if w.Empty != nil {
		if d.picture.Reminders != nil && !p.busy { // what the agent was asked together with this
			p.end(*w.Empty)
		}
		return 0
	}
	p.begin()
	p.id, p.user = w.ID, w.User // the one that is shown stays
	p.head.set(w.Network, w.Title, w.Network.Title())
	set(p.asks, w.Asks)
	set(p.care, w.Care)
	set(p.left, w.LeftText)
	if d.putTrouble(p.refusal, p.failed) {
		d.refit()
	}
	return tray.NextChange(w.Left)
}

// begin shows the form, which may have ended before somebody asked.
func (p *relayPage) begin() {
	if p.form.Hidden {
		p.form.Show()
		p.foot.Show()
		p.over.clear()
		p.desk.refit()
		p.desk.window.Canvas().Focus(p.code)
	}
}

// end says that there is nothing to type (any more).
func (p *relayPage) end(why tray.Empty) {
	p.code.SetText("")
	p.desk.window.Canvas().Unfocus()
	p.form.Hide()
	p.foot.Hide()
	if p.desk.putEmpty(p.over, &why) {
		p.desk.refit()
	}
}

func (p *relayPage) submit() {
	d := p.desk
	if p.busy || p.id == "" || p.done {
		return
	}
	code, err := keyshift.CleanRelayCode(p.code.Text)
	if err != nil {
		p.failed = &tray.Trouble{Text: d.text("relay_invalid")}
		d.draw()
		return
	}
	p.busy, p.failed = true, nil
	p.send.Disable()
	ask(d, func(ctx context.Context) (*v1.LocalServiceAnswerRelayRequestResponse, error) {
		return d.Agent.AnswerRelay(ctx, p.id, code)
	}, p.answered)
}

func (p *relayPage) answered(_ *v1.LocalServiceAnswerRelayRequestResponse, err error) {
	d := p.desk
	p.busy = false
	p.send.Enable()
	p.failed = tray.TroubleOf(d.words, err, d.Now())
	if err == nil {
		p.done = true
		home := tray.Offer{Text: d.text("button_show_accounts"), Main: true, Action: tray.Action{Verb: tray.Open, Request: tray.Request{Window: tray.WindowHome}}}
		p.end(tray.Empty{Title: d.text("relay_done_title"), Text: d.text("relay_done_text", p.user), Offers: []tray.Offer{home}})
	}
	d.draw()
}

func (p *relayPage) answer(a tray.Action) {
	if a.Verb == tray.Again {
		p.submit()
	}
}
