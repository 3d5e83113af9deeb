package agent

import (
	"slices"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/reminder"
)

// dayCount is how often there were reminders of a kind on a day, and how much of that the hub has confirmed. The numbers only
// grow, so that it does not matter how often they are told.
type dayCount struct {
	Day          keyshift.Date `json:"day"`
	Kind         reminder.Kind `json:"kind"`
	Shown        int64         `json:"shown"`
	Answered     int64         `json:"answered,omitempty"`
	ToldShown    int64         `json:"told_shown,omitempty"`
	ToldAnswered int64         `json:"told_answered,omitempty"`
}

func (c dayCount) untold() bool { return c.Shown != c.ToldShown || c.Answered != c.ToldAnswered }

// count gives the count of a day and kind, and forgets days that are long over.
func (k *remindersKeptState) count(day keyshift.Date, kind reminder.Kind) *dayCount {
	oldest := day.Add(-keyshift.ReminderCountDays)
	k.Days = slices.DeleteFunc(slices.Clone(k.Days), func(c dayCount) bool { return c.Day.Before(oldest) })
	i := slices.IndexFunc(k.Days, func(c dayCount) bool { return c.Day == day && c.Kind == kind })
	if i < 0 {
		i = len(k.Days)
		k.Days = append(k.Days, dayCount{Day: day, Kind: kind})
	}
	return &k.Days[i]
}

// untold lists what the hub has not confirmed, the newest days first.
func (r *reminders) untold() (list []*v1.ReminderCount) {
	days := r.read().Days
	for _, c := range slices.Backward(days) {
		if c.untold() && len(list) < keyshift.MaxReminderCounts {
			list = append(list, &v1.ReminderCount{Day: c.Day.String(), Kind: string(c.Kind), Shown: c.Shown, Answered: c.Answered})
		}
	}
	return list
}

// told takes note of what the hub has confirmed.
func (r *reminders) told(list []*v1.ReminderCount) error {
	if len(list) == 0 {
		return nil
	}
	return r.change(func(k *remindersKeptState) {
		k.Days = slices.Clone(k.Days)
		for i := range k.Days {
			c := &k.Days[i]
			for _, m := range list {
				if m.GetDay() == c.Day.String() && m.GetKind() == string(c.Kind) {
					c.ToldShown, c.ToldAnswered = m.GetShown(), m.GetAnswered()
				}
			}
		}
	})
}
