package api

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// HoursMessage writes work hours for the wire. It is nil if no hours are set.
func HoursMessage(w keyshift.WorkHours) *v1.WorkHours {
	if !w.Set() {
		return nil
	}
	m := &v1.WorkHours{Zone: w.Zone.String()}
	for day, spans := range w.Week {
		for _, span := range spans {
			m.Spans = append(m.Spans, &v1.WorkSpan{Weekday: int32(day), From: durationpb.New(span.From), Until: durationpb.New(span.Until)}) //nolint:gosec // 0 to 6
		}
	}
	for _, day := range w.DaysOff {
		m.DaysOff = append(m.DaysOff, day.String())
	}
	return m
}

// maxSpans and maxDaysOff bound what one user's or group's hours may hold.
const (
	maxSpans   = 70
	maxDaysOff = 400
)

// HoursOf reads work hours from the wire; a nil message means that none are set. It refuses what does not fit.
func HoursOf(m *v1.WorkHours) (keyshift.WorkHours, error) {
	if m == nil {
		return keyshift.WorkHours{}, nil
	}
	zone, err := time.LoadLocation(m.GetZone())
	if err != nil || m.GetZone() == "Local" {
		return keyshift.WorkHours{}, keyshift.Invalid(keyshift.CodeFieldInvalid, "That time zone is not known.", "Use a name of the IANA list, such as Europe/Berlin.")
	}
	if len(m.GetSpans()) > maxSpans || len(m.GetDaysOff()) > maxDaysOff {
		return keyshift.WorkHours{}, keyshift.Invalid(keyshift.CodeFieldInvalid, "These are too many spans or days off.", "Use up to 70 spans a week and 400 days off.")
	}
	w := keyshift.WorkHours{Zone: zone}
	for _, s := range m.GetSpans() {
		span := keyshift.Span{From: s.GetFrom().AsDuration().Truncate(time.Minute), Until: s.GetUntil().AsDuration().Truncate(time.Minute)}
		if err := w.Add(time.Weekday(s.GetWeekday()), span); err != nil {
			return w, err
		}
	}
	for _, text := range m.GetDaysOff() {
		day, err := keyshift.ParseDate(text)
		if err != nil {
			return w, err
		}
		w.DaysOff = append(w.DaysOff, day)
	}
	return w, nil
}
