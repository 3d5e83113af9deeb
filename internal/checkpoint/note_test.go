package checkpoint

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func TestTextIsTheCheckpointOfC2SP(t *testing.T) {
	h := Head{testHub, 8, newLog(t, 8, 8).head(8).Root}
	want := "keyshift/" + testHub + "\n8\n" + h.Root.String() + "\n"
	if got := h.Text(); got != want {
		t.Errorf("Text = %q, want %q", got, want)
	}
}

func TestSignedHeadOpens(t *testing.T) {
	key := testKey("hub")
	for _, size := range []int64{0, 1, 2, 7} {
		want := newLog(t, 7, 7).head(size)
		got, err := Open(mustSign(t, want, key), testHub, publicKey(key))
		if err != nil || got != want {
			t.Errorf("size %d: Open = %v, %v, want %v", size, got, err, want)
		}
	}
}

// The note package reads a note of ours with nothing but the verifier key: so can every tool for signed notes.
func TestNoteOpensElsewhere(t *testing.T) {
	key, h := testKey("hub"), newLog(t, 3, 3).head(3)
	vkey, err := VerifierKey(testHub, publicKey(key))
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open([]byte(mustSign(t, h, key)), note.VerifierList(v))
	if err != nil || n.Text != h.Text() || n.Sigs[0].Name != "keyshift/"+testHub {
		t.Errorf("note.Open = %+v, %v", n, err)
	}
}

func TestSignaturesOfOthersAreIgnored(t *testing.T) {
	key, h := testKey("hub"), newLog(t, 3, 3).head(3)
	skey, _, err := note.GenerateKey(rand.Reader, "witness.example")
	if err != nil {
		t.Fatal(err)
	}
	witness, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verifier(testHub, publicKey(key))
	if err != nil {
		t.Fatal(err)
	}
	both, err := note.Sign(&note.Note{Text: h.Text()}, witness, signer{v, key})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Open(string(both), testHub, publicKey(key)); err != nil || got != h {
		t.Errorf("Open = %v, %v, want %v", got, err, h)
	}
}

func TestOpenRefuses(t *testing.T) {
	key := testKey("hub")
	h := newLog(t, 12, 12).head(12)
	good := mustSign(t, h, key)
	other := h
	other.HubID = "another"
	signedText := func(text string) string {
		v, err := verifier(testHub, publicKey(key))
		if err != nil {
			t.Fatal(err)
		}
		b, err := note.Sign(&note.Note{Text: text}, signer{v, key})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, tt := range []struct {
		name, note string
		want       error
	}{
		{"nothing", "", ErrMalformed},
		{"no signature", h.Text() + "\n", ErrMalformed},
		{"text alone", h.Text(), ErrMalformed},
		{"another key", mustSign(t, h, testKey("thief")), ErrSignature},
		{"another hub", mustSign(t, other, key), ErrOtherHub},
		{"our name over another hub's text", signedText(other.Text()), ErrOtherHub},
		{"changed size", strings.Replace(good, "\n12\n", "\n13\n", 1), ErrSignature},
		{"size with a zero", signedText(strings.Replace(h.Text(), "\n12\n", "\n012\n", 1)), ErrMalformed},
		{"size with a sign", signedText(strings.Replace(h.Text(), "\n12\n", "\n+12\n", 1)), ErrMalformed},
		{"negative size", signedText(strings.Replace(h.Text(), "\n12\n", "\n-12\n", 1)), ErrMalformed},
		{"size past all reason", signedText(strings.Replace(h.Text(), "\n12\n", "\n9223372036854775807\n", 1)), ErrMalformed},
		{"empty tree with a root", signedText(strings.Replace(h.Text(), "\n12\n", "\n0\n", 1)), ErrMalformed},
		{"short root", signedText("keyshift/" + testHub + "\n12\nAAAA\n"), ErrMalformed},
		{"extension line", signedText(h.Text() + "more\n"), ErrMalformed},
		{"other kind of log", signedText(strings.TrimPrefix(h.Text(), "keyshift/")), ErrMalformed},
		{"too long", strings.Repeat("a", maxNote) + good, ErrMalformed},
		{"other spelling of the signature", respell(t, good), ErrMalformed},
		{"cut", good[:len(good)-1], ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Open(tt.note, testHub, publicKey(key))
			if !errors.Is(err, tt.want) || got != (Head{}) {
				t.Errorf("Open = %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

// respell changes the two bits that the last letter of a 68-byte signature does not need.
func respell(t *testing.T, text string) string {
	t.Helper()
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	i := len(text) - len("x=\n")
	if !strings.HasSuffix(text, "=\n") || text[i] == '=' {
		t.Fatalf("signature line ends with %q", text[i:])
	}
	return text[:i] + string(letters[strings.IndexByte(letters, text[i])|1]) + text[i+1:]
}

func TestKeysThatCannotSign(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h := newLog(t, 1, 1).head(1)
	for name, key := range map[string]crypto.Signer{"nil": nil, "empty": ed25519.PrivateKey(nil), "other curve": curve} {
		if _, err := Sign(h, key); !errors.Is(err, ErrKey) {
			t.Errorf("%s: Sign = %v, want ErrKey", name, err)
		}
	}
	if _, err := Open(mustSign(t, h, testKey("hub")), testHub, nil); !errors.Is(err, ErrKey) {
		t.Errorf("Open without key = %v, want ErrKey", err)
	}
}

func TestSignRefusesHeadsThatWouldNotOpen(t *testing.T) {
	good := newLog(t, 2, 2).head(2)
	for name, h := range map[string]Head{
		"zero":        {},
		"no hub":      {Size: 2, Root: good.Root},
		"two lines":   {HubID: "a\n5", Size: 2, Root: good.Root},
		"a space":     {HubID: "a b", Size: 2, Root: good.Root},
		"a plus":      {HubID: "a+b", Size: 2, Root: good.Root},
		"control":     {HubID: "a\x01b", Size: 2, Root: good.Root},
		"negative":    {HubID: testHub, Size: -1, Root: good.Root},
		"wrong empty": {HubID: testHub, Size: 0, Root: good.Root},
	} {
		if text, err := Sign(h, testKey("hub")); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: Sign = %q, %v, want ErrMalformed", name, text, err)
		}
	}
}

func FuzzOpenCheckpoint(f *testing.F) {
	key := testKey("hub")
	heads := [2]Head{newLog(f, 5, 5).head(5), newLog(f, 5, 5).head(0)}
	good := mustSign(f, heads[0], key)
	f.Add(good)
	f.Add(mustSign(f, heads[1], key))
	f.Add(strings.Replace(good, "\n5\n", "\n05\n", 1))
	f.Add("a\n1\nb\n\n— a AAAA\n")
	f.Add("\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := Open(text, testHub, publicKey(key))
		if err != nil {
			if h != (Head{}) {
				t.Fatalf("refused with head %v", h)
			}
			return
		}
		if !strings.HasPrefix(text, h.Text()+"\n") || h != heads[0] && h != heads[1] || len(text) > maxNote {
			t.Fatalf("opened %q as %v", text, h)
		}
		if again, err := parse(h.Text()); err != nil || again != h {
			t.Fatalf("parse(%q) = %v, %v", h.Text(), again, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(newLog(f, 5, 5).head(5).Text())
	f.Add("keyshift/a\n0\n" + emptyRoot().String() + "\n")
	f.Add("keyshift/\n-1\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		if h, err := parse(text); err == nil && h.Text() != text {
			t.Fatalf("%q was read as %q", text, h.Text())
		}
	})
}
