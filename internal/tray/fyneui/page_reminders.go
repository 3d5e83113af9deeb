package fyneui

import (
	"context"
	"reflect"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// remindersPage shows what the user was reminded of and what waits, and pauses reminders.
type remindersPage struct {
	plain
	// only is the id of the one reminder that was asked for, empty for all.
	only  string
	list  *fyne.Container
	empty *slot
	foot  *fyne.Container
	drawn *tray.Reminders
}

func (d *desk) remindersPage(only string) page {
	p := &remindersPage{plain: plain{desk: d}, only: only, list: spaced(), empty: newSlot(), foot: newFlow()}
	p.body = sheet(spaced(p.empty.Container, p.list), p.foot)
	return p
}

func (p *remindersPage) update(now time.Time) time.Duration {
	d := p.desk
	w := tray.RemindersOf(d.words, d.picture, now)
	if p.only != "" {
		w = w.Only(p.only)
	}
	if p.drawn == nil || !reflect.DeepEqual(*p.drawn, w) {
		p.drawn = &w
		p.draw(w)
	}
	return 0
}

func (p *remindersPage) draw(w tray.Reminders) {
	d := p.desk
	d.putEmpty(p.empty, w.Empty)
	p.list.Objects = nil
	p.part("reminders_shown", w.Shown, true)
	p.part("reminders_waiting", w.Waiting, false)
	p.foot.Objects = nil
	if w.Paused != "" {
		p.list.Objects = append([]fyne.CanvasObject{newPanel(say(w.Paused))}, p.list.Objects...)
		p.foot.Add(d.button(d.text("reminders_resume"), true, func() { p.pause(0, false) }))
	} else {
		for _, minutes := range tray.Snoozes {
			t := time.Duration(minutes) * time.Minute
			p.foot.Add(d.button(d.text("reminders_pause")+" "+tray.Length(t), false, func() { p.pause(t, false) }))
		}
		if w.MayPauseToday {
			p.foot.Add(d.button(d.text("reminders_pause_today"), false, func() { p.pause(0, true) }))
		}
	}
	d.refit()
}

func (p *remindersPage) part(key string, cards []tray.ReminderCard, canDismiss bool) {
	if len(cards) == 0 {
		return
	}
	d := p.desk
	h := heading(d.text(key))
	h.Importance = widget.LowImportance
	p.list.Add(h)
	for _, c := range cards {
		p.list.Add(p.card(c, canDismiss))
	}
}

func (p *remindersPage) card(c tray.ReminderCard, canDismiss bool) fyne.CanvasObject {
	d := p.desk
	text := tight(say(c.Text))
	if c.Also != "" {
		text.Add(say(c.Also))
	}
	text.Add(quiet(c.Note))
	buttons := d.offers(c.Offers)
	if canDismiss {
		buttons.Add(d.button(d.text("reminders_got_it"), false, func() { p.dismiss(c.ID) }))
	}
	text = stack(text, buttons)
	if c.Urgent {
		return panelOf(colorWarm, text)
	}
	return newPanel(text)
}

func (p *remindersPage) dismiss(id string) {
	p.try(func(ctx context.Context) error { _, err := p.desk.Agent.DismissReminder(ctx, id); return err })
}

func (p *remindersPage) pause(t time.Duration, today bool) {
	p.try(func(ctx context.Context) error { _, err := p.desk.Agent.PauseReminders(ctx, t, today); return err })
}

// try changes something about reminders, and shows what became of it.
func (p *remindersPage) try(work func(context.Context) error) {
	d := p.desk
	ask(d, func(ctx context.Context) (tray.Picture, error) {
		if err := work(ctx); err != nil {
			return tray.Picture{}, err
		}
		got, err := d.Agent.Reminders(ctx)
		return tray.Picture{Reminders: got}, err
	}, func(got tray.Picture, err error) {
		if err != nil {
			d.tellOutcome("", err)
			return
		}
		d.picture.Reminders = got.Reminders
		if p.only != "" && len(got.Reminders.GetShown()) == 0 {
			p.only = ""
		}
		d.draw()
	})
}
