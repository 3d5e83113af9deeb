package store

import (
	"errors"
	"fmt"
	"sync"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// memory is what the transactions of one connection read ahead for those who were let through, and what they made of it. A later
// transaction goes by it in place of reading, and then is one way to the server instead of two.
//
// It is never believed. Behind its lock the transaction asks the server whether all rows still are of the edition that is
// remembered, and nothing happens if not; see commitWhole. What is remembered answers only yes: a command that refuses, changes
// nothing, or asks for more, runs again in a transaction that reads. Nor is anything remembered that depends on the time, as who
// holds an exclusive account does.
//
// It belongs to the writer, and ends with the connection: after a fail-over an edition may be another row's.
type memory struct {
	devices map[deviceAsks]foreseen
	windows map[keyshift.ID]keyshift.SequenceWindow
	users   map[string]foreseen // by the hash of the token
	leases  map[keyshift.ID]foreseenLease
}

// deviceAsks is what a device may ask for again.
type deviceAsks struct{ device, account keyshift.ID }

// The bounds of the memory that it takes: about 4 KiB for a device and an account, 300 bytes for a lease.
const (
	mostRemembered       = 1_000
	mostLeasesRemembered = 4_000
)

func newMemory() *memory {
	return &memory{map[deviceAsks]foreseen{}, map[keyshift.ID]keyshift.SequenceWindow{}, map[string]foreseen{}, map[keyshift.ID]foreseenLease{}}
}

// put forgets any other when there are too many.
func put[K comparable, V any](all map[K]V, most int, key K, value V) {
	for other := range all {
		if len(all) < most {
			break
		}
		delete(all, other)
	}
	all[key] = value
}

// keep takes over what a transaction read and changed.
func (m *memory) keep(b *batch) {
	if m == nil {
		return
	}
	for _, f := range b.facts {
		if a := f.asked; b.recalled == nil && f.open() {
			if a.DeviceID != "" {
				put(m.devices, mostRemembered, deviceAsks{a.DeviceID, a.AccountID}, f)
			} else {
				put(m.users, mostRemembered, string(a.TokenHash), f)
			}
		}
	}
	for device, window := range b.windows {
		put(m.windows, mostRemembered, device, window)
	}
	for _, l := range b.loans {
		put(m.leases, mostLeasesRemembered, l.id, l)
	}
}

// open reports whether the facts let through whoever asks, at any time.
func (f *foreseen) open() bool {
	if !f.known || f.edition == "" || !f.fresh {
		return false
	}
	return f.asked.DeviceID == "" || f.account.ID != "" && !f.account.Exclusive && f.granted && f.anyTime && f.free
}

// of gives what is remembered for a request.
func (m *memory) of(a hub.Ahead) (f foreseen, ok bool) {
	var known bool
	switch {
	case a.DeviceID != "":
		f, ok = m.devices[deviceAsks{a.DeviceID, a.AccountID}]
		f.device.Window, known = m.windows[a.DeviceID]
	case a.TokenHash != nil:
		f, ok = m.users[string(a.TokenHash)]
		f.lease, known = m.leases[a.LeaseID]
	}
	f.asked = a
	return f, ok && known
}

// recalled is how a transaction begins that goes by what is remembered.
type recalled struct {
	closing bool
	// same are statements that fail unless everything is as it is remembered.
	same []statement
}

// recall gives what is remembered for all commands, nil if anything is missing.
func (w *writer) recall(commands []*command, together bool) []foreseen {
	if !together || w.link == nil || w.link.memory == nil {
		return nil
	}
	facts := make([]foreseen, len(commands))
	for i, c := range commands {
		var ok bool
		if facts[i], ok = w.link.memory.of(c.ahead); !ok {
			return nil
		}
	}
	return facts
}

func (w *writer) forget(commands []*command) {
	if w.link == nil || w.link.memory == nil {
		return
	}
	for _, c := range commands {
		delete(w.link.memory.devices, deviceAsks{c.ahead.DeviceID, c.ahead.AccountID})
		delete(w.link.memory.users, string(c.ahead.TokenHash))
		delete(w.link.memory.leases, c.ahead.LeaseID)
	}
}

// tryRecalled is one run by what is remembered. errMissed says that it takes one that reads.
func (w *writer) tryRecalled(commands []*command, facts []foreseen) (culprit int, err error) {
	ctx, cancel := w.limit(commands)
	defer cancel()
	b := newBatch(ctx, w.store, w.link, len(commands))
	b.facts, b.now = facts, b.asked
	b.recalled = &recalled{closing: commands[0].kind == hub.Closing, same: b.same(commands)}
	for i, c := range commands {
		t := w.newTx(b, i)
		if err := c.call(t); err != nil || c.verdict != nil || t.writes == 0 {
			return -1, errMissed
		}
		b.take(t)
	}
	if culprit, err = w.conclude(b, commands); err == nil {
		w.store.counts.recalled.Add(1)
	}
	return culprit, err
}

// unread is the reader of a transaction that has not begun.
func unread(t *tx, nothing *db.Queries) reader {
	return reader{ctx: t.ctx, queries: nothing, count: func() {}, judge: func(error) error {
		t.fail(errUnread)
		return errUnread
	}}
}

var errUnread = errors.New("this is not remembered")

// same gives the statements that hold the facts against the database.
func (b *batch) same(commands []*command) (all []statement) {
	editions := make([]string, len(b.facts))
	for i, f := range b.facts {
		editions[i] = f.edition
	}
	byDevices, byUsers := b.asking(commands)
	all = b.holding(all, aheadText, stillOpen, byDevices, editions)
	return b.holding(all, aheadOfUserText, stillFresh, byUsers, editions)
}

// What has to be found once more besides the edition.
const (
	stillFresh = "f.repeated = 0"
	stillOpen  = stillFresh + " AND f.grants_found > 0 AND f.has_hours = 0"
)

func (b *batch) holding(all []statement, text, still string, rows [][]any, editions []string) []statement {
	for len(rows) > 0 {
		s, n := b.store.engine.join(b.store.engine.editions(text), rows)
		values := len(s.args)
		args := append(append(make([]any, 0, values+2), s.args...), editions, int64(n))
		all, rows = append(all, statement{sameText(s.text, still, values), args}), rows[n:]
		b.store.counts.statements.Add(1)
	}
	return all
}

// sameTexts keeps what sameText makes: there is little.
var sameTexts sync.Map

// sameText makes of a query read ahead one that divides by zero unless it finds as many rows as it is told, each of its edition. The
// OFFSET has the query planned as it is for reading; it would choose among rows by what is asked about them first.
func sameText(text, still string, values int) string {
	if known, ok := sameTexts.Load(text); ok {
		return known.(string)
	}
	made := fmt.Sprintf("SELECT 1 / CASE WHEN count(*) = $%d THEN 1 ELSE 0 END FROM (\n%s\nOFFSET 0) f WHERE f.edition = ($%d::text[])[f.place + 1] AND %s",
		values+2, text, values+1, still)
	sameTexts.Store(text, made)
	return made
}
