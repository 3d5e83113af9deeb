package osring_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/osring"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

// backend is a keyring made of functions; nil ones must not be called.
type backend struct {
	get    func() (string, error)
	set    func(text string) error
	delete func() error
}

func (b backend) Get(_, _ string) (string, error) { return b.get() }
func (b backend) Set(_, _, text string) error     { return b.set(text) }
func (b backend) Delete(_, _ string) error        { return b.delete() }

func TestAnItemComesBackAsItWasStored(t *testing.T) {
	tests := map[string][]byte{
		"one byte": {0},
		"binary":   {0xff, 0, 0xfe, '\n', 0},
		"text":     []byte("sealed"),
		"largest":  bytes.Repeat([]byte{0xa5}, osring.MaxSize),
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			ring := osringtest.NewFake()
			check(t, ring.Set(t.Context(), "lease/01", want))
			got, err := ring.Get(t.Context(), "lease/01")
			check(t, err)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Get (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheLargestItemFitsEveryOS(t *testing.T) {
	text := base64.StdEncoding.EncodeToString(make([]byte, osring.MaxSize))
	if len(text) != osring.MaxText {
		t.Errorf("text of the largest value = %d bytes, want %d as on Windows", len(text), osring.MaxText)
	}
	// What go-keyring writes to security -i, and its limit on that.
	line := "add-generic-password -U -s '" + osring.DefaultService + "' -a '" + strings.Repeat("k", osring.MaxKey) +
		"' -w 'go-keyring-base64:" + base64.StdEncoding.EncodeToString([]byte(text)) + "'\n"
	if len(line) > 4096 {
		t.Errorf("command line on macOS = %d bytes, want at most 4096", len(line))
	}
}

func TestWhatOneOSRefusesIsRefusedOnAll(t *testing.T) {
	ok := []byte("x")
	tests := []struct {
		name  string
		key   string
		value []byte
		want  error
	}{
		{"value over the limit", "k", make([]byte, osring.MaxSize+1), osring.ErrTooBig},
		{"no value", "k", nil, osring.ErrInvalid},
		{"no key", "", ok, osring.ErrInvalid},
		{"key over the limit", strings.Repeat("k", osring.MaxKey+1), ok, osring.ErrInvalid},
		{"NUL in the key", "a\x00b", ok, osring.ErrInvalid},
		{"line break in the key", "a\nb", ok, osring.ErrInvalid},
		{"quote in the key", "a'b", ok, osring.ErrInvalid},
		{"space in the key", "a b", ok, osring.ErrInvalid},
		{"not ASCII", "lé", ok, osring.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ring := osring.NewWith("", backend{})
			if err := ring.Set(t.Context(), tt.key, tt.value); !errors.Is(err, tt.want) {
				t.Errorf("Set = %v, want %v", err, tt.want)
			}
			if tt.value == nil || tt.want == osring.ErrTooBig {
				return
			}
			if _, err := ring.Get(t.Context(), tt.key); !errors.Is(err, tt.want) {
				t.Errorf("Get = %v, want %v", err, tt.want)
			}
			if err := ring.Delete(t.Context(), tt.key); !errors.Is(err, tt.want) {
				t.Errorf("Delete = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestGetRefusesWhatWeDidNotWrite(t *testing.T) {
	for _, text := range []string{"", "not base64!", "QQ", "QR=="} {
		ring := osringtest.NewFake()
		ring.Plant("k", text)
		value, err := ring.Get(t.Context(), "k")
		if value != nil || !errors.Is(err, osring.ErrCorrupt) {
			t.Errorf("Get of %q = %q, %v, want ErrCorrupt", text, value, err)
		}
		if err != nil && text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("error %q shows the text of the item", err)
		}
	}
}

func TestEveryOperationTellsWhyTheKeyringFails(t *testing.T) {
	for _, want := range []error{osring.ErrLocked, osring.ErrUnavailable, osring.ErrTimeout} {
		ring := osringtest.NewFake()
		ring.FailWith(want)
		_, err := ring.Get(t.Context(), "k")
		for name, err := range map[string]error{
			"Get":    err,
			"Set":    ring.Set(t.Context(), "k", []byte("x")),
			"Delete": ring.Delete(t.Context(), "k"),
			"Probe":  ring.Probe(t.Context()),
		} {
			if !errors.Is(err, want) {
				t.Errorf("%s = %v, want %v", name, err, want)
			}
		}
	}
}

func TestErrorsNameTheItemAndNotTheValue(t *testing.T) {
	ring := osringtest.NewFake()
	ring.LieOnSet(true)
	ring.Plant("lease-1", "cGxhbnRlZA==")
	err := ring.Set(t.Context(), "lease-1", []byte("canary"))
	want := `store keyring item "lease-1": keyring does not hold the value after storing it: another value is there`
	if err == nil || err.Error() != want {
		t.Errorf("Set = %v, want %s", err, want)
	}
}

func TestSetBelievesOnlyWhatItReadsBack(t *testing.T) {
	tests := map[string]func(*osringtest.Fake){
		"nothing stored, nothing there": func(f *osringtest.Fake) { f.LieOnSet(true) },
		"nothing stored, old value there": func(f *osringtest.Fake) {
			check(t, f.Set(t.Context(), "k", []byte("old")))
			f.LieOnSet(true)
		},
		"a planted item in front": func(f *osringtest.Fake) { f.Plant("k", "cGxhbnRlZA==") },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			ring := osringtest.NewFake()
			spoil(ring)
			if err := ring.Set(t.Context(), "k", []byte("new")); !errors.Is(err, osring.ErrNotStored) {
				t.Errorf("Set = %v, want ErrNotStored", err)
			}
		})
	}
}

func TestDeleteEndsOnlyAtNoSuchItem(t *testing.T) {
	ok := func() error { return nil }
	fail := func(err error) func() error { return func() error { return err } }
	left := func(err error) func() (string, error) { return func() (string, error) { return "", err } }
	count := 0
	endless := func() (string, error) { count++; return strings.Repeat("x", count), nil }
	tests := []struct {
		name string
		b    backend
		want error
	}{
		{"none there", backend{delete: fail(osring.ErrNotFound), get: left(osring.ErrNotFound)}, nil},
		{"deleted", backend{delete: ok, get: left(osring.ErrNotFound)}, nil},
		{"still there", backend{delete: ok, get: left(nil)}, osring.ErrNotDeleted},
		{"not found by the delete, found by the read", backend{delete: fail(osring.ErrNotFound), get: left(nil)}, osring.ErrNotDeleted},
		{"locked before the delete", backend{delete: fail(osring.ErrLocked)}, osring.ErrLocked},
		{"locked before the read", backend{delete: ok, get: left(osring.ErrLocked)}, osring.ErrLocked},
		{"gone before the read", backend{delete: ok, get: left(osring.ErrUnavailable)}, osring.ErrUnavailable},
		{"always one more", backend{delete: ok, get: endless}, osring.ErrNotDeleted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := osring.NewWith("", tt.b).Delete(t.Context(), "k"); !errors.Is(err, tt.want) {
				t.Errorf("Delete = %v, want %v", err, tt.want)
			}
		})
	}
	if count != 8 {
		t.Errorf("rounds against endless items = %d, want 8", count)
	}
}

func TestAPersonWhoDismissesIsAskedTwiceAndNotMore(t *testing.T) {
	asked := 0
	ring := osring.NewWith("", backend{
		delete: func() error { asked++; return nil },
		get:    func() (string, error) { return "YQ==", nil },
	})
	if err := ring.Delete(t.Context(), "k"); !errors.Is(err, osring.ErrNotDeleted) {
		t.Errorf("Delete = %v, want ErrNotDeleted", err)
	}
	if asked != 2 {
		t.Errorf("asked %d times, want 2", asked)
	}
}

func TestDeleteRemovesPlantedItemsToo(t *testing.T) {
	ring := osringtest.NewFake()
	check(t, ring.Set(t.Context(), "k", []byte("ours")))
	for _, text := range []string{"b25l", "dHdv", "not ours"} {
		ring.Plant("k", text)
	}
	check(t, ring.Delete(t.Context(), "k"))
	if diff := cmp.Diff([]string(nil), ring.Keys()); diff != "" {
		t.Errorf("keys left (-want +got):\n%s", diff)
	}
}

func TestAProviderThatLiesAboutADeleteIsFoundOutAndLaterObeys(t *testing.T) {
	ring := osringtest.NewFake()
	check(t, ring.Set(t.Context(), "k", []byte("ours")))
	ring.LieOnDelete(true)
	if err := ring.Delete(t.Context(), "k"); !errors.Is(err, osring.ErrNotDeleted) {
		t.Errorf("Delete = %v, want ErrNotDeleted", err)
	}
	ring.LieOnDelete(false)
	check(t, ring.Delete(t.Context(), "k"))
	if _, err := ring.Get(t.Context(), "k"); !errors.Is(err, osring.ErrNotFound) {
		t.Errorf("Get = %v, want ErrNotFound", err)
	}
}

func TestProbeLeavesNothingBehind(t *testing.T) {
	ring := osringtest.NewFake()
	check(t, ring.Probe(t.Context()))
	ring.LieOnSet(true)
	if err := ring.Probe(t.Context()); !errors.Is(err, osring.ErrNotStored) {
		t.Errorf("Probe = %v, want ErrNotStored", err)
	}
	ring.LieOnSet(false)
	ring.LieOnDelete(true)
	if err := ring.Probe(t.Context()); !errors.Is(err, osring.ErrNotDeleted) {
		t.Errorf("Probe = %v, want ErrNotDeleted", err)
	}
	if got := len(ring.Keys()); got != 1 {
		t.Errorf("items after a probe that could not delete = %d, want 1", got)
	}
}

func TestACallerWhoIsGoneStartsNoCall(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := osring.NewWith("", backend{}).Set(ctx, "k", []byte("x"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Set = %v, want context.Canceled", err)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
