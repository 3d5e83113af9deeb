package keyshift

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// trickyFacts hold what JSON writes in another way, and what looks like JSON.
var trickyFacts = []map[string]string{
	nil,
	{},
	{"": ""},
	{"a": "1", "b": "2", "B": "3", "aa": "4"},
	{"reason": "spring campaign", "user": "dana"},
	{"reason": `he said "no", twice`, "user": `a\b`},
	{"reason": "a\nb\tc\x00\x1f\x7f"},
	{"reason": "<b>&amp;</b>"},
	{"reason": "Grüße, 日本 \u2028\u2029"},
	{"reason": "broken \xff\xfe text", "broken \xc3 name": "x"},
	{"a": `","b":"`, "b": `"}`, "c": "{", `","`: `":"`},
	{"a": "", "b": "", "c": "", "d": "", "e": "", "f": "", "g": "", "h": "", "i": "", "j": ""},
}

func TestFactsTextIsThatOfEncodingJSON(t *testing.T) {
	for _, facts := range trickyFacts {
		checkFactsText(t, facts)
	}
}

func checkFactsText(t *testing.T, facts map[string]string) {
	t.Helper()
	want := "{}"
	if facts != nil {
		b, err := json.Marshal(facts)
		if err != nil {
			t.Fatal(err)
		}
		want = string(b)
	}
	if got := FactsText(facts); got != want {
		t.Errorf("text of %q is %s, want %s", facts, got, want)
	}
}

func TestParseFactsReadsWhatEncodingJSONReads(t *testing.T) {
	texts := []string{`{"a":"b"}`, `{ "a" : "b" }`, `{"a":"b","a":"c"}`, `{"a":"b"`, `{"a":"b"}}`, `{"a":1}`, `{"a":null}`, `null`, `[]`, `{"a":"b",}`, `{"a","b"}`,
		`{"a":"b"} `, `{"a":"\u00e9"}`, `{"a":"b","c"}`, `{"a":"b""}`, `x`, `{"`, `{""}`, `{"":""}`, `{"a":"b":"c"}`, "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}"}
	for _, facts := range trickyFacts {
		texts = append(texts, FactsText(facts))
	}
	for _, text := range texts {
		checkParseFacts(t, text)
	}
}

func checkParseFacts(t *testing.T, text string) {
	t.Helper()
	var want map[string]string
	wantErr := json.Unmarshal([]byte(text), &want)
	if len(want) == 0 {
		want = nil
	}
	got, err := ParseFacts(text)
	if len(got) == 0 {
		got = nil
	}
	if text == "" {
		wantErr = nil
	}
	if (err != nil) != (wantErr != nil) {
		t.Errorf("parse %q: %v, want %v", text, err, wantErr)
	} else if diff := cmp.Diff(want, got); wantErr == nil && diff != "" {
		t.Errorf("parse %q (-want +got):\n%s", text, diff)
	}
}

// Text of any kind is written and read as encoding/json does.
func TestFactsOfAnyText(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time
	pieces := []string{`"`, `\`, `{`, `}`, `:`, `,`, "a", " ", "<", "é", "\xff", "\n", `":"`, `","`, `"}`, `{"`, "\u2028"}
	text := func() string {
		var b strings.Builder
		for range chance.IntN(8) {
			b.WriteString(pieces[chance.IntN(len(pieces))])
		}
		return b.String()
	}
	for range 5000 {
		facts := map[string]string{text(): text(), text(): text()}
		checkFactsText(t, facts)
		checkParseFacts(t, FactsText(facts))
		checkParseFacts(t, `{"`+text()+text())
	}
}

// The bytes of a leaf are those that encoding/json makes of its fields.
func TestLeafIsThatOfEncodingJSON(t *testing.T) {
	for _, facts := range trickyFacts {
		for _, text := range []string{"", "plain", `"\<é` + "\x01\xff"} {
			e := AuditEvent{ID: text, Action: AuditAction(text), ActorKind: ActorKind(text), ActorID: ID(text), UserID: ID(text), DeviceID: ID(text), AccountID: ID(text),
				LeaseID: ID(text), Details: facts, PersonalHash: text}
			want, err := json.Marshal(struct {
				ID           string            `json:"id"`
				At           int64             `json:"at"`
				Action       AuditAction       `json:"action"`
				ActorKind    ActorKind         `json:"actor_kind"`
				ActorID      ID                `json:"actor_id"`
				UserID       ID                `json:"user_id"`
				DeviceID     ID                `json:"device_id"`
				AccountID    ID                `json:"account_id"`
				LeaseID      ID                `json:"lease_id"`
				Details      map[string]string `json:"details"`
				PersonalHash string            `json:"personal_hash"`
			}{e.ID, e.At.UnixMicro(), e.Action, e.ActorKind, e.ActorID, e.UserID, e.DeviceID, e.AccountID, e.LeaseID, notNil(facts), e.PersonalHash})
			if err != nil {
				t.Fatal(err)
			}
			if got := string(e.Leaf()); got != string(want) {
				t.Errorf("leaf is\n%s, want\n%s", got, want)
			}
		}
	}
}

func notNil(facts map[string]string) map[string]string {
	if facts == nil {
		return map[string]string{}
	}
	return facts
}
