package keyshift

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
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

// A code with a length that is written in a longer way has a right checksum and says the same, but nobody gave it out.
func TestACodeHasOneSpelling(t *testing.T) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(invitation().Encode(), codePrefix))
	if err != nil {
		t.Fatal(err)
	}
	body := append([]byte{raw[0], raw[1] | 0x80, 0}, raw[2:len(raw)-4]...)
	sum := sha256.Sum256(body)
	if _, err := ParseInvitation(codePrefix + base64.RawURLEncoding.EncodeToString(append(body, sum[:4]...))); CodeOf(err) != CodeCodeInvalid {
		t.Errorf("got %v, want code_invalid", err)
	}
}

// FuzzParseInvitation looks for a code that parses and is not what Encode writes, names an unsafe hub, or is told apart
// from a wrong one. The checksum is taken away from the fuzzer: it would never guess one.
func FuzzParseInvitation(f *testing.F) {
	good, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(invitation().Encode(), codePrefix))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good[:len(good)-4], " ")
	f.Add([]byte("d\x00\x00\x00\x00"), "")
	f.Add([]byte("d\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x"), "\n")
	f.Add(bytes.Repeat([]byte{'A'}, 100), "A")
	f.Fuzz(func(t *testing.T, body []byte, stray string) {
		sum := sha256.Sum256(body)
		code := codePrefix + base64.RawURLEncoding.EncodeToString(append(bytes.Clone(body), sum[:4]...))
		i, err := ParseInvitation(code)
		if err != nil {
			if err.Error() != ErrCodeInvalid.Error() || !cmp.Equal(i, Invitation{}) {
				t.Fatalf("refused with %v, %v", i, err)
			}
			return
		}
		if i.Encode() != code || len(body) > maxCode || ValidateHubURL(i.HubURL) != nil {
			t.Fatalf("a code of %d bytes for %q was accepted", len(body), i.HubURL)
		}
		if spaced, err := ParseInvitation(code[:9] + stray + code[9:]); err == nil && !cmp.Equal(spaced, i) {
			t.Errorf("%q inside makes it another code", stray)
		}
	})
}
