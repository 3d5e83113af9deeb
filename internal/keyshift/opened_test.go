package keyshift

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAnOpenedCredentialCanBeWiped(t *testing.T) {
	c := Credential{Login: "acme", Password: NewSecret(`a "quote" & <tag> 😀 ` + "\u2028")}
	encoded := c.Encode()
	o, err := OpenCredential(encoded)
	if err != nil || string(o.Login()) != c.Login || string(o.Password()) != c.Password.Reveal() || !bytes.Equal(o.JSON(), encoded) {
		t.Fatalf("opened as %q, %q, %v", o.Login(), o.Password(), err)
	}
	if got := fmt.Sprintf("%v %+v %#v %s %d", o, o, o, o, o); strings.Contains(got, "quote") || got != strings.TrimSpace(strings.Repeat("[redacted] ", 5)) {
		t.Errorf("printed %q", got)
	}
	if b, err := json.Marshal(o); err == nil {
		t.Errorf("marshaled as %q", b)
	}
	login, password, whole := o.Login(), o.Password(), o.JSON()
	o.Wipe()
	for _, b := range [][]byte{login, password, whole} {
		if strings.Trim(string(b), "\x00") != "" {
			t.Errorf("%q is left", b)
		}
	}
	if !o.Empty() {
		t.Error("something is left")
	}
	var none *Opened
	none.Wipe()
	if !none.Empty() {
		t.Error("nothing is something")
	}
}

func TestWhatIsNoCredentialIsNotOpened(t *testing.T) {
	for _, b := range []string{
		"", "{}", `{"login":"a","password":"b"} `, `{"login":"a"}`, `{"password":"b","login":"a"}`, `{"login":"a","password":"b`, `{"login":"a","password":"b\`,
		`{"login":"a","password":"\u12"}`, `{"login":"a","password":"\ud800"}`, `{"login":"a","password":"\x"}`, "{\"login\":\"a\nb\",\"password\":\"b\"}", `{"login":1,"password":"b"}`,
	} {
		if o, err := OpenCredential([]byte(b)); err == nil || o != nil || strings.Contains(err.Error(), "a") && strings.Contains(err.Error(), b) && b != "" {
			t.Errorf("%q: %v, %v", b, o, err)
		}
	}
}

// FuzzOpenCredential compares the reader with that of encoding/json.
func FuzzOpenCredential(f *testing.F) {
	f.Add("acme", "correct horse", []byte(`{"login":"a","password":"b"}`))
	f.Add(`"\`, "<&>\u2028\x00\x7f", []byte(`{"login":"\u00e4\ud83d\ude00","password":"\/\b"}`))
	f.Add("", "", []byte(`{"login":"a","password":"\u"}`))
	f.Fuzz(func(t *testing.T, login, password string, stray []byte) {
		encoded := Credential{Login: login, Password: NewSecret(password)}.Encode()
		o, err := OpenCredential(encoded)
		if err != nil {
			t.Fatalf("a credential does not open: %v", err)
		}
		want, err := DecodeCredential(encoded)
		if err != nil || string(o.Login()) != want.Login || string(o.Password()) != want.Password.Reveal() || !bytes.Equal(o.JSON(), encoded) {
			t.Fatalf("opened as %q, %q, want %q, %q", o.Login(), o.Password(), want.Login, want.Password.Reveal())
		}
		if o, err = OpenCredential(stray); err != nil {
			return
		}
		want, err = DecodeCredential(stray)
		if err != nil || utf8.Valid(stray) && (string(o.Login()) != want.Login || string(o.Password()) != want.Password.Reveal()) {
			t.Fatalf("%q was opened as %q, %q, encoding/json says %v", stray, o.Login(), o.Password(), err)
		}
	})
}
