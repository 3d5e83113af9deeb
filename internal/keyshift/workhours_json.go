package keyshift

import (
	"encoding/json"
	"fmt"
	"time"
)

// hoursJSON is how work hours are written down: spans as weekday, first and last minute of the day.
type hoursJSON struct {
	Zone    string   `json:"zone"`
	Spans   [][3]int `json:"spans"`
	DaysOff []Date   `json:"days_off,omitempty"`
}

// MarshalJSON writes the hours; spans are kept to the minute.
func (w WorkHours) MarshalJSON() ([]byte, error) {
	out := hoursJSON{Zone: w.zone().String(), DaysOff: w.DaysOff}
	for day, spans := range w.Week {
		for _, s := range spans {
			out.Spans = append(out.Spans, [3]int{day, int(s.From / time.Minute), int(s.Until / time.Minute)})
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote. It fails for a time zone that this computer does not know.
func (w *WorkHours) UnmarshalJSON(data []byte) error {
	var in hoursJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("read work hours: %w", err)
	}
	zone, err := time.LoadLocation(in.Zone)
	if err != nil {
		return fmt.Errorf("read work hours: %w", err)
	}
	*w = WorkHours{Zone: zone, DaysOff: in.DaysOff}
	for _, s := range in.Spans {
		if err := w.Add(time.Weekday(s[0]), Span{time.Duration(s[1]) * time.Minute, time.Duration(s[2]) * time.Minute}); err != nil {
			return fmt.Errorf("read work hours: %w", err)
		}
	}
	return nil
}

// Add adds a span to a weekday. It refuses a weekday that does not exist; [WorkHours.Validate] judges the span.
func (w *WorkHours) Add(day time.Weekday, s Span) error {
	if day < time.Sunday || day > time.Saturday {
		return Invalid(CodeFieldInvalid, "There is no such weekday.", "Use 0 for Sunday to 6 for Saturday.")
	}
	w.Week[day] = append(w.Week[day], s)
	return nil
}

// MarshalText writes the day as 2026-11-22.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a day as 2026-11-22.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	*d = parsed
	return err
}

// ParseDate reads a day as 2026-11-22.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, Invalid(CodeFieldInvalid, "That is not a day of the calendar.", "Write days as 2026-11-22.")
	}
	return DateOf(t), nil
}
