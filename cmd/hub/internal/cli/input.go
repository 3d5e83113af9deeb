package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// question is one line that a command needs to know.
type question struct {
	prompt string
	secret bool
}

// ask gets the answers to questions: of a person at a terminal one by one, else from standard input, one per line.
// Lines that are not there are empty.
func (inv *invocation) ask(ctx context.Context, questions ...question) ([]string, error) {
	if inv.Console == nil {
		return readLines(inv.Stdin, len(questions))
	}
	answers := make([]string, len(questions))
	for i, q := range questions {
		ask := inv.Console.Ask
		if q.secret {
			ask = inv.Console.AskSecret
		}
		var err error
		if answers[i], err = ask(ctx, q.prompt); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// maxInput bounds what is read from standard input, in bytes.
const maxInput = 64 << 10

// readLines reads up to n lines without their ends. It fails if more than blank lines follow.
func readLines(r io.Reader, n int) ([]string, error) {
	lines := make([]string, n)
	in := bufio.NewReader(io.LimitReader(r, maxInput))
	for i := 0; ; i++ {
		line, err := in.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, errInput.Because(err)
		}
		line = strings.TrimRight(line, "\r\n")
		switch {
		case i < n:
			lines[i] = line
		case strings.TrimSpace(line) != "":
			return nil, keyshift.Invalid(api.CodeUsage, "Standard input has more than "+strconv.Itoa(n)+" lines.", "Give one value per line, as the command's help says.")
		}
		if err != nil {
			return lines, nil
		}
	}
}

var errInput = keyshift.Invalid(api.CodeUsage, "Standard input cannot be read.", "Run the command at a terminal, or give it its input by a pipe.")

// span is which durations are allowed, and of what.
type span struct {
	what     string
	min, max time.Duration
}

var (
	longest   = span{"The longest duration of a check-out", keyshift.MinDuration, keyshift.MaxDurationLimit}
	grace     = span{"The offline grace", 0, keyshift.MaxOfflineGrace}
	patience  = span{"The time to wait", 0, 7 * 24 * time.Hour}
	reminding = span{"The time between reminders", keyshift.MinRemindEvery, keyshift.MaxRemindEvery}
)

// parse reads a duration like 4h or 90m.
func (s span) parse(text string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.ReplaceAll(strings.TrimSpace(text), " ", ""))
	if err != nil || d < s.min || d > s.max {
		from, to := keyshift.DurationText(s.min), keyshift.DurationText(s.max)
		return 0, keyshift.Invalid(keyshift.CodeDurationInvalid, s.what+" is from "+from+" to "+to+"; “"+keyshift.CleanText(text, 40)+"” is not that.",
			"Write it like 4h, 90m or 1h30m.").With("min", from).With("max", to)
	}
	return d, nil
}

// momentLayouts are how a moment of a known day may be written, besides RFC 3339.
var momentLayouts = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}

// parseMoment reads RFC 3339, a date with a time, or "14:30" of today, in the zone of now. For a date alone, ofDay says
// which moment of that day is meant.
func parseMoment(field, text string, now time.Time, ofDay func(time.Time) time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, layout := range momentLayouts {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, now.Location()); err == nil {
		return ofDay(t), nil
	}
	if t, err := time.Parse("15:04", text); err == nil {
		return time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), 0, 0, now.Location()), nil
	}
	return time.Time{}, keyshift.Invalid(keyshift.CodeFieldInvalid, "“"+keyshift.CleanText(text, 40)+"” is no time for "+field+".",
		"Write it like 14:30 for today, 2026-11-22 14:30, 2026-11-22, or 2026-11-22T14:30:00Z.")
}

// startOf and endOf are the first and the last second of a day.
func startOf(day time.Time) time.Time { return day }
func endOf(day time.Time) time.Time   { return day.AddDate(0, 0, 1).Add(-time.Second) }
