package fyneui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// update asks the agent for what it does when nobody is there, once it is there itself. Until then the page says why that
// cannot be chosen.
func (p *settingsPage) update(now time.Time) time.Duration {
	d := p.desk
	switch {
	case d.picture.Status != nil && !p.asked:
		p.ask()
	case d.picture.Problem != nil && p.chose == nil:
		p.asked = false
		p.cannotChoose(tray.TroubleOf(d.words, d.picture.Problem, now))
	}
	return 0
}

func (p *settingsPage) ask() {
	p.asked = true
	ask(p.desk, func(ctx context.Context) (*v1.LocalServiceGetSettingsResponse, error) {
		return p.desk.Agent.Settings(ctx)
	}, p.fill)
}

// cannotChoose says in the place of the choices why there are none.
func (p *settingsPage) cannotChoose(why *tray.Trouble) {
	text := tray.Trouble{Code: why.Code, Text: p.desk.text("settings_agent_unknown"), Hint: why.Text, Offers: why.Offers}
	if p.desk.putTrouble(p.agent, &text) {
		p.desk.refit()
	}
}

func (p *settingsPage) answer(a tray.Action) {
	if a.Verb == tray.Again {
		p.ask()
	}
}

// fill shows what the agent does when nobody is there.
func (p *settingsPage) fill(got *v1.LocalServiceGetSettingsResponse, err error) {
	d := p.desk
	if err != nil {
		p.cannotChoose(tray.TroubleOf(d.words, err, d.Now()))
		return
	}
	p.chose = &v1.LocalSettings{CheckInWhenIdle: got.GetSettings().GetCheckInWhenIdle(), CheckInWhenLocked: got.GetSettings().GetCheckInWhenLocked()}
	names := []string{d.text("settings_idle_never")}
	chosen := 0
	for i, t := range tray.IdleTimes {
		names = append(names, tray.Length(t))
		if t == p.chose.GetCheckInWhenIdle().AsDuration() {
			chosen = i + 1
		}
	}
	locked := d.tick(d.text("settings_locked"), p.chose.GetCheckInWhenLocked(), func(on bool) { p.chose.CheckInWhenLocked = on; p.tellAgent() })
	idle := d.choice(names, chosen, func(i int) {
		p.chose.CheckInWhenIdle = nil
		if i > 0 {
			p.chose.CheckInWhenIdle = durationpb.New(tray.IdleTimes[i-1])
		}
		p.tellAgent()
	})
	p.agent.fill(p.chose, func() fyne.CanvasObject { return spaced(newPanel(locked.row()), p.field("settings_idle", idle)) })
	d.refit()
}

func (p *settingsPage) tellAgent() {
	d, chose := p.desk, proto.Clone(p.chose).(*v1.LocalSettings)
	ask(d, func(ctx context.Context) (struct{}, error) {
		_, err := d.Agent.SetSettings(ctx, chose)
		return struct{}{}, err
	}, func(_ struct{}, err error) { d.tellOutcome("", err) })
}
