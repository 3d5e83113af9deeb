package hub

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// maxLift is how far ahead work hours can be lifted; for longer they are the wrong hours.
const maxLift = 7 * 24 * time.Hour

// subjectNamed finds the user or the group that has hours; exactly one is named.
func subjectNamed(r Reader, user, group string) (id keyshift.ID, isUser bool, err error) {
	switch {
	case (user == "") == (group == ""):
		return "", false, keyshift.Invalid(keyshift.CodeFieldInvalid, "Either a user or a group is needed.", "Name one of the two.")
	case user != "":
		u, err := r.UserByName(user)
		return u.ID, true, notFound(err, "user", user)
	}
	g, err := r.GroupByName(group)
	return g.ID, false, notFound(err, "group", group)
}

// SetWorkHours sets when a user or the members of a group work; hours without spans take them away.
func (h *Hub) SetWorkHours(ctx context.Context, call Call, user, group string, hours keyshift.WorkHours) (keyshift.WorkHours, error) {
	if err := hours.Validate(); err != nil {
		return hours, err
	}
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (keyshift.WorkHours, error) {
		subject, isUser, err := subjectNamed(tx, user, group)
		if err != nil {
			return hours, err
		}
		event := c.event(keyshift.ActWorkHoursSet)
		event.Details = map[string]string{"set": strconv.FormatBool(hours.Set())}
		if isUser {
			event.UserID = subject
		} else {
			event.Details["group"] = group
		}
		return hours, errors.Join(tx.SaveWorkHours(subject, hours), tx.Append(event))
	})
}

// HoursView are work hours, and whose they are.
type HoursView struct {
	Hours
	// FromGroup names the group whose hours count for a user; empty for the user's own.
	FromGroup string
}

// GetWorkHours tells the hours that count for a user, or those of a group.
func (h *Hub) GetWorkHours(ctx context.Context, call Call, user, group string) (HoursView, error) {
	r := h.Store.Read(ctx)
	if _, err := h.Authorize(r, call); err != nil {
		return HoursView{}, err
	}
	subject, isUser, err := subjectNamed(r, user, group)
	if err != nil {
		return HoursView{}, err
	}
	if !isUser {
		hours, err := r.WorkHours(subject)
		return HoursView{Hours: Hours{WorkHours: hours, Subject: subject}}, err
	}
	view := HoursView{}
	if view.Hours, err = r.WorkHoursFor(subject); err != nil || view.Subject == subject || view.Subject == "" {
		return view, err
	}
	from, err := r.Group(view.Subject)
	view.FromGroup = from.Name
	return view, err
}

// LiftWorkHours lets a user check out outside of the work hours until a moment. A moment that has passed takes that
// back. Nobody lifts their own.
func (h *Hub) LiftWorkHours(ctx context.Context, call Call, user string, until time.Time, reason string) error {
	reason, err := keyshift.ValidateReason(reason)
	if err != nil {
		return err
	}
	_, err = effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (struct{}, error) {
		u, err := tx.UserByName(user)
		switch {
		case err != nil:
			return struct{}{}, notFound(err, "user", user)
		case u.ID == c.User.ID:
			return struct{}{}, keyshift.Refuse(keyshift.CodeForbidden, "Nobody lifts their own work hours.", "Ask another approver.")
		case until.Sub(tx.Now()) > maxLift:
			return struct{}{}, keyshift.Invalid(keyshift.CodeFieldInvalid, "Work hours can be lifted for 7 days at most.", "Name an earlier moment, or change the hours.")
		}
		event := c.event(keyshift.ActWorkHoursLifted)
		event.UserID = u.ID
		event.Details = map[string]string{"until": until.UTC().Format(time.RFC3339)}
		event.Personal = map[string]string{"reason": reason}
		return struct{}{}, errors.Join(tx.LiftWorkHours(u.ID, until), tx.Append(event))
	})
	return err
}

// SetReminders sets how everybody is reminded.
func (h *Hub) SetReminders(ctx context.Context, call Call, reminders keyshift.Reminders) (keyshift.Reminders, error) {
	if err := reminders.Validate(); err != nil {
		return reminders, err
	}
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (keyshift.Reminders, error) {
		event := c.event(keyshift.ActRemindersSet)
		event.Details = map[string]string{
			"per_hour": strconv.Itoa(reminders.PerHour), "every": reminders.Every.String(), "may_pause_today": strconv.FormatBool(reminders.MayPauseToday),
		}
		return reminders, errors.Join(tx.SaveReminders(reminders), tx.Append(event))
	})
}

// RemindersView is how everybody is reminded, and how often that was so lately: the sum of all devices.
type RemindersView struct {
	keyshift.Reminders
	Counts []keyshift.ReminderCount
}

// GetReminders tells how everybody is reminded.
func (h *Hub) GetReminders(ctx context.Context, call Call) (view RemindersView, err error) {
	r := h.Store.Read(ctx)
	if _, err := h.Authorize(r, call); err != nil {
		return view, err
	}
	if view.Reminders, err = r.Reminders(); err != nil {
		return view, err
	}
	view.Counts, err = r.ReminderCounts(keyshift.DateOf(h.Now().UTC()).Add(-keyshift.ReminderCountDays))
	return view, err
}

// gateHours keeps check-outs within the work hours, unless an approver lifted them.
func gateHours(q *question) error {
	hours, err := q.r.WorkHoursFor(q.user.ID)
	if err != nil || hours.Contain(q.now) || q.now.Before(hours.LiftedUntil) {
		return err
	}
	text := "This is outside of your work hours."
	refusal := keyshift.Refuse(keyshift.CodeOutsideHours, text, "Ask an approver to lift them for a while.")
	if next := hours.Next(q.now); !next.IsZero() {
		local := next.In(hours.Zone)
		refusal.Text = text + " They begin again on " + local.Format("Monday") + " at " + local.Format("15:04") + " (" + hours.Zone.String() + ")."
		return refusal.With("begin", next.UTC().Format(time.RFC3339))
	}
	return refusal
}
