package keyshift

import (
	"cmp"
	"slices"
	"time"
)

// WorkHours says when somebody works: the spans of each weekday in one time zone, without holidays and days off.
// The zero value has no spans and means that no hours are set: then every moment is work time.
type WorkHours struct {
	// Zone is where the spans are meant; nil is UTC. A user who travels keeps the hours of this zone.
	Zone *time.Location
	// Week has the spans of each weekday, [time.Sunday] first.
	Week [7][]Span
	// DaysOff are public holidays and personal days off.
	DaysOff []Date
}

// Span is a part of a day by the clock on the wall, from From until before Until, both since midnight. Until may be 24 hours.
type Span struct{ From, Until time.Duration }

// Date is a day of the calendar without a time zone. The zero value is no day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day of a moment in its own location.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// String writes the day as 2026-11-22.
func (d Date) String() string { return d.at(0, time.UTC).Format(time.DateOnly) }

// Add gives the day so many days later.
func (d Date) Add(days int) Date { return DateOf(d.at(0, time.UTC).AddDate(0, 0, days)) }

// Before reports whether d is an earlier day than e.
func (d Date) Before(e Date) bool { return d.at(0, time.UTC).Before(e.at(0, time.UTC)) }

// at gives the moment at which a clock on the wall shows a time of this day. On the days when clocks change, a time that
// is skipped or comes twice means one of the two moments around, as [time.Date] chooses.
func (d Date) at(clock time.Duration, zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, int(clock/time.Hour), int(clock%time.Hour/time.Minute), int(clock%time.Minute/time.Second), 0, zone)
}

// Set reports whether any hours are set.
func (w WorkHours) Set() bool {
	return slices.ContainsFunc(w.Week[:], func(spans []Span) bool { return len(spans) > 0 })
}

// Contain reports whether a moment is work time.
func (w WorkHours) Contain(t time.Time) bool {
	if !w.Set() {
		return true
	}
	local := t.In(w.zone())
	for _, shift := range w.shifts(DateOf(local)) {
		if !local.Before(shift.start) && local.Before(shift.end) {
			return true
		}
	}
	return false
}

// lookAhead bounds the search for the next work time: a year off is the longest that is planned for.
const lookAhead = 366

// Next gives when work time begins next after a moment outside of it; the zero time if it does not within a year, or
// if no hours are set.
func (w WorkHours) Next(after time.Time) time.Time {
	day := after.In(w.zone())
	for range lookAhead {
		for _, shift := range w.shifts(DateOf(day)) {
			if shift.start.After(after) {
				return shift.start
			}
		}
		day = day.AddDate(0, 0, 1)
	}
	return time.Time{}
}

// Day gives the day of a moment where the work is.
func (w WorkHours) Day(t time.Time) Date { return DateOf(t.In(w.zone())) }

type shift struct{ start, end time.Time }

// shifts are the spans of a day as moments, in their order; none on a day off.
func (w WorkHours) shifts(d Date) []shift {
	if slices.Contains(w.DaysOff, d) {
		return nil
	}
	var all []shift
	for _, s := range w.Week[d.at(12*time.Hour, time.UTC).Weekday()] {
		all = append(all, shift{d.at(s.From, w.zone()), d.at(s.Until, w.zone())})
	}
	slices.SortFunc(all, func(a, b shift) int { return cmp.Compare(a.start.Unix(), b.start.Unix()) })
	return all
}

func (w WorkHours) zone() *time.Location {
	if w.Zone == nil {
		return time.UTC
	}
	return w.Zone
}

// Validate refuses spans that are empty, leave the day or overlap.
func (w WorkHours) Validate() error {
	for day, spans := range w.Week {
		sorted := slices.SortedFunc(slices.Values(spans), func(a, b Span) int { return cmp.Compare(a.From, b.From) })
		for i, s := range sorted {
			if s.From < 0 || s.Until > 24*time.Hour || s.From >= s.Until || i > 0 && s.From < sorted[i-1].Until {
				return Invalid(CodeFieldInvalid, "The hours of "+time.Weekday(day).String()+" do not fit.", "Write spans such as 9:00-12:30 that lie within the day and do not overlap.")
			}
		}
	}
	return nil
}

// EndOfDay gives the midnight that ends the day of a moment where the work is.
func (w WorkHours) EndOfDay(t time.Time) time.Time {
	return w.Day(t).at(24*time.Hour, w.zone())
}

// Equal reports whether two say the same.
func (w WorkHours) Equal(other WorkHours) bool {
	same := w.zone().String() == other.zone().String() && slices.Equal(w.DaysOff, other.DaysOff)
	for day := range w.Week {
		same = same && slices.Equal(w.Week[day], other.Week[day])
	}
	return same
}
