package app

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/notify"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// mostNotices is how many notices can still be answered; older ones are not on any screen.
const mostNotices = 32

// notices shows notices, and knows what their buttons do.
type notices struct {
	notifier *notify.Notifier

	mu      sync.Mutex
	order   []string
	buttons map[string][]tray.Button
}

// show shows a notice. The key of a button is its place.
func (n *notices) show(ctx context.Context, notice tray.Notice) error {
	n.remember(notice)
	shown := notify.Notice{ID: notice.ID, Title: notice.Title, Body: notice.Body, Urgent: notice.Urgent, Sound: notice.Sound}
	for i, b := range notice.Buttons {
		shown.Buttons = append(shown.Buttons, notify.Button{Key: strconv.Itoa(i), Text: b.Text})
	}
	return n.notifier.Show(ctx, shown)
}

func (n *notices) remember(notice tray.Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, known := n.buttons[notice.ID]; !known {
		n.order = append(n.order, notice.ID)
	}
	n.buttons[notice.ID] = notice.Buttons
	if len(n.order) > mostNotices {
		delete(n.buttons, n.order[0])
		n.order = n.order[1:]
	}
}

// actions are what a button does; none if nobody knows any more.
func (n *notices) actions(id, key string) []tray.Action {
	n.mu.Lock()
	defer n.mu.Unlock()
	i, err := strconv.Atoi(key)
	if buttons := n.buttons[id]; err == nil && i >= 0 && i < len(buttons) {
		return buttons[i].Actions
	}
	return nil
}

// openNotices makes the resident able to notify. Where that fails it goes on: what it would say is in the menu too.
func (r *resident) openNotices(ctx context.Context) {
	r.notices = &notices{buttons: map[string][]tray.Button{}}
	if !r.onBus {
		return
	}
	notifier, err := notify.Open(ctx, notify.Options{
		App: "Keyshift", DesktopEntry: "keyshift", Executable: r.Executable,
		Pressed: func(id, key string) {
			for _, a := range r.notices.actions(id, key) {
				r.do(ctx, a)
			}
		},
	})
	if err != nil {
		r.log.Warn("no notifications", "error", err.Error())
		return
	}
	r.notices.notifier = notifier
}

// tell shows notices, one after the other, on a goroutine of its own.
func (r *resident) tell(ctx context.Context, list ...tray.Notice) {
	if r.notices.notifier == nil || len(list) == 0 {
		return
	}
	go func() {
		limited, cancel := context.WithTimeout(ctx, actionLimit)
		defer cancel()
		for _, n := range list {
			if err := r.notices.show(limited, n); err != nil {
				r.log.Warn("notice not shown", "error", err.Error())
			}
		}
	}()
}

// takeBack takes notices off the screen that do not hold any more.
func (r *resident) takeBack(ctx context.Context, ids ...string) {
	if r.notices.notifier == nil || len(ids) == 0 {
		return
	}
	go func() {
		limited, cancel := context.WithTimeout(ctx, actionLimit)
		defer cancel()
		for _, id := range ids {
			if err := r.notices.notifier.Close(limited, id); err != nil {
				r.log.Warn("notice not taken back", "error", err.Error())
			}
		}
	}()
}

// complain says that something did not work.
func (r *resident) complain(ctx context.Context, err error) {
	words, e := r.words(), tray.Explain(err)
	body := tray.ErrorText(words, e.Code, e.Text)
	if errors.Is(err, errNotOpened) {
		body = words.Text("browsers_open_failed") + " " + tray.OwnWords(err)
	}
	if errors.Is(err, errNoAgent) {
		body = words.Text("tray_agent_missing")
	}
	r.tell(ctx, tray.Notice{ID: "failed", Title: words.Text("tray_notice_failed"), Body: keyshift.CleanText(body, longestNotice)})
}

const longestNotice = 300
