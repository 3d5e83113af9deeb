package native

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// bodies lists every type that can be the body of a message, once.
func bodies() []any {
	all := []any{Error{}}
	for _, r := range Requests() {
		all = append(all, r.Body, r.Answer)
	}
	for _, e := range Events() {
		all = append(all, e.Body)
	}
	return all
}

// sample makes JSON that fits a shape.
func sample(s *Shape) any {
	switch s.Kind {
	case KindBool:
		return true
	case KindInt:
		return 7
	case KindWord:
		return s.Words[0]
	case KindOrigin:
		return "https://x.com"
	case KindList:
		return []any{sample(s.Element)}
	case KindStruct:
		m := map[string]any{}
		for _, f := range s.Fields {
			m[f.Name] = sample(f.Shape)
		}
		return m
	case KindAny:
		return map[string]any{"of": []any{"its", "own"}}
	}
	return "abc"
}

// decode reads data as the type of zero.
func decode(zero any, data []byte) error {
	if err := Check(data, ShapeOf(zero)); err != nil {
		return err
	}
	return json.Unmarshal(data, reflect.New(reflect.TypeOf(zero)).Interface())
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestEveryMessageRefusesMore: what has no place in the contract has no way into the agent, whatever it is called.
func TestEveryMessageRefusesMore(t *testing.T) {
	for _, zero := range bodies() {
		s := ShapeOf(zero)
		m := sample(s).(map[string]any)
		if err := decode(zero, encoded(t, m)); err != nil {
			t.Errorf("%s: its own sample is refused: %v", s.Name, err)
		}
		for _, name := range []string{"personal_handle", "url", "text", "Lease_ID", "__proto__", ""} {
			if s.field(name) != nil {
				continue
			}
			more := map[string]any{name: "dana"}
			for k, v := range m {
				more[k] = v
			}
			if err := decode(zero, encoded(t, more)); err == nil {
				t.Errorf("%s takes a field %q", s.Name, name)
			}
		}
	}
}

func TestEveryMessageNeedsItsFields(t *testing.T) {
	for _, zero := range bodies() {
		s := ShapeOf(zero)
		for _, f := range s.Fields {
			m := sample(s).(map[string]any)
			delete(m, f.Name)
			if err := decode(zero, encoded(t, m)); (err == nil) != f.Optional {
				t.Errorf("%s without %s: %v", s.Name, f.Name, err)
			}
			m[f.Name] = nil
			if err := decode(zero, encoded(t, m)); err == nil && f.Shape.Kind != KindAny {
				t.Errorf("%s takes null for %s", s.Name, f.Name)
			}
		}
	}
}

// TestNoMessageToTheAgentHasFreeText: a text that anybody can write could hold who somebody is.
func TestNoMessageToTheAgentHasFreeText(t *testing.T) {
	for _, r := range Requests() {
		for _, f := range ShapeOf(r.Body).Fields {
			if f.Shape.Kind == KindText || f.Shape.Kind == KindAny {
				t.Errorf("%s: %s is free text", r.Type, f.Name)
			}
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	const good = `{"lease_id":"l1","relation":"personal"}`
	var m IdentitySeen
	if err := Decode([]byte(good), &m); err != nil || m.Relation != RelationPersonal {
		t.Fatalf("got %+v, %v", m, err)
	}
	for name, bad := range map[string]string{
		"other spelling":   `{"Lease_id":"l1","relation":"personal"}`,
		"twice":            `{"lease_id":"l1","lease_id":"l2","relation":"personal"}`,
		"unknown word":     `{"lease_id":"l1","relation":"@dana"}`,
		"a space":          `{"lease_id":"dana lee","relation":"personal"}`,
		"an address":       `{"lease_id":"https://x.com/dana","relation":"personal"}`,
		"empty":            `{"lease_id":"","relation":"personal"}`,
		"long":             `{"lease_id":"` + strings.Repeat("a", 65) + `","relation":"personal"}`,
		"number":           `{"lease_id":1,"relation":"personal"}`,
		"list":             `[]`,
		"null":             `null`,
		"more after it":    good + good,
		"cut":              good[:len(good)-1],
		"a comma too many": `{"lease_id":"l1","relation":"personal",}`,
		"not UTF-8":        "{\"lease_id\":\"l\xff\",\"relation\":\"personal\"}",
		"not JSON":         `lease_id=l1`,
		"nothing":          ``,
	} {
		err := Decode([]byte(bad), &m)
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.Code != CodeBadMessage {
			t.Errorf("%s: got %v, want %s", name, err, CodeBadMessage)
		} else if strings.Contains(err.Error(), "dana") {
			t.Errorf("%s: the refusal repeats the message: %v", name, err)
		}
	}
}

func TestNumbersAndOrigins(t *testing.T) {
	renew := func(n string) error {
		return Decode([]byte(`{"lease_id":"l","minutes":`+n+`}`), &LeaseRenew{})
	}
	for n, want := range map[string]bool{"0": true, "9007199254740991": true, "9007199254740992": false, "-1": false, "1.5": false, "1e2": false, `"1"`: false} {
		if err := renew(n); (err == nil) != want {
			t.Errorf("%s minutes: %v", n, err)
		}
	}
	for origin, want := range map[string]bool{
		"https://x.com": true, "https://x.com:8443": true, "http://x.com": true, "null": true, "https://[::1]:3": true, // what may be filled is asked later
		"https://x.com/": false, "https://x.com/a": false, "https://dana@x.com": false, "x.com": false, "": false, "https://": false,
		"https://x.com?q": false, "https://x.com#f": false, "data:text/html": false, "https://x\u0301.com": false, "https://x.com\n": false,
	} {
		raw := encoded(t, map[string]any{"lease_id": "l", "origin": origin})
		if err := Decode(raw, &RelayAsk{}); (err == nil) != want {
			t.Errorf("origin %q: %v", origin, err)
		}
	}
}

func TestEnvelope(t *testing.T) {
	deep := strings.Repeat("[", MaxFrame/2) + strings.Repeat("]", MaxFrame/2)
	for _, tt := range []struct {
		name, in string
		want     Code
	}{
		{"good", `{"v":1,"id":3,"type":"focus","body":{"focused":true}}`, ""},
		{"no body", `{"v":1,"id":3,"type":"state.get"}`, ""},
		{"another version", `{"v":2,"id":3,"type":"focus"}`, CodeVersionUnsupported},
		{"unknown field", `{"v":1,"id":3,"type":"focus","me":"dana"}`, CodeBadMessage},
		{"no type", `{"v":1,"id":3}`, CodeBadMessage},
		{"deep", `{"v":1,"id":3,"type":"focus","body":` + deep[1:len(deep)-1] + `}`, CodeBadMessage},
		{"deep from the start", deep, CodeBadMessage},
		{"only open", strings.Repeat("{", 1000), CodeBadMessage},
	} {
		_, err := DecodeEnvelope([]byte(tt.in))
		var refusal *Refusal
		if errors.As(err, &refusal) != (tt.want != "") || refusal != nil && refusal.Code != tt.want {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestEncodeIsWhatDecodeReads(t *testing.T) {
	raw, err := Encode(5, TypeFocus, Focus{Focused: true})
	if err != nil {
		t.Fatal(err)
	}
	e, err := DecodeEnvelope(raw)
	if err != nil || e.ID != 5 || e.Type != TypeFocus || string(e.Body) != `{"focused":true}` {
		t.Errorf("got %+v, %v", e, err)
	}
	if _, err := Encode(0, TypeOK, Fill{Value: strings.Repeat("a", MaxFrame)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a message that is too large: %v", err)
	}
}

func TestSignedFill(t *testing.T) {
	f := FillGet{LeaseID: "l1", Field: FieldCode, Origin: "https://x.com", TopOrigin: "https://www.x.com", DocumentID: "D0", Gesture: GesturePopup, Signature: "s"}
	want := "keyshift-fill-v1\nc\n7\nl1\ncode\nhttps://x.com\nhttps://www.x.com\nD0"
	if got := string(SignedFill("c", 7, f)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestNothingOfARequestHasALineFeed: what is signed is lines.
func TestNothingOfARequestHasALineFeed(t *testing.T) {
	for _, f := range ShapeOf(FillGet{}).Fields {
		if fits, ok := alphabets[f.Shape.Kind]; ok && fits("https://x.com\n") {
			t.Errorf("%s can have a line feed", f.Name)
		}
	}
}
