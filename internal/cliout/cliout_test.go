package cliout

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.FixedZone("CET", 3600))

func printer(asJSON bool) (p *Printer, out, errs *bytes.Buffer) {
	out, errs = &bytes.Buffer{}, &bytes.Buffer{}
	return &Printer{Program: "prog", Out: out, Err: errs, Now: func() time.Time { return noon }, JSON: asJSON}, out, errs
}

func TestMessage(t *testing.T) {
	user := &v1.User{Name: "lee <&>", DisplayName: "\x1b[2J\u202e\u2028", CreatedAt: timestamppb.New(noon)}
	p, out, _ := printer(false)
	if err := p.Message(user, func(w io.Writer) { fmt.Fprintln(w, "words") }); err != nil || out.String() != "words\n" {
		t.Errorf("for people: %q, %v", out, err)
	}
	p, out, _ = printer(true)
	if err := p.Message(user, nil); err != nil {
		t.Fatal(err)
	}
	want := `{
  "id": "",
  "name": "lee <&>",
  "displayName": "\u001b[2J\u202e\u2028",
  "roles": [],
  "active": false,
  "createdAt": "2026-11-22T11:00:00Z"
}
`
	if got := out.String(); got != want {
		t.Errorf("for programs:\n%s\nwant:\n%s", got, want)
	}
}

func TestNilMessageIsNull(t *testing.T) {
	if got, err := Encode(nil); err != nil || string(got) != "null" {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestHiddenCharactersAreEscaped(t *testing.T) {
	p, out, _ := printer(true)
	const hidden = "tag \U000e0041, c1 \u009b, joiner \u200d"
	if err := p.Value(map[string]string{"text": hidden}, nil); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\U000e0041\u009b\u200d") {
		t.Errorf("shown as it is: %q", out)
	}
	var back map[string]string
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back["text"] != hidden {
		t.Errorf("read back: %q, %v", back, err)
	}
}

func TestReport(t *testing.T) {
	refused := keyshift.Refuse(keyshift.CodeForbidden, "Your roles do not allow this.", "Ask an owner.")
	for _, tt := range []struct {
		name      string
		err       error
		want      string
		wantJSON  string
		wantThere string
	}{
		{"nothing", nil, "", "", ""},
		{"for people", refused.With("role", "admin").Because(errors.New("row 7")), "prog: Your roles do not allow this.\n  Ask an owner.\n", "forbidden", `"role": "admin"`},
		{"without hint", keyshift.Refuse(keyshift.CodeForbidden, "No.", ""), "prog: No.\n", "forbidden", `"facts": {}`},
		{"not for people", errors.New("open /home/lee/secret"), "prog: Something went wrong inside Keyshift.\n  Try again; if it stays, tell your admin when it happened, so that the log can be read.\n", "internal", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, out, errs := printer(false)
			p.Report(tt.err)
			if errs.String() != tt.want || out.Len() != 0 {
				t.Errorf("for people: got %q and %q", out, errs)
			}
			p, out, errs = printer(true)
			p.Report(tt.err)
			var got struct{ Error JSONError }
			if tt.err != nil && json.Unmarshal(out.Bytes(), &got) != nil || string(got.Error.Code) != tt.wantJSON || errs.Len() != 0 || !strings.Contains(out.String(), tt.wantThere) {
				t.Errorf("for programs: got %q and %q", out, errs)
			}
		})
	}
}

// full is a standard output that takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestABrokenOutputIsTold(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		p, _, errs := printer(asJSON)
		p.Out = full{}
		if err := p.Message(&v1.User{}, func(w io.Writer) { fmt.Fprintln(w, "words") }); err == nil {
			t.Error("an answer that was not written counts as written")
		}
		p.Report(keyshift.ErrNotFound)
		if !strings.HasPrefix(errs.String(), "prog: There is nothing") {
			t.Errorf("the error is told nowhere: %q", errs)
		}
	}
}

