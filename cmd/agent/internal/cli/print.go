package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// printer writes answers: for people or as JSON.
type printer struct {
	out, err io.Writer
	now      func() time.Time
	json     bool
}

// message answers with an API message, which people get in words.
func (p *printer) message(msg proto.Message, words func(w io.Writer)) error {
	if !p.json {
		return p.words(words)
	}
	data, err := encode(msg)
	if err != nil {
		return err
	}
	return p.document(data)
}

// value answers with a value of the command line's own.
func (p *printer) value(v any, words func(w io.Writer)) error {
	if !p.json {
		return p.words(words)
	}
	data, err := marshal(v)
	if err != nil {
		return err
	}
	return p.document(data)
}

// words writes a text at once, so that a broken pipe shows.
func (p *printer) words(write func(w io.Writer)) error {
	var b bytes.Buffer
	write(&b)
	if _, err := p.out.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

func (p *printer) document(data []byte) error {
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	b.WriteByte('\n')
	return p.words(func(w io.Writer) { _, _ = w.Write(b.Bytes()) })
}

// note tells a person something that is not the answer. Programs are not told.
func (p *printer) note(format string, args ...any) {
	if !p.json {
		_, _ = fmt.Fprintf(p.err, format+"\n", args...)
	}
}

// report tells of an error that ended a command.
func (p *printer) report(err error) {
	if _, told := errors.AsType[toldError](err); err == nil || told {
		return
	}
	e := public(err)
	if p.json {
		if p.value(map[string]any{"error": errorValue(e)}, nil) == nil {
			return
		}
	}
	_, _ = fmt.Fprintf(p.err, "%s: %s\n", Name, p.inLocalTime(e))
	if e.Hint != "" {
		_, _ = fmt.Fprintf(p.err, "  %s\n", e.Hint)
	}
}

// toldError is an error that is part of an answer already. Only its exit code is left to give.
type toldError struct{ error }

func (e toldError) Unwrap() error { return e.error }

// public is what may be shown of an error; errors of the local API and client are all made to be shown.
func public(err error) *keyshift.Error {
	if e, ok := errors.AsType[*keyshift.Error](err); ok {
		return e
	}
	return api.FromConnect(err)
}

// inLocalTime adds the moment of an error in the person's own zone: the hub may live in another one.
func (p *printer) inLocalTime(e *keyshift.Error) string {
	for _, fact := range []string{"until", "ends_at", "next"} {
		at, err := time.Parse(time.RFC3339, e.Facts[fact])
		if err != nil {
			continue
		}
		if here := p.clock(at); !strings.Contains(e.Text+e.Hint, here) {
			return e.Text + " That is " + here + " here."
		}
	}
	return e.Text
}

// clock writes a moment in the person's own zone.
func (p *printer) clock(at time.Time) string {
	now := p.now()
	return keyshift.ClockText(at.In(now.Location()), now)
}

type jsonError struct {
	Code  keyshift.Code     `json:"code"`
	Text  string            `json:"text"`
	Hint  string            `json:"hint"`
	Facts map[string]string `json:"facts"`
}

func errorValue(e *keyshift.Error) jsonError {
	v := jsonError{e.Code, e.Text, e.Hint, e.Facts}
	if v.Facts == nil {
		v.Facts = map[string]string{}
	}
	return v
}

// encode writes a message with all its plain fields, so that a script finds each of them.
func encode(msg proto.Message) ([]byte, error) {
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
	return bytes.TrimSpace(b.Bytes()), nil
}

// jsonMessage lets a message stand inside a value. A nil message is null.
func jsonMessage(msg proto.Message) (json.RawMessage, error) {
	if msg == nil {
		return json.RawMessage("null"), nil
	}
	return encode(msg)
}
