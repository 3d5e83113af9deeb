package tray

import (
	"slices"
	"strings"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
)

// mostNames is how many accounts a reminder names.
const mostNames = 5

// ReminderText is a reminder in words, without what it says besides.
func ReminderText(c i18n.Catalog, r *v1.LocalReminder) string {
	var names []string
	for _, a := range r.GetAccounts() {
		if len(names) == mostNames {
			names = append(names, "…")
			break
		}
		names = append(names, Name(a))
	}
	return c.Text(r.GetText(), strings.Join(names, ", "))
}

// Notice is something to tell at once, as a notification.
type Notice struct {
	// ID tells notices apart; one with the ID of an earlier one takes its place.
	ID          string
	Title, Body string
	Buttons     []Button
	// Urgent notices stay until they are answered.
	Urgent bool
	// Sound plays a sound.
	Sound bool
}

// Button is one answer to a notice.
type Button struct {
	Text string
	// Actions are done one after the other; a notice may be about several leases.
	Actions []Action
}

// News finds what is new among the reminders that the agent has shown. Give it every view, one after the other. The
// zero value is ready: what the first view with reminders has counts as told before.
type News struct {
	told map[string]bool
	// asked are the questions of browsers and of colleagues that were told.
	asked map[string]bool
	// warned are the warnings about an end that were told and still hold.
	warned map[string]*v1.LocalReminder
}

// Notices are those that were not told yet.
func (n *News) Notices(v View) []Notice { return append(n.questions(v), n.reminders(v)...) }

// questions are those that were not told yet, also of one that asked before the tray was there.
func (n *News) questions(v View) (notices []Notice) {
	if n.asked == nil {
		n.asked = map[string]bool{}
	}
	for _, q := range v.questions(v.At) {
		if !n.asked[q.ID] {
			n.asked[q.ID] = true
			notices = append(notices, q)
		}
	}
	return notices
}

// questions are those of browsers and of colleagues that are open at a moment.
func (v View) questions(now time.Time) (all []Notice) {
	for _, b := range v.Asking(now) {
		all = append(all, v.pairingNotice(b))
	}
	for _, r := range v.Waiting(now) {
		all = append(all, v.relayNotice(r))
	}
	return all
}

func (n *News) reminders(v View) []Notice {
	if v.Reminders == nil {
		return nil
	}
	first, shown := n.told == nil, map[string]bool{}
	var notices []Notice
	for _, r := range v.Reminders.GetShown() {
		shown[r.GetId()] = true
		if !first && !n.told[r.GetId()] && !r.GetInBrowser() {
			notices = append(notices, v.notice(r))
			n.warn(r)
		}
	}
	n.told = shown
	return notices
}

func (n *News) warn(r *v1.LocalReminder) {
	if r.GetKind() != kindEndsSoon {
		return
	}
	if n.warned == nil {
		n.warned = map[string]*v1.LocalReminder{}
	}
	n.warned[r.GetId()] = r
}

// Over are the IDs of notices that were told and do not hold any more at a moment: nobody asks, or what was about to end is
// over or prolonged. Each is given once.
func (n *News) Over(v View, now time.Time) (ids []string) {
	open := map[string]bool{}
	for _, q := range v.questions(now) {
		open[q.ID] = true
	}
	for id := range n.asked {
		if !open[id] {
			ids = append(ids, id)
			delete(n.asked, id)
		}
	}
	for id, r := range n.warned {
		if v.Status != nil && !slices.ContainsFunc(v.meant(r, now), func(l *v1.HeldLease) bool { return v.TimeLeft(l, now) <= EndsSoon+time.Minute }) {
			ids = append(ids, id)
			delete(n.warned, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (v View) notice(r *v1.LocalReminder) Notice {
	n := Notice{ID: r.GetId(), Title: v.Words.Text("tray_notice_" + titleOf(r.GetKind())), Body: ReminderText(v.Words, r)}
	if r.GetAlso() != "" {
		n.Body += "\n" + v.Words.Text(r.GetAlso())
	}
	n.Buttons, n.Urgent, n.Sound = v.answers(r), r.GetKind() == kindEndsSoon, v.Wishes.Sound
	return n
}

// Kinds of reminders, as the agent names them.
const (
	kindEndsSoon = "ends_soon"
	kindEnded    = "ended"
	kindChanged  = "changed"
	kindTerms    = "terms"
)

func titleOf(kind string) string {
	switch kind {
	case kindEndsSoon, kindEnded, kindChanged, kindTerms:
		return kind
	}
	return "manners"
}

// answers are the buttons of a reminder.
func (v View) answers(r *v1.LocalReminder) []Button {
	switch r.GetKind() {
	case kindEndsSoon:
		return v.endAnswers(r)
	case kindEnded:
		return nil
	case kindChanged, kindTerms:
		return []Button{v.button("tray_read", show(WindowTerms, networkOf(r))), v.snooze()}
	}
	return []Button{v.button("tray_understood", Action{Verb: Dismiss, Reminder: r.GetId()}), v.snooze()}
}

// networkOf is the network that a reminder about terms names in its text: "changed_x".
func networkOf(r *v1.LocalReminder) string {
	_, name, _ := strings.Cut(r.GetText(), "_")
	return name
}

func (v View) button(key string, a ...Action) Button { return Button{v.Words.Text(key), a} }

func (v View) snooze() Button {
	return v.button("tray_snooze", Action{Verb: Pause, Duration: v.Wishes.Snooze()})
}

// endAnswers prolong the leases that a warning is about, or give them back.
func (v View) endAnswers(r *v1.LocalReminder) []Button {
	var renew, checkIn []Action
	for _, l := range v.meant(r, v.At) {
		renew = append(renew, renewal(l))
		checkIn = append(checkIn, Action{Verb: CheckIn, Lease: l.GetLease().GetId()})
	}
	if len(renew) == 0 {
		return nil
	}
	return []Button{v.button("tray_renew_now", renew...), v.button("tray_check_in", checkIn...)}
}

// meant are the leases that a reminder is about and that are still live.
func (p Picture) meant(r *v1.LocalReminder, now time.Time) []*v1.HeldLease {
	var list []*v1.HeldLease
	for _, l := range p.Leases() {
		if p.Live(l, now) && slices.Contains(r.GetLeaseIds(), l.GetLease().GetId()) {
			list = append(list, l)
		}
	}
	return list
}

// renewal asks for as long as the lease was meant to last at first.
func renewal(h *v1.HeldLease) Action {
	l := h.GetLease()
	d := l.GetEndsAt().AsTime().Sub(l.GetStartedAt().AsTime()).Round(time.Minute)
	if most := l.GetMaxDuration().AsDuration(); most > 0 {
		d = min(d, most)
	}
	return Action{Verb: Renew, Lease: l.GetId(), Duration: max(d, 15*time.Minute)}
}
