package fyneui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// chips are durations to choose one of, with the moment to which the chosen one lasts.
type chips struct {
	presets []tray.Preset
	chosen  int
	buttons []*button
	until   *widget.Label
	content *fyne.Container
}

func (d *desk) chips(presets []tray.Preset, chosen int) *chips {
	c := &chips{presets: presets, until: quiet("")}
	row := newFlow()
	for i, p := range presets {
		b := d.button(p.Text, false, func() { c.choose(i) })
		c.buttons = append(c.buttons, b)
		row.Add(b)
	}
	c.content = stack(row, c.until)
	c.choose(chosen)
	return c
}

func (c *chips) choose(i int) {
	if i < 0 || i >= len(c.presets) {
		return
	}
	c.chosen = i
	set(c.until, c.presets[i].Until)
	for j, b := range c.buttons {
		want := widget.MediumImportance
		if j == i {
			want = widget.HighImportance
		}
		if b.Importance != want {
			b.Importance = want
			b.Refresh()
		}
	}
}

// move tells the presets anew: the moments to which they last move with the clock.
func (c *chips) move(presets []tray.Preset) {
	if len(presets) == len(c.presets) {
		c.presets = presets
		c.choose(c.chosen)
	}
}

func (c *chips) preset() tray.Preset {
	if c.chosen >= len(c.presets) {
		return tray.Preset{}
	}
	return c.presets[c.chosen]
}
