package fyneui

import (
	"context"
	"slices"
	"strconv"
	"time"

	"fyne.io/fyne/v2"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// settingsPage shows the user's wishes and keeps every change at once.
type settingsPage struct {
	plain
	fields *fyne.Container
	login  *tick
	focus  fyne.Focusable
	// agent has what the agent does when nobody is there; it is asked once.
	agent *slot
	asked bool
	chose *v1.LocalSettings
}

// languageNames are the languages as those who speak them call them.
var languageNames = map[string]string{i18n.English: "English", i18n.German: "Deutsch", i18n.French: "Français", i18n.Spanish: "Español"}

func (d *desk) settingsPage() page {
	p := &settingsPage{plain: plain{desk: d}}
	system, languages := d.text("settings_as_system"), []string{""}
	names := []string{system}
	for _, l := range i18n.Languages() {
		languages, names = append(languages, l), append(names, languageNames[l])
	}
	themes := []tray.Theme{tray.ThemeSystem, tray.ThemeLight, tray.ThemeDark}
	language := d.choice(names, max(0, slices.Index(languages, d.wishes.Language)), func(i int) { d.wishes.Language = languages[i]; p.keep(true) })
	appearance := d.choice([]string{system, d.text("settings_light"), d.text("settings_dark")}, slices.Index(themes, d.wishes.Theme),
		func(i int) { d.wishes.Theme = themes[i]; p.keep(true) })
	p.focus = language
	p.agent = newSlot()
	sound := d.tick(d.text("settings_sound"), d.wishes.Sound, func(on bool) { d.wishes.Sound = on; p.keep(false) })
	p.fields = spaced(
		p.field("settings_language", language), p.field("settings_theme", appearance),
		p.field("settings_size", p.sizes()), p.field("settings_snooze", p.snoozes()),
		newPanel(stack(p.start(), sound.row())), p.agent.Container,
	)
	p.body = sheet(p.fields, nil)
	return p
}

func (p *settingsPage) first() fyne.Focusable { return p.focus }

func (p *settingsPage) field(key string, o fyne.CanvasObject) fyne.CanvasObject {
	return stack(heading(p.desk.text(key)), o)
}

func (p *settingsPage) sizes() fyne.CanvasObject {
	d := p.desk
	names := make([]string, len(tray.TextSizes))
	for i, size := range tray.TextSizes {
		names[i] = strconv.Itoa(size) + " %"
	}
	return d.choice(names, max(0, slices.Index(tray.TextSizes, d.wishes.TextPercent)), func(i int) { d.wishes.TextPercent = tray.TextSizes[i]; p.keep(true) })
}

func (p *settingsPage) snoozes() fyne.CanvasObject {
	d := p.desk
	names := make([]string, len(tray.Snoozes))
	for i, minutes := range tray.Snoozes {
		names[i] = tray.Length(time.Duration(minutes) * time.Minute)
	}
	return d.choice(names, max(0, slices.Index(tray.Snoozes, d.wishes.SnoozeMinutes)), func(i int) { d.wishes.SnoozeMinutes = tray.Snoozes[i]; p.keep(false) })
}

// start is the box for the start at login; it can be ticked once it is known whether it is.
func (p *settingsPage) start() fyne.CanvasObject {
	d := p.desk
	p.login = d.tick(d.text("settings_login"), false, nil)
	p.login.Disable()
	if d.Login == nil {
		return stack()
	}
	d.spawn(func() {
		on, err := d.Login.Enabled()
		d.post(func() {
			if err == nil {
				p.login.SetChecked(on)
				p.login.Enable()
			}
			p.login.OnChanged = p.startAtLogin
		})
	})
	return p.login.row()
}

func (p *settingsPage) startAtLogin(on bool) {
	d := p.desk
	ask(d, func(context.Context) (struct{}, error) { return struct{}{}, d.Login.Set(on) }, p.kept)
}

// keep saves the wishes; with others about the look, the page is made anew.
func (p *settingsPage) keep(look bool) {
	d, wishes := p.desk, p.desk.wishes
	if look {
		d.again()
	}
	if d.Save != nil {
		ask(d, func(context.Context) (struct{}, error) { return struct{}{}, d.Save(wishes) }, p.kept)
	}
}

func (p *settingsPage) kept(_ struct{}, err error) {
	if err != nil {
		p.desk.tell(p.desk.text("settings_not_saved", err.Error()))
	}
}
