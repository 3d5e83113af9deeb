package keyshift

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func invitation() Invitation {
	return Invitation{
		Kind: EnrollmentCode, HubURL: "https://hub.example:8443", HubKey: ed25519.PublicKey(bytes.Repeat([]byte{7}, 32)),
		TLSPin: bytes.Repeat([]byte{9}, 32), Secret: bytes.Repeat([]byte{1}, CodeSecretSize),
	}
}

func TestACodeSurvivesBeingPasted(t *testing.T) {
	want := invitation()
	code := want.Encode()
	for _, pasted := range []string{code, " " + code + "\n", code[:20] + "\n  " + code[20:]} {
		got, err := ParseInvitation(pasted)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("ParseInvitation(%q) = %v, %v", pasted, got, err)
		}
	}
	want.TLSPin = []byte{}
	if got, err := ParseInvitation(want.Encode()); err != nil || len(got.TLSPin) != 0 {
		t.Errorf("without a pin: %v, %v", got, err)
	}
}

func TestADamagedCodeIsInvalidInOneWay(t *testing.T) {
	good := invitation().Encode()
	bad := []string{"", "keyshift1-", "hello", good[:len(good)-1], good + "A", strings.Replace(good, "keyshift1-", "keyshift2-", 1)}
	for i := len("keyshift1-"); i < len(good); i++ {
		c := byte('A')
		if good[i] == c {
			c = 'B'
		}
		bad = append(bad, good[:i]+string(c)+good[i+1:])
	}
	for _, code := range bad {
		if _, err := ParseInvitation(code); CodeOf(err) != CodeCodeInvalid || err.Error() != ErrCodeInvalid.Error() {
			t.Fatalf("ParseInvitation(%q) = %v, want the one text", code, err)
		}
	}
}

func TestACodeNamesNoUnsafeHub(t *testing.T) {
	for _, url := range []string{"http://hub.example", "ftp://x", "https://user:pw@hub.example", "https://hub.example/path", "https://hub.example?q=1", "javascript:alert(1)"} {
		i := invitation()
		i.HubURL = url
		if _, err := ParseInvitation(i.Encode()); err == nil {
			t.Errorf("a code for %q was accepted", url)
		}
	}
}

func FuzzParseInvitation(f *testing.F) {
	f.Add(invitation().Encode())
	f.Add("keyshift1-")
	f.Add("keyshift1-" + strings.Repeat("A", 100))
	f.Fuzz(func(t *testing.T, code string) {
		i, err := ParseInvitation(code)
		if err != nil {
			return
		}
		again, err := ParseInvitation(i.Encode())
		if err != nil || !cmp.Equal(i, again) {
			t.Errorf("a parsed code does not come back: %v, %v", again, err)
		}
	})
}
