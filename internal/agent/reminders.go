package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network"
	"github.com/keyshift-hq/keyshift/internal/reminder"
)

const (
	remindersFile = "reminders.json"
	// remindersKept is how many that were shown stay to be read again.
	remindersKept = 20
	// lookAgain bounds how long a reminder is waited for in one go: timers stand still while the computer sleeps.
	lookAgain = time.Minute
)

// reminders keeps what package reminder remembers, and what was shown last. Nothing of it leaves the device.
type reminders struct {
	files files

	mu   sync.Mutex
	kept remindersKeptState
	// changes counts the changes, so that a step sees whether something came between.
	changes int
}

type remindersKeptState struct {
	State  reminder.State      `json:"state"`
	Shown  []reminder.Reminder `json:"shown,omitempty"`
	Hours  keyshift.WorkHours  `json:"hours"`
	Wishes keyshift.Reminders  `json:"wishes"`
	// Days are the counts of the last days: all that the hub gets to know of reminders.
	Days []dayCount `json:"days,omitempty"`
	// Networks are those with which the user has or had to do.
	Networks []keyshift.Network `json:"networks,omitempty"`
}

// openReminders reads what is known. A file that says nothing is as good as none: reminders are no matter of security.
func openReminders(files files) (*reminders, error) {
	r := &reminders{files: files}
	raw, err := files.Read(remindersFile)
	if err != nil && !nothingKept(err) {
		return nil, err
	}
	if err == nil && json.Unmarshal(raw, &r.kept) != nil {
		r.kept = remindersKeptState{}
	}
	return r, nil
}

// change applies a change and writes it down.
func (r *reminders) change(apply func(*remindersKeptState)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.apply(apply)
}

// apply is change for a caller who has the lock.
func (r *reminders) apply(change func(*remindersKeptState)) error {
	r.changes++
	change(&r.kept)
	raw, err := json.Marshal(r.kept)
	if err != nil {
		return fmt.Errorf("encode reminders: %w", err)
	}
	return r.files.Write(remindersFile, raw)
}

// forget begins anew, for another hub. A step that is under way is void.
func (r *reminders) forget() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes++
	r.kept = remindersKeptState{}
	return r.files.Remove(remindersFile)
}

func (r *reminders) read() remindersKeptState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kept
}

// replace is change, unless something changed since it was the count of changes.
func (r *reminders) replace(since int, change func(*remindersKeptState)) (replaced bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changes != since {
		return false, nil
	}
	return true, r.apply(change)
}

func (r *reminders) readCounted() (remindersKeptState, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kept, r.changes
}

// step looks at what is due, and asks away only when something is to be shown. It writes only when something was shown, came
// to wait, or waits for something else. What the user said meanwhile counts: then the look is void, and the next comes soon.
func (r *reminders) step(now reminder.Situation, away func() bool) (changed bool, next time.Time, err error) {
	before, count := r.readCounted()
	settings := reminder.Settings{Hours: before.Hours, Cap: before.Wishes.PerHour, Every: before.Wishes.Every}
	state, shown, next := reminder.Step(before.State, settings, now)
	if len(shown) > 0 && away() {
		now.Away = true
		state, shown, next = reminder.Step(before.State, settings, now)
	}
	if someWait(state.Waiting, reminder.ForUser) { // not every desktop tells that the user is back
		next = earlier(next, now.Now.Add(lookAgain))
	}
	if len(shown) == 0 && state.Made == before.State.Made && len(state.Leases) == len(before.State.Leases) && slices.EqualFunc(state.Waiting, before.State.Waiting, sameWait) {
		return false, next, nil
	}
	changed, err = r.replace(count, func(k *remindersKeptState) {
		k.State = state
		k.Shown = append(k.Shown, shown...)
		k.Shown = k.Shown[max(0, len(k.Shown)-remindersKept):]
		for _, r := range shown {
			k.count(k.Hours.Day(now.Now), r.Kind).Shown++
		}
	})
	if !changed {
		next = now.Now
	}
	return changed, next, err
}

func sameWait(a, b reminder.Reminder) bool { return a.ID == b.ID && a.Held == b.Held }

