// Package cliout is how our command lines speak: one manner of answers, errors, tables and questions for all of them.
//
// An answer goes to standard output, for people or, with JSON, as one document: the API's own message, with all its
// plain fields. An error goes to standard error in words, or with JSON to standard output as {"error": {"code", "text",
// "hint", "facts"}}, so that a program reads one stream. Notes that are not the answer go to standard error, to people
// only. Questions are asked of a person at a terminal: see [Console].
//
// Whatever others wrote (names, reasons, texts of the hub) is cleaned before it reaches a terminal.
package cliout

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Printer writes answers and errors. All fields but JSON are required.
type Printer struct {
	// Program is what the program is called in texts.
	Program  string
	Out, Err io.Writer
	// Now tells the time, in the zone in which times are shown.
	Now func() time.Time
	// JSON answers programs instead of people.
	JSON bool
}

// Message answers with an API message, which people get in words. The words are written at once, so that a broken pipe
// shows.
func (p *Printer) Message(msg proto.Message, words func(w io.Writer)) error {
	if !p.JSON {
		return p.Words(words)
	}
	data, err := Encode(msg)
	if err != nil {
		return err
	}
	return p.document(data)
}

// Value is Message for a value of the command line's own.
func (p *Printer) Value(v any, words func(w io.Writer)) error {
	if !p.JSON {
		return p.Words(words)
	}
	data, err := marshal(v)
	if err != nil {
		return err
	}
	return p.document(data)
}

// Line writes a value to programs as one line of JSON, for an answer that goes on.
func (p *Printer) Line(v any) error {
	data, err := marshal(v)
	if err != nil {
		return err
	}
	return p.Words(func(w io.Writer) { _, _ = w.Write(visible(data)) })
}

// Words writes a text for people.
func (p *Printer) Words(write func(w io.Writer)) error {
	var b bytes.Buffer
	write(&b)
	if _, err := p.Out.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

func (p *Printer) document(data []byte) error {
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace(data), "", "  "); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	b.WriteByte('\n')
	return p.Words(func(w io.Writer) { _, _ = w.Write(visible(b.Bytes())) })
}

// visible writes characters that could play with a terminal as JSON escapes. They can only be inside strings.
func visible(document []byte) []byte {
	var out []byte
	for _, r := range string(document) {
		if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			for _, unit := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
			continue
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// Note tells a person something that is not the answer. Programs are not told.
func (p *Printer) Note(format string, args ...any) {
	if !p.JSON {
		_, _ = fmt.Fprintf(p.Err, format+"\n", args...)
	}
}

// Report tells of the error that ended a command; nil is no error. An error that is not made for people is told as
// "something went wrong inside": its text may say more than it should.
func (p *Printer) Report(err error) {
	if err == nil {
		return
	}
	e := api.FromConnect(err)
	if p.JSON && p.Value(map[string]any{"error": ErrorValue(e)}, nil) == nil {
		return
	}
	text, hint := p.errorHere(e)
	_, _ = fmt.Fprintf(p.Err, "%s: %s\n", p.Program, text)
	if hint != "" {
		_, _ = fmt.Fprintf(p.Err, "  %s\n", hint)
	}
}

// JSONError is an error as programs get it.
type JSONError struct {
	Code  keyshift.Code     `json:"code"`
	Text  string            `json:"text"`
	Hint  string            `json:"hint"`
	Facts map[string]string `json:"facts"`
}

// ErrorValue is the form of an error for programs. Facts are never null.
func ErrorValue(e *keyshift.Error) JSONError {
	v := JSONError{e.Code, e.Text, e.Hint, e.Facts}
	if v.Facts == nil {
		v.Facts = map[string]string{}
	}
	return v
}

// Encode writes a message as JSON with all its plain fields, so that a script finds each of them. A nil message is null.
func Encode(msg proto.Message) (json.RawMessage, error) {
	if msg == nil {
		return json.RawMessage("null"), nil
	}
	data, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(msg)
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return data, nil
}

// marshal is json.Marshal that leaves "<" and "&" as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return b.Bytes(), nil
}

// Clock writes a moment in the zone of Now as people say it: "14:30" today, otherwise with the date.
func (p *Printer) Clock(at time.Time) string {
	now := p.Now()
	return keyshift.ClockText(at.In(now.Location()), now)
}

var clockForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b\d\d:\d\d\b`) })

// AtHere adds to a text of the other side that tells a time of day what that moment is in the zone of Now, unless the
// text says so already: the hub may live in another zone. A zero moment adds nothing.
func (p *Printer) AtHere(text string, at time.Time) string {
	if at.IsZero() || !clockForm().MatchString(text) || strings.Contains(text, p.Clock(at)) {
		return text
	}
	return text + " (" + p.Clock(at) + " here)"
}

// errorHere is AtHere for the text and the hint of an error, whose facts tell the moment.
func (p *Printer) errorHere(e *keyshift.Error) (text, hint string) {
	text, hint = e.Text, e.Hint
	for _, fact := range []string{"until", "ends_at", "next"} {
		at, err := time.Parse(time.RFC3339, e.Facts[fact])
		switch {
		case err != nil || strings.Contains(text+hint, p.Clock(at)):
		case clockForm().MatchString(text):
			text += " That is " + p.Clock(at) + " here."
		case clockForm().MatchString(hint):
			hint += " That is " + p.Clock(at) + " here."
		}
	}
	return text, hint
}
