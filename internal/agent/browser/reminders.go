package browser

import (
	"context"
	"strings"
	"sync"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// Answers to a reminder.
const answerDismiss = "dismiss"

// placed remembers where each reminder was shown, so that it is shown once.
type placed struct {
	mu        sync.Mutex
	inBrowser map[string]bool
}

// placeReminders shows what is new in the browser that has the user's attention. Where none has, it is left to the tray.
func (s *Server) placeReminders() *v1.LocalServiceListRemindersResponse {
	s.placed.mu.Lock()
	defer s.placed.mu.Unlock()
	list := s.Engine.Reminders()
	first, now := s.placed.inBrowser == nil, map[string]bool{}
	for _, r := range list.GetShown() {
		in, known := s.placed.inBrowser[r.GetId()]
		if c := s.focused(); !known && !first && c != nil {
			c.event(native.TypeReminder, s.reminderOf(r))
			in = true
		}
		now[r.GetId()], r.InBrowser = in, in
	}
	before := s.placed.inBrowser
	s.placed.inBrowser = now
	for id, in := range before {
		if _, still := now[id]; in && !still {
			s.takeBack(id)
		}
	}
	return list
}

// takeBack takes a reminder out of the browsers: it was answered, wherever that was.
func (s *Server) takeBack(id string) {
	for _, c := range s.all() {
		if c.paired() {
			c.event(native.TypeReminderOver, native.ReminderRef{ID: id})
		}
	}
}

// Reminders are those of the agent, with where they were shown.
func (s *Server) Reminders() *v1.LocalServiceListRemindersResponse { return s.placeReminders() }

// focused gives a connection whose browser has the user's attention.
func (s *Server) focused() *conn {
	for _, c := range s.all() {
		c.mu.Lock()
		focused := c.focused
		c.mu.Unlock()
		if focused && c.paired() {
			return c
		}
	}
	return nil
}

// reminderOf puts a reminder into words.
func (s *Server) reminderOf(r *v1.LocalReminder) native.Reminder {
	text := s.Words.Text(r.GetText(), strings.Join(r.GetAccounts(), ", "))
	if r.GetAlso() != "" {
		text += " " + s.Words.Text(r.GetAlso())
	}
	return native.Reminder{
		ID: r.GetId(), Title: "Keyshift", Text: text,
		Answers: []native.ReminderChoice{{Answer: answerDismiss, Text: s.Words.Text("tray_understood")}},
	}
}

func reminderAnswer(_ context.Context, c *conn, q native.ReminderAnswer) (any, error) {
	if q.Answer != answerDismiss {
		return nil, native.Refuse(native.CodeBadMessage, "this is no answer to the reminder")
	}
	return done, c.s.Engine.DismissReminder(q.ID)
}