func TestLine(t *testing.T) {
	p, out, _ := printer(true)
	user, err := Encode(&v1.User{Name: "lee <&>\u202e"})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{user, map[string]any{"error": ErrorValue(keyshift.ErrNotFound)}} {
		if err := p.Line(v); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.SplitAfter(out.String(), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], `"name":"lee <&>\u202e"`) || !strings.HasPrefix(lines[1], `{"error":{"code":"not_found",`) {
		t.Errorf("got %q", lines)
	}
}

func TestErrorsTellTheTimeHere(t *testing.T) {
	refused := func(text, hint, fact string) *keyshift.Error {
		return keyshift.Refuse(keyshift.CodeAccountInUse, text, hint).With(fact, "2026-11-22T11:17:00Z")
	}
	for _, tt := range []struct {
		name string
		err  *keyshift.Error
		want string
	}{
		{"in the text", refused("With lee until 11:17.", "Wait.", "until"), "prog: With lee until 11:17. That is 12:17 here.\n  Wait.\n"},
		{"in the hint", refused("Used up.", "The next is there at 11:17:30.", "next"), "prog: Used up.\n  The next is there at 11:17:30. That is 12:17 here.\n"},
		{"told already", refused("It lasts until 12:17.", "Wait.", "ends_at"), "prog: It lasts until 12:17.\n  Wait.\n"},
		{"no time told", refused("In use.", "Wait.", "until"), "prog: In use.\n  Wait.\n"},
		{"no moment", refused("With lee until 11:17.", "", "holder"), "prog: With lee until 11:17.\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, _, errs := printer(false)
			p.Report(tt.err)
			if errs.String() != tt.want {
				t.Errorf("got %q, want %q", errs, tt.want)
			}
		})
	}
}

func TestNotesAreForPeople(t *testing.T) {
	p, _, errs := printer(false)
	p.Note("more: %d", 3)
	q, _, silent := printer(true)
	q.Note("more: %d", 3)
	if errs.String() != "more: 3\n" || silent.Len() != 0 {
		t.Errorf("got %q and %q", errs, silent)
	}
}

func TestClockAndAtHere(t *testing.T) {
	p, _, _ := printer(false)
	later := noon.Add(17 * time.Minute).UTC()
	for _, tt := range []struct{ got, want string }{
		{p.Clock(later), "12:17"},
		{p.Clock(later.AddDate(0, 0, 1)), "23 Nov 12:17"},
		{p.AtHere("Ends by 11:17", later), "Ends by 11:17 (12:17 here)"},
		{p.AtHere("Ends by 12:17", later), "Ends by 12:17"},
		{p.AtHere("Ends by 11:17", time.Time{}), "Ends by 11:17"},
		{p.AtHere("The device knows", later), "The device knows"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	Table(&b, [][]string{{"NAME", "STATE"}, {"käthe\x1b[1m", "active"}, {"l", ""}, {strings.Repeat("x", 300), "x"}})
	want := "NAME" + strings.Repeat(" ", 199) + "STATE\nkäthe[1m" + strings.Repeat(" ", 195) + "active\nl" + strings.Repeat(" ", 202) + "-\n" + strings.Repeat("x", 200) + "…  x\n"
	if b.String() != want {
		t.Errorf("got %q\nwant %q", b.String(), want)
	}
}

func TestFacts(t *testing.T) {
	var b strings.Builder
	Facts(&b, [][2]string{{"Hub", "Acme\n"}, {"Version", "1"}})
	if want := "Hub      Acme\nVersion  1\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

// says answers every question.
type says string

func (s says) Ask(context.Context, string) (string, error) { return string(s), nil }
func (s says) AskSecret(context.Context, string) (string, error) {
	return "", errors.New("asked for a secret")
}

func TestConfirm(t *testing.T) {
	for _, tt := range []struct {
		console Console
		want    keyshift.Code
	}{
		{says("y"), ""}, {says(" YES "), ""}, {says(""), api.CodeDeclined}, {says("no"), api.CodeDeclined}, {says("yy"), api.CodeDeclined}, {nil, api.CodeUsage},
	} {
		if err := Confirm(t.Context(), tt.console, "Sure?", "--yes"); keyshift.CodeOf(err) != tt.want {
			t.Errorf("%v: got %v, want %q", tt.console, err, tt.want)
		}
	}
}
