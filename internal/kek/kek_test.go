package kek

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/seal"
	"github.com/keyshift-hq/keyshift/internal/seal/sealtest"
)

var testPlace = Place{HubID: "hub-1", Table: "credentials", Row: "row-1", Column: "password"}

func newKeyFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kek.json")
	if err := Create(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func loadKEK(t testing.TB, path string) *KEK {
	t.Helper()
	kek, err := Load(path, "")
	if err != nil {
		t.Fatal(err)
	}
	return kek
}

func store(t testing.TB, kek *KEK, p Place, plaintext string) []byte {
	t.Helper()
	b, version, err := kek.Seal(p, []byte(plaintext))
	if err != nil || version != kek.Primary() {
		t.Fatalf("Seal: version %d, %v, want version %d", version, err, kek.Primary())
	}
	return b
}

func checkOpens(t *testing.T, kek *KEK, p Place, b []byte, want string) {
	t.Helper()
	if got, err := kek.Open(p, b); err != nil || string(got) != want {
		t.Errorf("Open = %q, %v, want %q", got, err, want)
	}
}

func TestStoredValueOpensAtItsPlace(t *testing.T) {
	kek := loadKEK(t, newKeyFile(t))
	for _, want := range []string{"", "correct horse", string(make([]byte, 10_000))} {
		b := store(t, kek, testPlace, want)
		checkOpens(t, kek, testPlace, b, want)
		if got := len(b) - len(want); got != ValueOverhead {
			t.Errorf("%d bytes longer than the plaintext, want %d", got, ValueOverhead)
		}
	}
}

func TestStoredValuesShareNothing(t *testing.T) {
	kek := loadKEK(t, newKeyFile(t))
	a, b := store(t, kek, testPlace, "canary-secret"), store(t, kek, testPlace, "canary-secret")
	const shared = headerSize + 4 + 5 // our header, Tink's length and key id
	if bytes.Equal(a[shared:shared+12], b[shared:shared+12]) {
		t.Error("two values have one nonce")
	}
	if bytes.Contains(a, []byte("canary")) {
		t.Error("value holds its plaintext")
	}
}

func TestEveryFieldOfPlaceIsBound(t *testing.T) {
	kek := loadKEK(t, newKeyFile(t))
	b := store(t, kek, testPlace, "secret")
	for _, field := range reflect.VisibleFields(reflect.TypeOf(testPlace)) {
		for _, value := range []string{"", "x", "row-2", "password2"} {
			other := testPlace
			reflect.ValueOf(&other).Elem().FieldByIndex(field.Index).SetString(value)
			if got, err := kek.Open(other, b); !errors.Is(err, ErrIntegrity) || got != nil {
				t.Errorf("%s = %q: Open = %q, %v, want ErrIntegrity", field.Name, value, got, err)
			}
		}
		other := testPlace
		reflect.ValueOf(&other).Elem().FieldByIndex(field.Index).SetString("")
		if _, _, err := kek.Seal(other, []byte("secret")); !errors.Is(err, seal.ErrIncomplete) {
			t.Errorf("Seal without %s: err = %v, want ErrIncomplete", field.Name, err)
		}
	}
}

func TestSwappedRowsDoNotOpen(t *testing.T) {
	kek := loadKEK(t, newKeyFile(t))
	one, two := testPlace, testPlace
	one.Row, two.Row = "1", "2"
	a, b := store(t, kek, one, "password of one"), store(t, kek, two, "password of two")
	for _, tt := range []struct {
		p Place
		b []byte
	}{{one, b}, {two, a}} {
		if got, err := kek.Open(tt.p, tt.b); !errors.Is(err, ErrIntegrity) {
			t.Errorf("row %s: Open = %q, %v, want ErrIntegrity", tt.p.Row, got, err)
		}
	}
}

func TestChangedValueDoesNotOpen(t *testing.T) {
	path := newKeyFile(t)
	for range 2 {
		if _, err := Rotate(path); err != nil {
			t.Fatal(err)
		}
	}
	kek := loadKEK(t, path)
	whole := store(t, kek, testPlace, "secret")
	for i := range whole {
		for bit := range 8 {
			b := bytes.Clone(whole)
			b[i] ^= 1 << bit
			checkRefused(t, kek, b, fmt.Sprintf("byte %d bit %d changed", i, bit))
		}
		checkRefused(t, kek, whole[:i], fmt.Sprintf("cut to %d", i))
	}
	checkRefused(t, kek, append(whole, 0), "longer")
}

// checkRefused accepts a missing version only if b claims one that is missing.
func checkRefused(t *testing.T, kek *KEK, b []byte, what string) {
	t.Helper()
	got, err := kek.Open(testPlace, b)
	var missing *MissingVersionError
	if errors.As(err, &missing) {
		if version, _ := SealedVersion(b); version != missing.Version || slices.Contains(kek.Versions(), version) {
			t.Errorf("%s: missing version %d, value says %d", what, missing.Version, version)
		}
	} else if !errors.Is(err, ErrIntegrity) || got != nil {
		t.Errorf("%s: Open = %q, %v, want ErrIntegrity", what, got, err)
	}
}

// All versions exist, so only the binding can notice a changed number.
func TestVersionOfAValueIsBound(t *testing.T) {
	path := newKeyFile(t)
	if _, err := Rotate(path); err != nil {
		t.Fatal(err)
	}
	kek := loadKEK(t, path)
	b := store(t, kek, testPlace, "secret")
	b[headerSize-1] = 1
	if got, err := kek.Open(testPlace, b); !errors.Is(err, ErrIntegrity) {
		t.Errorf("Open = %q, %v, want ErrIntegrity", got, err)
	}
}

func TestValueOfAnotherHubsKeyDoesNotOpen(t *testing.T) {
	b := store(t, loadKEK(t, newKeyFile(t)), testPlace, "secret")
	if got, err := loadKEK(t, newKeyFile(t)).Open(testPlace, b); !errors.Is(err, ErrIntegrity) {
		t.Errorf("Open = %q, %v, want ErrIntegrity", got, err)
	}
}

func TestSealedVersionRefusesWhatIsNoValue(t *testing.T) {
	for _, b := range [][]byte{nil, {1}, {1, 0, 0, 0, 1}, {2, 0, 0, 0, 1, 9}, {1, 0, 0, 0, 0, 9}} {
		if v, err := SealedVersion(b); !errors.Is(err, ErrIntegrity) {
			t.Errorf("SealedVersion(%v) = %d, %v, want ErrIntegrity", b, v, err)
		}
	}
}

func TestKEKNeverPrints(t *testing.T) {
	path := newKeyFile(t)
	kek := loadKEK(t, path)
	raw := fileOf(t, path).Keyset
	sealtest.NeverPrints(t, kek, raw, raw[len(raw)/2:])
	sealtest.NeverPrints(t, *kek, raw, raw[len(raw)/2:])
}

func TestMissingVersionErrorNamesTheVersion(t *testing.T) {
	err := fmt.Errorf("x: %w", &MissingVersionError{Version: 42})
	if !strings.Contains(err.Error(), "version 42") {
		t.Errorf("text %q does not name version 42", err)
	}
}

func BenchmarkKEKSeal(b *testing.B) {
	kek, secret := loadKEK(b, newKeyFile(b)), make([]byte, 200)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := kek.Seal(testPlace, secret); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkKEKOpen(b *testing.B) {
	kek := loadKEK(b, newKeyFile(b))
	value := store(b, kek, testPlace, string(make([]byte, 200)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := kek.Open(testPlace, value); err != nil {
			b.Fatal(err)
		}
	}
}
