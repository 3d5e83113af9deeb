package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

const calendar = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Acme//Holidays//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20201225
DTEND;VALUE=DATE:20201227
RRULE:FREQ=YEARLY
SUMMARY:Christmas
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20270326
SUMMARY:Good Friday
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20260501
SUMMARY:Long ago
END:VEVENT
BEGIN:VEVENT
UID:4
DTSTAMP:20260101T000000Z
DTSTART:20261201T180000Z
DTEND:20261201T200000Z
SUMMARY:A party is no day off
END:VEVENT
END:VCALENDAR
`

func calendarFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "holidays.ics")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "\n", "\r\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestHolidaysComeFromACalendar(t *testing.T) {
	d := loggedIn(t)
	d.run("", "hours", "set", "--group", "social-team", "--zone", "Europe/Berlin", "--day-off", "2026-12-24", "--holidays", calendarFile(t, calendar), "mon-fri 9:00-17:00")
	q := last[v1.SetWorkHoursRequest](t, d.hub)
	if want := []string{"2026-12-24", "2026-12-25", "2026-12-26", "2027-03-26", "2027-12-25", "2027-12-26"}; !slices.Equal(q.GetHours().GetDaysOff(), want) {
		t.Errorf("days off are %v, want %v", q.GetHours().GetDaysOff(), want)
	}
	if n := len(q.GetHours().GetSpans()); n != 5 {
		t.Errorf("%d spans, want one for each day from Monday to Friday", n)
	}
}

func TestACalendarWithoutHolidaysIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no calendar": "hello", "nothing in it": "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nEND:VCALENDAR\n", "a broken rule": strings.Replace(calendar, "FREQ=YEARLY", "FREQ=NEVER", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if days, err := readHolidays(calendarFile(t, text), time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)); err == nil {
				t.Errorf("read %v, want a refusal", days)
			}
		})
	}
}

func TestDaysOfTheWeek(t *testing.T) {
	for text, want := range map[string][]int32{
		"mon": {1}, "Mon-Fri": {1, 2, 3, 4, 5}, "sat-mon": {6, 0, 1}, "tue,thu-fri": {2, 4, 5}, "sun-sun": {0},
	} {
		if got, err := parseDays(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("parseDays(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
}
