package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"testing"
)

func TestSealWithKeyOpens(t *testing.T) {
	key := NewKey()
	for _, tt := range []struct{ label, want string }{
		{"", ""},
		{"lease-1", "correct horse"},
		{"", string(make([]byte, 5000))},
	} {
		b, err := SealWithKey(key, tt.label, []byte(tt.want))
		if err != nil || len(b) != len(tt.want)+AtRestOverhead {
			t.Fatalf("SealWithKey: %d bytes, %v, want %d", len(b), err, len(tt.want)+AtRestOverhead)
		}
		got, err := OpenWithKey(key, tt.label, b)
		if err != nil || string(got) != tt.want {
			t.Errorf("OpenWithKey = %q, %v, want %q", got, err, tt.want)
		}
	}
}

func TestLargestPlaintextFitsAWindowsKeyringItem(t *testing.T) {
	const windowsLimit = 2560
	b, err := SealWithKey(NewKey(), "lease-1", make([]byte, 1891))
	if err != nil {
		t.Fatal(err)
	}
	if got := base64.StdEncoding.EncodedLen(len(b)); got > windowsLimit {
		t.Errorf("1,891 bytes need %d, limit is %d", got, windowsLimit)
	}
}

func TestOpenWithKeyRefuses(t *testing.T) {
	key, other := NewKey(), NewKey()
	whole, err := SealWithKey(key, "lease-1", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := SealWithKey(key, "lease-1", []byte("secret"))
	if err != nil || bytes.Equal(whole, again) {
		t.Fatalf("sealing twice: same bytes or %v", err)
	}
	type attempt struct {
		name, label string
		key         [KeySize]byte
		b           []byte
	}
	attempts := []attempt{
		{"other key", "lease-1", other, whole},
		{"zero key", "lease-1", [KeySize]byte{}, whole},
		{"other label", "lease-2", key, whole},
		{"no label", "", key, whole},
		{"longer", "lease-1", key, append(bytes.Clone(whole), 0)},
	}
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 0x80
		attempts = append(attempts, attempt{"changed byte", "lease-1", key, b}, attempt{"cut", "lease-1", key, whole[:i]})
	}
	for _, tt := range attempts {
		if got, err := OpenWithKey(tt.key, tt.label, tt.b); !errors.Is(err, ErrSealBroken) || got != nil {
			t.Errorf("%s: OpenWithKey = %q, %v, want ErrSealBroken", tt.name, got, err)
		}
	}
}

func BenchmarkSealWithKey(b *testing.B) {
	key, secret := NewKey(), make([]byte, 200)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := SealWithKey(key, "lease-1", secret); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenWithKey(b *testing.B) {
	key := NewKey()
	message, err := SealWithKey(key, "lease-1", make([]byte, 200))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := OpenWithKey(key, "lease-1", message); err != nil {
			b.Fatal(err)
		}
	}
}
