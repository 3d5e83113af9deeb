package seal

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"testing"
)

var testContext = Context{
	HubID:        "hub-1",
	DeviceID:     "device-1",
	LeaseID:      "lease-1",
	AccountID:    "account-1",
	Epoch:        7,
	EndsAtMicros: 1_795_000_000_000_000,
}

func sealed(t testing.TB, keys Keys, c Context, plaintext string) []byte {
	t.Helper()
	b, err := SealToDevice(keys.SealingPublic(), c, []byte(plaintext))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSealedMessageOpensOnItsDevice(t *testing.T) {
	keys := testKeys(t, NewSeed())
	for _, want := range []string{"", "x", "correct horse battery staple", string(make([]byte, 4096))} {
		b := sealed(t, keys, testContext, want)
		if len(b) != len(want)+DeviceOverhead {
			t.Errorf("sealed length = %d, want %d", len(b), len(want)+DeviceOverhead)
		}
		got, err := keys.Open(testContext, b)
		if err != nil || string(got) != want {
			t.Errorf("Open = %q, %v, want %q", got, err, want)
		}
	}
}

func TestSealingTwiceGivesDifferentMessages(t *testing.T) {
	keys := testKeys(t, testSeed())
	a, b := sealed(t, keys, testContext, "same"), sealed(t, keys, testContext, "same")
	if bytes.Equal(a[1:], b[1:]) {
		t.Error("two messages are equal")
	}
}

// The loop asks reflect for the fields, so that a field added later and
// forgotten in info fails here.
func TestEveryFieldOfContextIsBound(t *testing.T) {
	keys := testKeys(t, testSeed())
	b := sealed(t, keys, testContext, "secret")
	for _, field := range reflect.VisibleFields(reflect.TypeOf(testContext)) {
		t.Run(field.Name, func(t *testing.T) {
			for i, other := range changedContexts(t, field.Index) {
				if got, err := keys.Open(other, b); !errors.Is(err, ErrSealBroken) || got != nil {
					t.Errorf("change %d: Open = %q, %v, want ErrSealBroken", i, got, err)
				}
			}
		})
	}
}

func changedContexts(t *testing.T, index []int) []Context {
	t.Helper()
	var changed []Context
	for i := range 3 {
		c := testContext
		switch f := reflect.ValueOf(&c).Elem().FieldByIndex(index); f.Kind() {
		case reflect.String:
			f.SetString([]string{"", f.String() + "x", f.String()[1:]}[i])
		case reflect.Uint8:
			f.SetUint(f.Uint() + uint64(i) + 1)
		case reflect.Uint64:
			f.SetUint([]uint64{0, f.Uint() + 1, f.Uint() | 1<<63}[i])
		case reflect.Int64:
			f.SetInt([]int64{0, f.Int() + 1, -f.Int()}[i])
		default:
			t.Fatalf("no change known for a %s", f.Kind())
		}
		changed = append(changed, c)
	}
	return changed
}

func TestContextEncodingIsUnambiguous(t *testing.T) {
	shifted := func(a, b string) Context {
		c := testContext
		c.LeaseID, c.AccountID = a, b
		return c
	}
	keys := testKeys(t, testSeed())
	b := sealed(t, keys, shifted("ab", "c"), "secret")
	if _, err := keys.Open(shifted("a", "bc"), b); !errors.Is(err, ErrSealBroken) {
		t.Errorf("err = %v, want ErrSealBroken", err)
	}
	if bytes.Equal(Bind("x", "a", "b"), Bind("x", "ab")) || bytes.Equal(Bind("x"), Bind("x", "")) {
		t.Error("two lists have one encoding")
	}
}

func TestMessageForAnotherDeviceDoesNotOpen(t *testing.T) {
	b := sealed(t, testKeys(t, NewSeed()), testContext, "secret")
	if _, err := testKeys(t, NewSeed()).Open(testContext, b); !errors.Is(err, ErrSealBroken) {
		t.Errorf("err = %v, want ErrSealBroken", err)
	}
}

func TestChangedMessageDoesNotOpen(t *testing.T) {
	keys := testKeys(t, testSeed())
	whole := sealed(t, keys, testContext, "secret")
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 1 << (i % 8)
		if got, err := keys.Open(testContext, b); !errors.Is(err, ErrSealBroken) || got != nil {
			t.Errorf("byte %d changed: Open = %q, %v, want ErrSealBroken", i, got, err)
		}
	}
	for _, n := range []int{0, 1, 2, 1120, 1121, DeviceOverhead, len(whole) - 1} {
		if _, err := keys.Open(testContext, whole[:n]); !errors.Is(err, ErrSealBroken) {
			t.Errorf("cut to %d bytes: err = %v, want ErrSealBroken", n, err)
		}
	}
	if _, err := keys.Open(testContext, append(whole, 0)); !errors.Is(err, ErrSealBroken) {
		t.Errorf("one byte more: err = %v, want ErrSealBroken", err)
	}
}

func TestSealToDeviceRefuses(t *testing.T) {
	public := testKeys(t, testSeed()).SealingPublic()
	without := func(change func(*Context)) Context {
		c := testContext
		change(&c)
		return c
	}
	for _, tt := range []struct {
		name   string
		public []byte
		c      Context
		want   error
	}{
		{"no key", nil, testContext, ErrBadKey},
		{"short key", public[:32], testContext, ErrBadKey},
		{"no hub", public, without(func(c *Context) { c.HubID = "" }), ErrIncomplete},
		{"no device", public, without(func(c *Context) { c.DeviceID = "" }), ErrIncomplete},
		{"no lease", public, without(func(c *Context) { c.LeaseID = "" }), ErrIncomplete},
		{"no account", public, without(func(c *Context) { c.AccountID = "" }), ErrIncomplete},
	} {
		if b, err := SealToDevice(tt.public, tt.c, []byte("secret")); !errors.Is(err, tt.want) || b != nil {
			t.Errorf("%s: err = %v, want %v", tt.name, err, tt.want)
		}
	}
	if b, err := (DeviceKey{}).Seal(testContext, []byte("secret")); !errors.Is(err, ErrBadKey) || b != nil {
		t.Errorf("zero key: err = %v, want ErrBadKey", err)
	}
}

func BenchmarkDeriveKeys(b *testing.B) {
	for b.Loop() {
		testKeys(b, testSeed())
	}
}

func BenchmarkSealToDevice(b *testing.B) {
	public, secret := testKeys(b, testSeed()).SealingPublic(), make([]byte, 200)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := SealToDevice(public, testContext, secret); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenOnDevice(b *testing.B) {
	keys := testKeys(b, testSeed())
	message := sealed(b, keys, testContext, fmt.Sprintf("%200s", "x"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.Open(testContext, message); err != nil {
			b.Fatal(err)
		}
	}
}
