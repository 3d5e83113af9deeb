package cli

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-ical"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func hoursInvalid(text string) error {
	return keyshift.Invalid(keyshift.CodeFieldInvalid, text, "Write hours like 'mon-thu 9:00-12:30,13:30-18:00' 'fri 9:00-14:00'.")
}

// parseSpans reads texts such as "mon-thu 9:00-12:30,13:30-18:00".
func parseSpans(texts []string) ([]*v1.WorkSpan, error) {
	var all []*v1.WorkSpan
	for _, text := range texts {
		daysText, spansText, ok := strings.Cut(strings.TrimSpace(text), " ")
		if !ok {
			return nil, hoursInvalid("“" + clean(text) + "” has no days or no hours.")
		}
		days, err := parseDays(daysText)
		if err != nil {
			return nil, err
		}
		for span := range strings.SplitSeq(strings.ReplaceAll(spansText, " ", ""), ",") {
			from, until, err := parseSpan(span)
			if err != nil {
				return nil, err
			}
			for _, day := range days {
				all = append(all, &v1.WorkSpan{Weekday: day, From: durationpb.New(from), Until: durationpb.New(until)})
			}
		}
	}
	return all, nil
}

// parseDays reads "mon", "mon-fri" or "sat-mon", and several with commas.
func parseDays(text string) ([]int32, error) {
	var days []int32
	for part := range strings.SplitSeq(strings.ToLower(text), ",") {
		first, last, ranged := strings.Cut(part, "-")
		if !ranged {
			last = first
		}
		day, end := slices.Index(weekdays, first), slices.Index(weekdays, last)
		if day < 0 || end < 0 {
			return nil, hoursInvalid("“" + clean(part) + "” is no day of the week.")
		}
		for ; day != end; day = (day + 1) % 7 {
			days = append(days, int32(day)) //nolint:gosec // 0 to 6
		}
		days = append(days, int32(end)) //nolint:gosec // 0 to 6
	}
	return days, nil
}

func parseSpan(text string) (from, until time.Duration, err error) {
	a, b, _ := strings.Cut(text, "-")
	from, okA := parseClock(a)
	until, okB := parseClock(b)
	if !okA || !okB {
		return 0, 0, hoursInvalid("“" + clean(text) + "” is no span of hours.")
	}
	return from, until, nil
}

// parseClock reads 9, 9:00 or 24:00.
func parseClock(text string) (time.Duration, bool) {
	if !strings.Contains(text, ":") {
		text += ":00"
	}
	if text == "24:00" {
		return 24 * time.Hour, true
	}
	t, err := time.Parse("15:04", text)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err == nil
}

// hoursText writes hours a line a day.
func hoursText(h *v1.WorkHours) string {
	if len(h.GetSpans()) == 0 {
		return "No work hours are set: every hour is work time."
	}
	lines := []string{"Work hours in " + clean(h.GetZone()) + ":"}
	for i := range 7 {
		day := (i + 1) % 7
		var spans []string
		for _, s := range h.GetSpans() {
			if int(s.GetWeekday()) == day {
				spans = append(spans, wallText(s.GetFrom().AsDuration())+"-"+wallText(s.GetUntil().AsDuration()))
			}
		}
		if spans != nil {
			lines = append(lines, "  "+weekdays[day]+"  "+strings.Join(spans, ", "))
		}
	}
	if off := h.GetDaysOff(); len(off) > 0 {
		lines = append(lines, "  without "+clean(strings.Join(off, ", ")))
	}
	return strings.Join(lines, "\n")
}

func wallText(d time.Duration) string {
	return fmt.Sprintf("%d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

// maxCalendar bounds what is read of a calendar file.
const maxCalendar = 4 << 20

// readHolidays gives the days of the whole-day events of an iCalendar file (RFC 5545), from today to 18 months ahead.
func readHolidays(path string, now time.Time) ([]string, error) {
	data, err := os.ReadFile(path)
	if err == nil && len(data) > maxCalendar {
		err = fmt.Errorf("it is larger than %d MiB", maxCalendar>>20)
	}
	if err != nil {
		return nil, calendarInvalid(path, err)
	}
	calendar, err := ical.NewDecoder(bytes.NewReader(data)).Decode()
	if err != nil {
		return nil, calendarInvalid(path, err)
	}
	return holidaysOf(calendar, path, now)
}

func calendarInvalid(path string, err error) error {
	return keyshift.Invalid(keyshift.CodeFieldInvalid, "The calendar "+clean(path)+" cannot be read.", "Give an iCalendar file (.ics) with the public holidays.").Because(err)
}

func holidaysOf(calendar *ical.Calendar, path string, now time.Time) ([]string, error) {
	from := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	until := from.AddDate(0, 18, 0)
	var days []string
	for _, event := range calendar.Events() {
		starts, err := startsOf(event, from, until)
		if err != nil {
			return nil, calendarInvalid(path, err)
		}
		for _, day := range starts {
			days = append(days, day.Format(time.DateOnly))
		}
	}
	slices.Sort(days)
	if days = slices.Compact(days); len(days) == 0 {
		return nil, keyshift.Invalid(keyshift.CodeFieldInvalid, "The calendar "+clean(path)+" has no whole day between today and 18 months ahead.", "Give one with the public holidays of these years.")
	}
	return days, nil
}

// startsOf gives the days on which a whole-day event is, in a stretch of time; none for an event with hours.
func startsOf(event ical.Event, from, until time.Time) ([]time.Time, error) {
	start := event.Props.Get(ical.PropDateTimeStart)
	if start == nil || start.ValueType() != ical.ValueDate {
		return nil, nil
	}
	first, err := event.DateTimeStart(time.UTC)
	if err != nil {
		return nil, err
	}
	end, err := event.DateTimeEnd(time.UTC)
	if err != nil || !end.After(first) {
		end = first.AddDate(0, 0, 1)
	}
	repeats, err := event.RecurrenceSet(time.UTC)
	if err != nil {
		return nil, err
	}
	begins := []time.Time{first}
	if repeats != nil {
		begins = repeats.Between(from.AddDate(0, 0, -31), until, true)
	}
	var days []time.Time
	for _, begin := range begins {
		for day := begin; day.Before(begin.Add(min(end.Sub(first), 31*24*time.Hour))); day = day.AddDate(0, 0, 1) {
			if !day.Before(from) && day.Before(until) {
				days = append(days, day)
			}
		}
	}
	return days, nil
}