func someWait(list []reminder.Reminder, what reminder.Hold) bool {
	return slices.ContainsFunc(list, func(r reminder.Reminder) bool { return r.Held == what })
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// remind shows reminders when they are due and somebody is there, as long as ctx lasts. While nothing is held and nothing
// waits, it sleeps.
func (a *Agent) remind(ctx context.Context) {
	changes, end := a.bell.listen()
	defer end()
	moves, endMoves := a.deskBell.listen()
	defer endMoves()
	timer := time.NewTimer(lookAgain)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Stop()
		if next := a.lookAtReminders(ctx); !next.IsZero() {
			timer.Reset(min(max(next.Sub(a.wall()), time.Second), lookAgain))
		}
		select {
		case <-changes:
		case <-moves:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

// lookAtReminders shows what is due, and tells when to look again; the zero time is when something changed.
func (a *Agent) lookAtReminders(ctx context.Context) time.Time {
	changed, next, err := a.reminders.step(a.situation(), func() bool { return a.cfg.Desk.Look(ctx).Away() })
	if err != nil {
		a.log.Error("write reminders", "error", err)
	}
	if changed {
		a.bell.ring()
	}
	return next
}

func (a *Agent) situation() reminder.Situation {
	now := reminder.Situation{Now: a.wall(), Rules: map[string]string{}}
	var networks []keyshift.Network
	for _, rec := range a.journal.live() {
		if rec.Phase == active && rec.Lease != nil && !rec.Foreign {
			l := rec.shownLease()
			n := networkOf(l.GetNetwork())
			networks = append(networks, n)
			now.Leases = append(now.Leases, reminder.Lease{ID: keyshift.ID(l.GetId()), Network: n, Handle: l.GetHandle(), EndsAt: l.GetEndsAt().AsTime()})
		}
	}
	if err := a.reminders.meet(networks...); err != nil {
		a.log.Error("write reminders", "error", err)
	}
	for _, n := range a.reminders.read().Networks { // a change is told to those whom it affects
		now.Rules[string(n)] = network.TermsOf(n).ArchivedAt
	}
	return now
}

// takeReminders keeps the company's wishes and the user's work hours.
func (a *Agent) takeReminders(answer *v1.SyncResponse) error {
	hours, err := api.HoursOf(answer.GetWorkHours())
	if err != nil {
		return err
	}
	r := answer.GetReminders()
	wishes := keyshift.Reminders{PerHour: int(r.GetPerHour()), Every: r.GetEvery().AsDuration(), MayPauseToday: r.GetMayPauseToday()}
	if kept := a.reminders.read(); kept.Wishes == wishes && kept.Hours.Equal(hours) {
		return nil
	}
	defer a.bell.ring()
	return a.reminders.change(func(k *remindersKeptState) { k.Hours, k.Wishes = hours, wishes })
}

// Reminders lists what was shown and what waits, with the pause.
func (a *Agent) Reminders() *v1.LocalServiceListRemindersResponse {
	kept := a.reminders.read()
	answer := &v1.LocalServiceListRemindersResponse{MayPauseToday: kept.Wishes.MayPauseToday}
	if kept.State.Pause.After(a.wall()) {
		answer.PausedUntil = timestamppb.New(kept.State.Pause)
	}
	for _, r := range kept.Shown {
		answer.Shown = append(answer.Shown, reminderMessage(r))
	}
	for _, r := range kept.State.Waiting {
		answer.Waiting = append(answer.Waiting, reminderMessage(r))
	}
	return answer
}

func reminderMessage(r reminder.Reminder) *v1.LocalReminder {
	m := &v1.LocalReminder{Id: r.ID, Kind: string(r.Kind), Text: r.Text, Also: r.Also, Due: timestamppb.New(r.Due), Held: string(r.Held)}
	for _, l := range r.Leases {
		m.Accounts, m.LeaseIds = append(m.Accounts, titleOf(l)), append(m.LeaseIds, string(l.ID))
	}
	if r.Kind == reminder.Terms || r.Kind == reminder.Changed {
		m.TextId = textOf(r.Network)
	}
	return m
}

// titleOf is the account of a lease as people tell it from others: companies have the same handle on several networks.
func titleOf(l reminder.Lease) string {
	return "@" + keyshift.ShownHandle(l.Network, l.Handle) + " (" + keyshift.ShownNetwork(l.Network, l.Handle) + ")"
}

// DismissReminder forgets a reminder that was read, and counts one that was shown as answered; one that is not there is
// forgotten already.
func (a *Agent) DismissReminder(id string) error {
	defer a.bell.ring()
	return a.reminders.change(func(k *remindersKeptState) {
		k.State = k.State.Dismiss(id)
		for _, r := range k.Shown {
			if r.ID == id {
				k.count(k.Hours.Day(a.wall()), r.Kind).Answered++
			}
		}
		k.Shown = without(k.Shown, id)
	})
}

func without(list []reminder.Reminder, id string) []reminder.Reminder {
	var rest []reminder.Reminder
	for _, r := range list {
		if r.ID != id {
			rest = append(rest, r)
		}
	}
	return rest
}

// longestPause is the longest that advice can be paused for by the hour.
const longestPause = 4 * time.Hour

// PauseReminders holds advice back for a while, for today where the company allows that, or, for neither, not any more.
func (a *Agent) PauseReminders(d time.Duration, today bool) error {
	kept := a.reminders.read()
	switch {
	case today && !kept.Wishes.MayPauseToday:
		return keyshift.Refuse(keyshift.CodeForbidden, "Your company does not let reminders be paused for the whole day.", "Pause them for an hour.")
	case d < 0 || d > longestPause:
		return keyshift.Invalid(keyshift.CodeDurationInvalid, "Reminders can be paused for up to 4 hours.", "Name a shorter time, such as 1h.")
	}
	defer a.bell.ring()
	return a.reminders.change(func(k *remindersKeptState) {
		switch {
		case today:
			k.State = k.State.PauseForToday(k.Hours, a.wall())
		case d > 0:
			k.State = k.State.PauseFor(d, a.wall())
		default:
			k.State = k.State.Resume()
		}
	})
}
