package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/seal/sealtest"
)

func testSeed() []byte {
	seed := make([]byte, SeedSize)
	for i := range seed {
		seed[i] = byte(i)
	}
	return seed
}

func testKeys(t testing.TB, seed []byte) Keys {
	t.Helper()
	keys, err := DeriveKeys(seed)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// A changed value here means that every enrolled device would lose its identity.
func TestDeviceKeysOfAKnownSeedNeverChange(t *testing.T) {
	keys := testKeys(t, testSeed())
	sealing := sha256.Sum256(keys.SealingPublic())
	for _, tt := range []struct{ name, got, want string }{
		{"signing", hex.EncodeToString(keys.SigningPublic()), "10926454c692576c592fb3cd8b1979c535b6090701156c91ef7b05d07d7abada"},
		{"SHA-256 of sealing", hex.EncodeToString(sealing[:]), "5a75a80aa86c959fd2b53b9bab9831f22e5256bbfa226b96dd566876b29ee1d8"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s public key = %s, want %s", tt.name, tt.got, tt.want)
		}
	}
}

func TestDifferentSeedsGiveDifferentKeys(t *testing.T) {
	a, b := testKeys(t, NewSeed()), testKeys(t, NewSeed())
	if bytes.Equal(a.SigningPublic(), b.SigningPublic()) {
		t.Error("two seeds share a signing key")
	}
	if bytes.Equal(a.SealingPublic(), b.SealingPublic()) {
		t.Error("two seeds share a sealing key")
	}
}

func TestSigningKeyMatchesItsPublicPart(t *testing.T) {
	keys := testKeys(t, NewSeed())
	sig := ed25519.Sign(keys.Signing(), []byte("hello"))
	if !ed25519.Verify(keys.SigningPublic(), []byte("hello"), sig) {
		t.Error("signature does not verify under SigningPublic")
	}
}

func TestDeriveKeysRefusesASeedOfWrongLength(t *testing.T) {
	for _, n := range []int{0, 1, 31, 33, 64} {
		if _, err := DeriveKeys(make([]byte, n)); !errors.Is(err, ErrBadKey) {
			t.Errorf("seed of %d bytes: err = %v, want ErrBadKey", n, err)
		}
	}
}

func TestZeroKeysHoldNothing(t *testing.T) {
	var keys Keys
	if keys.Signing() != nil || keys.SigningPublic() != nil || keys.SealingPublic() != nil {
		t.Error("zero Keys gave a key")
	}
	if _, err := keys.Open(testContext, make([]byte, 2000)); !errors.Is(err, ErrSealBroken) {
		t.Errorf("Open: err = %v, want ErrSealBroken", err)
	}
}

func TestCheckPublic(t *testing.T) {
	keys := testKeys(t, testSeed())
	signing, sealing := keys.SigningPublic(), keys.SealingPublic()
	unreduced := bytes.Repeat([]byte{0xff}, len(sealing)) // no valid ML-KEM encoding
	for _, tt := range []struct {
		name             string
		signing, sealing []byte
		want             error
	}{
		{"both right", signing, sealing, nil},
		{"no signing key", nil, sealing, ErrBadKey},
		{"long signing key", append(bytes.Clone(signing), 0), sealing, ErrBadKey},
		{"no sealing key", signing, nil, ErrBadKey},
		{"short sealing key", signing, sealing[1:], ErrBadKey},
		{"sealing key out of range", signing, unreduced, ErrBadKey},
	} {
		if err := CheckPublic(tt.signing, tt.sealing); !errors.Is(err, tt.want) {
			t.Errorf("%s: err = %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestKeysNeverPrint(t *testing.T) {
	keys := testKeys(t, testSeed())
	sealtest.NeverPrints(t, keys, keys.Signing().Seed(), keys.SigningPublic())
}

// An unexported field of another struct is printed without its methods.
func TestKeysInsideAnotherStructNeverPrint(t *testing.T) {
	keys := testKeys(t, testSeed())
	secret := keys.Signing().Seed()
	type holder struct {
		k Keys
		p *Keys
	}
	h := holder{keys, &keys}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		got := fmt.Sprintf(verb+verb, h, &h)
		for _, form := range []string{"%v", "%s", "%x"} {
			if strings.Contains(got, strings.Trim(fmt.Sprintf(form, secret), "[]")) {
				t.Errorf("%s printed the signing seed as %s", verb, form)
			}
		}
	}
}

func TestWipe(t *testing.T) {
	b := []byte("correct horse")
	Wipe(b)
	if !bytes.Equal(b, make([]byte, 13)) {
		t.Errorf("after Wipe: %q", b)
	}
	Wipe(nil)
}
