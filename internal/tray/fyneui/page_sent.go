package fyneui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// sentPage is the ledger: every kind of message that left this device.
type sentPage struct {
	plain
	list    *fyne.Container
	empty   *slot
	refusal *slot
	asked   bool
	failed  *tray.Trouble
}

func (d *desk) sentPage() page {
	p := &sentPage{plain: plain{desk: d}, list: spaced(), empty: newSlot(), refusal: newSlot()}
	p.body = sheet(spaced(quiet(d.text("ledger_intro")), p.refusal.Container, p.empty.Container, p.list), nil)
	return p
}

func (p *sentPage) update(time.Time) time.Duration {
	if !p.asked {
		p.ask()
	}
	if p.desk.putTrouble(p.refusal, p.failed) {
		p.desk.refit()
	}
	return 0
}

func (p *sentPage) ask() {
	d := p.desk
	p.asked = true
	ask(d, func(ctx context.Context) (*v1.LocalServiceListSentResponse, error) { return d.Agent.Sent(ctx) }, p.done)
}

func (p *sentPage) done(got *v1.LocalServiceListSentResponse, err error) {
	d := p.desk
	p.failed = tray.TroubleOf(d.words, err, d.Now())
	p.list.Objects = nil
	if err == nil {
		w := tray.LedgerOf(d.words, got, d.Now())
		d.putEmpty(p.empty, w.Empty)
		for _, e := range w.Entries {
			p.list.Add(newPanel(tight(say(e.Text), quiet(e.Note))))
		}
		if w.Since != "" {
			p.list.Add(quiet(w.Since))
		}
	}
	d.draw()
	d.refit()
}

func (p *sentPage) answer(a tray.Action) {
	if a.Verb == tray.Again {
		p.ask()
	}
}
