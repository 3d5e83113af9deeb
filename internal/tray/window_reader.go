package tray

import (
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Reading is how much of a long text somebody has seen, in any unit of height. A jump over a part does not count as
// seeing it. The zero value has seen nothing.
type Reading struct {
	seen, whole float64
}

// See notes that the part from top to bottom of a text of the given height is on the screen. Another height is another
// layout of the same text: what was seen stays the same share.
func (r *Reading) See(top, bottom, height float64) {
	if r.whole > 0 && height != r.whole {
		r.seen *= height / r.whole
	}
	r.whole = height
	if top <= r.seen+slack {
		r.seen = max(r.seen, min(bottom, height))
	}
}

// slack forgives what rounding and smooth scrolling lose.
const slack = 8

// Done reports whether all was seen.
func (r *Reading) Done() bool { return r.whole > 0 && r.seen >= r.whole-slack }

// Percent is the share that was seen; 100 only when all was.
func (r *Reading) Percent() int {
	if r.Done() {
		return 100
	}
	if r.whole <= 0 {
		return 0
	}
	return min(99, int(100*r.seen/r.whole))
}

// Skipped reports whether the screen shows a part beyond what was seen.
func (r *Reading) Skipped(top float64) bool { return top > r.seen+slack }

// Place is where to go on reading.
func (r *Reading) Place() float64 { return r.seen }

// LongText is a text to read: a network's terms in short.
type LongText struct {
	ID, Version  string
	Title        string
	AsOf         string
	Paragraphs   []string
	URL          string
	Acknowledged bool
}

// TextsOf lists what there is to read, what concerns the user and was not acknowledged first. With the name of a network
// or of a text it is that one only.
func TextsOf(c i18n.Catalog, got *v1.LocalServiceListTextsResponse, only string) []LongText {
	var list []LongText
	for _, t := range got.GetTexts() {
		asked := only != "" && (only == t.GetId() || only == string(NetworkOf(t.GetNetwork())))
		if asked || only == "" && t.GetConcernsUser() && t.GetAcknowledgedAt() == nil {
			list = append(list, longText(c, t))
		}
	}
	return list
}

func longText(c i18n.Catalog, t *v1.LocalText) LongText {
	l := LongText{
		ID: t.GetId(), Version: t.GetVersion(), Title: keyshift.CleanText(t.GetTitle(), 200), URL: t.GetUrl(), Acknowledged: t.GetAcknowledgedAt() != nil,
		AsOf: keyshift.CleanText(t.GetVersion(), 40),
	}
	if day, err := time.Parse(time.DateOnly, t.GetVersion()); err == nil {
		l.AsOf = Date(c, day)
	}
	for _, key := range t.GetLines() {
		l.Paragraphs = append(l.Paragraphs, c.Text(key))
	}
	return l
}
