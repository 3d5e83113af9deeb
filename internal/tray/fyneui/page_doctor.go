package fyneui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// doctorPage shows the agent's findings.
type doctorPage struct {
	plain
	list    *fyne.Container
	refusal *slot
	again   *button
	report  string
	asked   bool
	failed  *tray.Trouble
}

func (d *desk) doctorPage() page {
	p := &doctorPage{plain: plain{desk: d}, list: spaced(), refusal: newSlot()}
	p.again = d.button(d.text("doctor_again"), true, p.ask)
	p.list.Add(quiet(d.text("win_working")))
	p.body = sheet(spaced(p.refusal.Container, p.list), newFlow(d.button(d.text("doctor_copy"), false, func() { d.copy(p.report) }), p.again))
	return p
}

func (p *doctorPage) first() fyne.Focusable { return p.again }

func (p *doctorPage) update(time.Time) time.Duration {
	if !p.asked {
		p.ask()
	}
	if p.desk.putTrouble(p.refusal, p.failed) {
		p.desk.refit()
	}
	return 0
}

func (p *doctorPage) ask() {
	d := p.desk
	p.asked = true
	p.again.Disable()
	ask(d, func(ctx context.Context) (*v1.LocalServiceDiagnoseResponse, error) { return d.Agent.Diagnose(ctx) }, p.done)
}

func (p *doctorPage) done(got *v1.LocalServiceDiagnoseResponse, err error) {
	d := p.desk
	p.again.Enable()
	p.failed = tray.TroubleOf(d.words, err, d.Now())
	p.list.Objects = nil
	if err == nil {
		p.fill(tray.DoctorOf(d.words, got))
	}
	d.draw()
	d.refit()
}

func (p *doctorPage) fill(w tray.Doctor) {
	p.report = w.Report
	p.list.Add(heading(w.Title))
	for _, f := range w.Findings {
		p.list.Add(finding(f))
	}
}

func finding(f tray.Finding) fyne.CanvasObject {
	icon, fill := theme.NewSuccessThemedResource(theme.ConfirmIcon()), colorCard
	var resource fyne.Resource = icon
	if !f.OK {
		resource, fill = theme.NewWarningThemedResource(theme.WarningIcon()), colorWarm
	}
	words := tight(heading(f.Subject), say(f.Text))
	if f.Mend != "" {
		words.Add(mono(f.Mend))
	}
	at := container.New(layout.NewCustomPaddedLayout(8, 0, 0, 0), container.NewVBox(widget.NewIcon(resource)))
	return panelOf(fill, container.New(&sided{}, at, words))
}

func (p *doctorPage) answer(a tray.Action) {
	if a.Verb == tray.Again {
		p.ask()
	}
}
