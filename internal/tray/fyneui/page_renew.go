package fyneui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// renewPage is one lease: how long it lasts, and what can be done with it.
type renewPage struct {
	plain
	lease   string
	head    head
	ring    *ring
	over    *slot
	refusal *slot
	card    *fyne.Container
	chips   *chips
	choose  *fyne.Container
	renew   *button
	foot    *fyne.Container
	presets []time.Duration
	made    bool
	failed  *tray.Trouble
}

func (d *desk) renewPage(lease string) page {
	p := &renewPage{plain: plain{desk: d}, lease: lease, head: newHead(), ring: newRing(150), over: newSlot(), refusal: newSlot()}
	p.choose = stack()
	p.card = spaced()
	p.renew = d.button(d.text("button_renew"), true, p.submit)
	p.foot = newFlow(d.button(d.text("button_check_in"), false, func() { d.checkIn(lease) }), p.renew)
	p.body = sheet(spaced(p.over.Container, p.card), p.foot)
	return p
}

func (p *renewPage) first() fyne.Focusable { return p.renew }

func (p *renewPage) update(now time.Time) time.Duration {
	if p.desk.picture.Status == nil {
		p.foot.Hide()
		return 0
	}
	w := tray.ProlongOf(p.desk.words, p.desk.picture, p.lease, now)
	changed := p.desk.putEmpty(p.over, w.Over)
	if w.Over != nil {
		p.card.Objects, p.made = nil, false
		p.foot.Hide()
	} else {
		changed = p.fill(w) || changed
		p.head.set(w.Network, w.Title, w.Line)
		p.ring.set(float64(w.Left)/float64(max(w.Total, 1)), w.Soon, tray.Left(w.Left))
		changed = p.offer(w.Presets) || changed
	}
	changed = p.desk.putTrouble(p.refusal, p.failed) || changed
	if changed {
		p.desk.refit()
	}
	return tray.NextChange(w.Left)
}

func (p *renewPage) fill(w tray.Prolong) bool {
	if p.made {
		return false
	}
	d := p.desk
	p.made = true
	p.foot.Show()
	links := newFlow(d.button(d.text("tray_open_account", w.Title), false, func() { d.openWork(p.lease) }))
	if w.HasCode {
		links.Add(d.button(d.text("button_copy_code"), false, func() { d.visit(tray.Request{Window: tray.WindowCode, Argument: p.lease}) }))
	}
	p.card.Objects = []fyne.CanvasObject{p.head.Container, container.NewCenter(p.ring), p.refusal.Container, p.choose, links}
	return true
}

// offer shows the durations, anew when there are others.
func (p *renewPage) offer(presets []tray.Preset) bool {
	durations := make([]time.Duration, len(presets))
	for i, preset := range presets {
		durations[i] = preset.Duration
	}
	if len(p.choose.Objects) > 0 && equal(durations, p.presets) {
		if p.chips != nil {
			p.chips.move(presets)
		}
		return false
	}
	p.presets, p.chips = durations, nil
	p.choose.Objects = []fyne.CanvasObject{say(p.desk.text("renew_longest"))}
	p.renew.Hidden = len(presets) == 0
	if len(presets) > 0 {
		p.chips = p.desk.chips(presets, tray.Usual(presets))
		p.choose.Objects = []fyne.CanvasObject{heading(p.desk.text("renew_question")), p.chips.content}
	}
	return true
}

func equal[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func (p *renewPage) submit() {
	if p.chips == nil || p.renew.Disabled() {
		return
	}
	d, duration := p.desk, p.chips.preset().Duration
	p.renew.Disable()
	ask(d, func(ctx context.Context) (*v1.LocalServiceRenewResponse, error) {
		return d.Agent.Renew(ctx, p.lease, duration)
	}, p.done)
}

func (p *renewPage) done(got *v1.LocalServiceRenewResponse, err error) {
	p.renew.Enable()
	p.failed = tray.TroubleOf(p.desk.words, err, p.desk.Now())
	if err == nil {
		d := p.desk
		d.tell(d.text("renew_done", tray.Clock(d.words, got.GetLease().GetLease().GetEndsAt().AsTime(), d.Now())))
	}
	p.desk.draw()
}

func (p *renewPage) answer(a tray.Action) {
	if a.Verb == tray.Again || a.Verb == tray.EditDuration {
		p.submit()
	}
}
