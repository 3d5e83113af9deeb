package agent

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
)

// fieldsOf lists the fields of a message and of those in it; request_id aside.
func fieldsOf(m protoreflect.MessageDescriptor) (names []string) {
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		if f.Name() == "request_id" {
			continue
		}
		names = append(names, string(f.Name()))
		if inner := f.Message(); inner != nil && inner.ParentFile() == m.ParentFile() {
			names = append(names, fieldsOf(inner)...)
		}
	}
	return names
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func TestEveryFieldThatIsSentHasWords(t *testing.T) {
	methods := v1.File_keyshift_v1_agent_proto.Services().ByName("AgentService").Methods()
	for i := range methods.Len() {
		m := methods.Get(i)
		w, ok := sentWords[string(m.Name())]
		if !ok {
			t.Errorf("%s has no words in sentWords: say what it tells the hub", m.Name())
			continue
		}
		if got, want := sorted(w.fields), sorted(fieldsOf(m.Input())); !slices.Equal(got, want) {
			t.Errorf("%s sends %q, the words are about %q", m.Name(), want, got)
		}
	}
	if methods.Len() != len(sentWords) {
		t.Errorf("there are %d methods and words for %d", methods.Len(), len(sentWords))
	}
}

func sentTexts(a *Agent) (texts []string) {
	for _, s := range a.Sent().GetSent() {
		texts = append(texts, strings.TrimSpace(s.GetText()+" "+s.GetAccount()))
	}
	return sorted(texts)
}

func TestTheLedgerSaysWhatLeft(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.boot()
		if got := a.Sent().GetSent(); len(got) != 0 {
			t.Fatalf("before anything was sent: %v", got)
		}
		if _, err := a.Enroll(t.Context(), w.code(), "laptop"); err != nil {
			t.Fatal(err)
		}
		held := w.checkedOut(a)
		if _, err := a.Reveal(t.Context(), held.GetLease().GetId()); err != nil {
			t.Fatal(err)
		}
		if _, err := a.CheckIn(t.Context(), "@acme"); err != nil {
			t.Fatal(err)
		}
		w.settle(time.Minute)
		want := []string{
			"sent_activate @acme", "sent_check_in @acme", "sent_check_out @acme", "sent_enroll", "sent_list_accounts", "sent_reveal @acme", "sent_sync",
			"sent_watch", "sent_wiped @acme",
		}
		got := sentTexts(a)
		for _, text := range want {
			if !slices.Contains(got, text) {
				t.Errorf("%q is not in the ledger %q", text, got)
			}
		}
		raw, err := w.state.Read(sentFile)
		if err != nil || strings.Contains(string(raw), password) || strings.Contains(string(raw), "post the release") {
			t.Errorf("the file holds more than words: %v, %s", err, raw)
		}
		stop()
		a, _ = w.boot()
		if again := sentTexts(a); !slices.Equal(again, got) {
			t.Errorf("after a restart the ledger has %q, want %q", again, got)
		}
		english := i18n.For(i18n.English)
		for _, s := range a.Sent().GetSent() {
			if strings.HasPrefix(english.Text(s.GetText(), s.GetAccount()), "<") {
				t.Errorf("%s has no text", s.GetText())
			}
		}
	})
}

func TestWhatNeverLeftIsNotInTheLedger(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		count := func() (n int64) {
			for _, s := range a.Sent().GetSent() {
				n += s.GetCount()
			}
			return n
		}
		w.unplug()
		w.settle(time.Minute)
		before := count()
		w.settle(time.Hour)
		if got := count(); got != before {
			t.Errorf("without a network %d messages left", got-before)
		}
	})
}

func TestTheLedgerIsBounded(t *testing.T) {
	l, err := openLedger(newMemoryFiles(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for i := range sentKept + 50 {
		l.note(now.Add(time.Duration(i)*time.Second), []said{{"sent_wiped", fmt.Sprintf("@a%d", i)}})
	}
	got := l.list().Entries
	if len(got) != sentKept || got[0].Account != "@a50" {
		t.Errorf("%d entries from %q on, want the last %d", len(got), got[0].Account, sentKept)
	}
	l.note(now.Add(sentAge+time.Hour), []said{{text: "sent_sync"}})
	if got := l.list(); len(got.Entries) != 1 || got.Since.Before(now) {
		t.Errorf("after a season: %v", got)
	}
}
