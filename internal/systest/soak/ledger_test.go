package soak

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// ledger holds what was acknowledged to users and admins against what the audit log says.
type ledger struct {
	mu      sync.Mutex
	effects map[string]*effect
	// seen are the events that were read, with their times, and latest is the newest of these.
	seen     map[string]time.Time
	latest   time.Time
	problems []string
	// tell hears of each problem at once: a soak of hours tells what broke when it broke.
	tell   func(format string, args ...any)
	events int
	acked  int
}

// effect is one thing that may have happened: so often asked for, so often acknowledged, so often in the log.
type effect struct {
	asked, acked, logged int
	// due is how many were acknowledged when the log was read last: it has to show them.
	due  int
	last time.Time
}

func newLedger(t testing.TB) *ledger {
	return &ledger{effects: map[string]*effect{}, seen: map[string]time.Time{}, tell: t.Logf}
}

func (l *ledger) effect(name string) *effect {
	e := l.effects[name]
	if e == nil {
		e = &effect{}
		l.effects[name] = e
	}
	e.last = time.Now()
	return e
}

// ask notes that an effect is about to be asked for.
func (l *ledger) ask(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.effect(name).asked++
}

// done notes that somebody was told of an effect.
func (l *ledger) done(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.effect(name).acked++
	l.acked++
}

// problem notes a broken promise.
func (l *ledger) problem(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broke(fmt.Sprintf(format, args...))
}

// broke keeps a problem. The caller holds mu.
func (l *ledger) broke(what string) {
	if len(l.problems) < maxProblems {
		l.problems = append(l.problems, what)
		l.tell("problem: %s", what)
	}
}

func (l *ledger) broken() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.problems
}

// names are those of the effects that an event is about.
func names(e *v1.AuditEvent) []string {
	switch keyshift.AuditAction(e.GetAction()) {
	case keyshift.ActLeaseGranted:
		return []string{"granted " + e.GetLeaseId(), "grants of " + e.GetDeviceId()}
	case keyshift.ActLeaseRenewed:
		return []string{"renewed " + e.GetLeaseId()}
	case keyshift.ActLeaseCheckedIn, keyshift.ActLeaseExpired:
		return []string{"ended " + e.GetLeaseId()}
	case keyshift.ActLeaseRevoked:
		return []string{"ended " + e.GetLeaseId(), "revoked by " + e.GetDetails()["revocation"]}
	case keyshift.ActRevocation:
		return []string{"revocation " + e.GetDetails()["batch"]}
	case keyshift.ActUserDeactivated, keyshift.ActUserActivated:
		return []string{e.GetAction() + " " + e.GetUserId()}
	case keyshift.ActCredentialSet, keyshift.ActRotated:
		return []string{e.GetAction() + " " + e.GetAccountId()}
	}
	return nil
}

// log takes an event of the audit log, and reports whether it was new.
func (l *ledger) log(e *v1.AuditEvent) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.seen[e.GetId()]; known {
		return false
	}
	at := e.GetAt().AsTime()
	l.seen[e.GetId()] = at
	l.events++
	if at.After(l.latest) {
		l.latest = at
	}
	for _, name := range names(e) {
		l.effect(name).logged++
	}
	return true
}

// mark says that the log is about to be read.
func (l *ledger) mark() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.effects {
		e.due = e.acked
	}
}

// judge says what is wrong, now that the log was read, and forgets what is right and long over.
func (l *ledger) judge() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, e := range l.effects {
		wrong := e.wrong(name)
		switch {
		case wrong != "":
			l.broke(wrong)
		case time.Since(e.last) > remembered && !strings.HasPrefix(name, "grants "):
			delete(l.effects, name)
		}
	}
	for id, at := range l.seen {
		if l.latest.Sub(at) > remembered {
			delete(l.seen, id)
		}
	}
}

const (
	maxProblems = 50
	// remembered is for how long the ledger knows of an effect, which is longer than any retry.
	remembered = 10 * time.Minute
)

// wrong says what an effect breaks, "" if nothing. What has a name of its own happens at most once, whoever asked how often.
func (e *effect) wrong(name string) string {
	kind, _, _ := strings.Cut(name, " ")
	least, most := e.due, e.asked
	switch kind {
	case "granted", "ended", "revocation":
		least, most = min(e.due, 1), 1
	case "revoked":
		if most = e.acked; most == 0 {
			return ""
		}
	}
	switch {
	case e.logged > most:
		return fmt.Sprintf("%s: %d events, but at most %d were asked for", name, e.logged, most)
	case e.logged < least:
		return fmt.Sprintf("%s: %d acknowledged, but %d events", name, least, e.logged)
	}
	return ""
}

// revoked notes an acknowledged revocation with the number of its leases, each of which has an event.
func (l *ledger) revoked(id string, leases int64) {
	l.done("revocation " + id)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.effect("revoked by " + id).acked += int(leases)
}

func (l *ledger) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%d effects acknowledged, %d events", l.acked, l.events)
}

// The ledger itself has to notice what it is there for.
func TestTheLedgerNotices(t *testing.T) {
	granted := func(id, lease string) *v1.AuditEvent {
		return &v1.AuditEvent{Id: id, Action: string(keyshift.ActLeaseGranted), LeaseId: lease, DeviceId: "d", At: timestamppb.Now()}
	}
	for _, tt := range []struct {
		name string
		do   func(*ledger)
		want string
	}{
		{"one effect, one event", func(l *ledger) { l.ask("grants of d"); l.done("granted a"); l.mark(); l.log(granted("1", "a")) }, ""},
		{"the same event twice", func(l *ledger) { l.ask("grants of d"); l.log(granted("1", "a")); l.log(granted("1", "a")) }, ""},
		{"an answer after the log was read", func(l *ledger) { l.mark(); l.done("granted a") }, ""},
		{"no event", func(l *ledger) { l.done("granted a"); l.mark() }, "granted a: 1 acknowledged, but 0 events"},
		{"two events", func(l *ledger) {
			l.ask("grants of d")
			l.ask("grants of d")
			l.log(granted("1", "a"))
			l.log(granted("2", "a"))
		}, "granted a: 2 events, but at most 1 were asked for"},
		{"two leases for one request", func(l *ledger) { l.ask("grants of d"); l.log(granted("1", "a")); l.log(granted("2", "b")) }, "grants of d: 2 events, but at most 1 were asked for"},
		{"a lease that was not revoked", func(l *ledger) {
			l.revoked("r", 1)
			l.log(&v1.AuditEvent{Id: "1", Action: string(keyshift.ActRevocation), Details: map[string]string{"batch": "r"}})
			l.mark()
		}, "revoked by r: 1 acknowledged, but 0 events"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLedger(t)
			tt.do(l)
			l.judge()
			if got := strings.Join(l.broken(), "; "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
