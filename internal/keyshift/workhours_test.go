package keyshift

import (
	"testing"
	"time"
)

// officeHours are Monday to Friday, 9:00-12:30 and 13:30-18:00 in Berlin.
func officeHours(t *testing.T) WorkHours {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	w := WorkHours{Zone: berlin, DaysOff: []Date{{2026, time.December, 25}}}
	for day := time.Monday; day <= time.Friday; day++ {
		w.Week[day] = []Span{{13*time.Hour + 30*time.Minute, 18 * time.Hour}, {9 * time.Hour, 12*time.Hour + 30*time.Minute}}
	}
	return w
}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestWorkHoursContain(t *testing.T) {
	for _, tt := range []struct {
		name, at string
		want     bool
	}{
		{"the first moment", "2026-11-23T09:00:00+01:00", true},
		{"before it", "2026-11-23T08:59:59+01:00", false},
		{"lunch", "2026-11-23T12:30:00+01:00", false},
		{"the last moment", "2026-11-23T17:59:59+01:00", true},
		{"the evening", "2026-11-23T18:00:00+01:00", false},
		{"Sunday", "2026-11-22T10:00:00+01:00", false},
		{"a public holiday", "2026-12-25T10:00:00+01:00", false},
		{"asked from New York", "2026-11-23T03:30:00-05:00", true},
		{"the day before clocks go forward", "2026-03-27T09:00:00+01:00", true},
		{"the Monday after it", "2026-03-30T09:00:00+02:00", true},
		{"an hour early after it", "2026-03-30T09:00:00+03:00", false},
		{"the Monday after clocks go back", "2026-10-26T09:00:00+01:00", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := officeHours(t).Contain(moment(t, tt.at)); got != tt.want {
				t.Errorf("Contain(%s) = %v, want %v", tt.at, got, tt.want)
			}
		})
	}
}

func TestWithoutHoursEveryMomentIsWorkTime(t *testing.T) {
	var none WorkHours
	at := moment(t, "2026-11-22T03:00:00Z")
	if !none.Contain(at) || !none.Next(at).IsZero() {
		t.Errorf("the zero value: Contain = %v, Next = %v; want true and the zero time", none.Contain(at), none.Next(at))
	}
}

func TestNextWorkTime(t *testing.T) {
	for _, tt := range []struct{ name, after, want string }{
		{"after lunch", "2026-11-23T12:45:00+01:00", "2026-11-23T13:30:00+01:00"},
		{"on Monday", "2026-11-20T20:00:00+01:00", "2026-11-23T09:00:00+01:00"},
		{"after Christmas and its weekend", "2026-12-24T20:00:00+01:00", "2026-12-28T09:00:00+01:00"},
		{"in summer time", "2026-03-27T19:00:00+01:00", "2026-03-30T09:00:00+02:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, want := officeHours(t).Next(moment(t, tt.after)), moment(t, tt.want); !got.Equal(want) {
				t.Errorf("Next(%s) = %v, want %v", tt.after, got, want)
			}
		})
	}
}

func TestASpanAcrossMidnightIsTwoSpans(t *testing.T) {
	var night WorkHours
	night.Week[time.Friday] = []Span{{22 * time.Hour, 24 * time.Hour}}
	night.Week[time.Saturday] = []Span{{0, 6 * time.Hour}}
	for at, want := range map[string]bool{"2026-11-27T23:59:59Z": true, "2026-11-28T00:00:00Z": true, "2026-11-28T06:00:00Z": false} {
		if got := night.Contain(moment(t, at)); got != want {
			t.Errorf("Contain(%s) = %v, want %v", at, got, want)
		}
	}
}

func TestSpansThatDoNotFitAreRefused(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spans []Span
		fits  bool
	}{
		{"two spans", []Span{{13 * time.Hour, 17 * time.Hour}, {8 * time.Hour, 12 * time.Hour}}, true},
		{"touching", []Span{{8 * time.Hour, 12 * time.Hour}, {12 * time.Hour, 17 * time.Hour}}, true},
		{"overlapping", []Span{{8 * time.Hour, 13 * time.Hour}, {12 * time.Hour, 17 * time.Hour}}, false},
		{"backwards", []Span{{17 * time.Hour, 8 * time.Hour}}, false},
		{"empty", []Span{{8 * time.Hour, 8 * time.Hour}}, false},
		{"past midnight", []Span{{22 * time.Hour, 25 * time.Hour}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var w WorkHours
			w.Week[time.Monday] = tt.spans
			if err := w.Validate(); (err == nil) != tt.fits {
				t.Errorf("Validate() = %v, want it to fit: %v", err, tt.fits)
			}
		})
	}
}
