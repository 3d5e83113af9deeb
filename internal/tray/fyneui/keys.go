package fyneui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// The widgets here are Fyne's, and besides obey Enter and Escape: all can be done without a mouse.

// button is a button that Enter presses too.
type button struct {
	widget.Button
	desk *desk
}

func (d *desk) button(text string, main bool, tapped func()) *button {
	b := &button{desk: d}
	b.Text, b.OnTapped = text, tapped
	if main {
		b.Importance = widget.HighImportance
	}
	b.ExtendBaseWidget(b)
	return b
}

// offer is the button of an offer.
func (d *desk) offer(o tray.Offer) *button {
	return d.button(o.Text, o.Main, func() { d.do(o.Action) })
}

// offers are the buttons of offers, side by side where there is room.
func (d *desk) offers(list []tray.Offer) *fyne.Container {
	row := newFlow()
	for _, o := range list {
		row.Add(d.offer(o))
	}
	return row
}

// TypedKey presses the button, or goes back.
func (b *button) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		b.press()
	case fyne.KeyEscape:
		b.desk.goBack()
	}
}

// press is a tap by the keyboard, which stays here unless the tap led it elsewhere. Fyne's button would give it up.
func (b *button) press() {
	d, open := b.desk, b.desk.page
	b.Tapped(nil)
	if c := d.window.Canvas(); d.page == open && d.page != nil && c.Focused() == nil && !b.Disabled() {
		c.Focus(b)
	}
}

// entry is a field for text. Tab leaves it, also if it has several lines; Enter (with Ctrl in several lines) is done.
type entry struct {
	widget.Entry
	escape, done func()
}

func (d *desk) entry(placeholder string, done func()) *entry {
	e := &entry{escape: d.goBack, done: done}
	e.PlaceHolder = placeholder
	e.ExtendBaseWidget(e)
	return e
}

func (d *desk) lines(placeholder string, rows int, done func()) *entry {
	e := &entry{escape: d.goBack, done: done}
	e.PlaceHolder, e.MultiLine, e.Wrapping = placeholder, true, fyne.TextWrapWord
	e.SetMinRowsVisible(rows)
	e.ExtendBaseWidget(e)
	return e
}

// AcceptsTab is false: Tab goes on to the next field.
func (e *entry) AcceptsTab() bool { return false }

// TypedKey is done, or goes back.
func (e *entry) TypedKey(k *fyne.KeyEvent) {
	enter := k.Name == fyne.KeyReturn || k.Name == fyne.KeyEnter
	switch {
	case k.Name == fyne.KeyEscape:
		e.escape()
	case enter && !e.MultiLine && e.done != nil:
		e.done()
	default:
		e.Entry.TypedKey(k)
	}
}

// TypedShortcut is done at Ctrl+Enter.
func (e *entry) TypedShortcut(s fyne.Shortcut) {
	if c, ok := s.(*desktop.CustomShortcut); ok && e.done != nil && c.Modifier == fyne.KeyModifierShortcutDefault &&
		(c.KeyName == fyne.KeyReturn || c.KeyName == fyne.KeyEnter) {
		e.done()
		return
	}
	e.Entry.TypedShortcut(s)
}

// choice is a list to choose one of, opened by Space, Enter or an arrow key.
type choice struct {
	widget.Select
	escape func()
}

func (d *desk) choice(options []string, chosen int, changed func(int)) *choice {
	c := &choice{escape: d.goBack}
	c.Options = options
	c.ExtendBaseWidget(c)
	c.SetSelectedIndex(chosen)
	c.OnChanged = func(string) { changed(c.SelectedIndex()) }
	return c
}

// TypedKey opens the list, or goes back.
func (c *choice) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		c.Tapped(nil)
	case fyne.KeyEscape:
		c.escape()
	default:
		c.Select.TypedKey(e)
	}
}

// tick is a box to tick, also by Enter.
type tick struct {
	widget.Check
	label  string
	escape func()
}

func (d *desk) tick(text string, checked bool, changed func(bool)) *tick {
	t := &tick{escape: d.goBack}
	t.label, t.Checked, t.OnChanged = text, checked, changed
	t.ExtendBaseWidget(t)
	return t
}

// row is the box with its text, which breaks into lines where it has to.
func (t *tick) row() fyne.CanvasObject {
	text := &tickText{tick: t}
	text.Text, text.Wrapping = t.label, fyne.TextWrapWord
	text.ExtendBaseWidget(text)
	return container.New(&sided{}, t, text)
}

// tickText ticks its box when it is tapped.
type tickText struct {
	widget.Label
	tick *tick
}

// Tapped ticks the box.
func (t *tickText) Tapped(*fyne.PointEvent) {
	if !t.tick.Disabled() {
		t.tick.SetChecked(!t.tick.Checked)
	}
}

// TypedKey ticks the box, or goes back.
func (t *tick) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		t.SetChecked(!t.Checked)
	case fyne.KeyEscape:
		t.escape()
	default:
		t.Check.TypedKey(e)
	}
}

// back is the button that leads back.
func (d *desk) backButton() *button {
	b := d.button("", false, d.goBack)
	b.Icon, b.Importance = theme.NavigateBackIcon(), widget.LowImportance
	return b
}
