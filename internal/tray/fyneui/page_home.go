package fyneui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// homePage shows leases and accounts.
type homePage struct {
	plain
	where         *widget.Label
	search        *entry
	banner, empty *slot
	rows          *rows
	top           *fyne.Container
}

func (d *desk) homePage() page {
	p := &homePage{plain: plain{desk: d}, banner: newSlot(), empty: newSlot(), rows: d.rows()}
	p.where = line("", false)
	p.where.Importance = widget.LowImportance
	p.search = d.entry(d.text("home_search"), nil)
	p.search.OnChanged = func(string) { d.draw() }
	p.search.Hide()
	p.top = stack(p.where, p.banner.Container, p.search)
	p.body = container.New(&headed{}, p.top, container.NewStack(p.rows, scrolled(p.empty.Container)))
	return p
}

func (p *homePage) update(now time.Time) time.Duration {
	h := tray.HomeOf(p.desk.words, p.desk.picture, p.search.Text, now)
	set(p.where, h.Where)
	p.where.Hidden = h.Where == ""
	p.rows.set(h.Rows)
	changed := p.desk.putTrouble(p.banner, h.Banner)
	changed = p.desk.putEmpty(p.empty, h.Empty) || changed
	if show := h.Searchable || p.search.Text != ""; p.search.Visible() != show {
		p.search.Hidden, changed = !show, true
	}
	if changed {
		p.desk.refit()
	}
	return h.NextChange()
}
