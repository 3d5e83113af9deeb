package tray

import (
	"strconv"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
)

// Ledger is the window "What leaves this device".
type Ledger struct {
	Since   string
	Entries []LedgerEntry
	Empty   *Empty
}

// LedgerEntry is one kind of message that was sent.
type LedgerEntry struct{ Text, Note string }

// LedgerOf puts what was sent into words.
func LedgerOf(c i18n.Catalog, got *v1.LocalServiceListSentResponse, now time.Time) Ledger {
	var w Ledger
	for _, s := range got.GetSent() {
		w.Entries = append(w.Entries, ledgerEntry(c, s, now))
	}
	if len(w.Entries) == 0 {
		w.Empty = &Empty{Title: c.Text("ledger_none_title"), Text: c.Text("ledger_none_text")}
		return w
	}
	if got.GetSince() != nil {
		w.Since = c.Text("ledger_since", Date(c, got.GetSince().AsTime().In(now.Location())))
	}
	return w
}

func ledgerEntry(c i18n.Catalog, s *v1.Sent, now time.Time) LedgerEntry {
	last := s.GetLast().AsTime().In(now.Location())
	date, clock := Date(c, last), last.Format("15:04")
	e := LedgerEntry{Text: c.Text(s.GetText(), Name(s.GetAccount())), Note: c.Text("ledger_once", date, clock)}
	if s.GetCount() > 1 {
		e.Note = c.Text("ledger_count", strconv.FormatInt(s.GetCount(), 10), date, clock)
	}
	return e
}
