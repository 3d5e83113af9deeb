package checkpoint

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"testing"
	"time"
)

func TestCountersignatureIsACosignatureOfC2SP(t *testing.T) {
	key, h := testKey("device"), newLog(t, 3, 3).head(3)
	at := time.Unix(1_795_000_000, 999)
	sig, err := Countersign(h, key, at)
	if err != nil {
		t.Fatal(err)
	}
	text := "cosignature/v1\ntime 1795000000\nkeyshift/" + testHub + "\n3\n" + h.Root.String() + "\n"
	if got := string(CountersignText(h, at)); got != text {
		t.Errorf("CountersignText = %q, want %q", got, text)
	}
	want := append(binary.BigEndian.AppendUint64(nil, 1_795_000_000), ed25519.Sign(key, []byte(text))...)
	if !bytes.Equal(sig, want) {
		t.Errorf("Countersign = %x, want %x", sig, want)
	}
}

func TestCountersignatureVerifies(t *testing.T) {
	key, h := testKey("device"), newLog(t, 3, 3).head(3)
	for _, at := range []time.Time{time.Unix(0, 0), time.Unix(-5, 0), time.Unix(1_795_000_000, 0)} {
		sig, err := Countersign(h, key, at)
		if err != nil {
			t.Fatal(err)
		}
		want := time.Unix(max(at.Unix(), 0), 0)
		if got, err := VerifyCountersignature(h, publicKey(key), sig); err != nil || !got.Equal(want) {
			t.Errorf("VerifyCountersignature = %v, %v, want %v", got, err, want)
		}
	}
}

func TestVerifyCountersignatureRefuses(t *testing.T) {
	key, l := testKey("device"), newLog(t, 3, 3)
	good, err := Countersign(l.head(3), key, time.Unix(1_795_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	flipped := func(i int) []byte {
		b := bytes.Clone(good)
		b[i] ^= 0x80
		return b
	}
	for _, tt := range []struct {
		name string
		head Head
		pub  ed25519.PublicKey
		sig  []byte
		want error
	}{
		{"another head", l.head(2), publicKey(key), good, ErrCountersignature},
		{"another device", l.head(3), publicKey(testKey("thief")), good, ErrCountersignature},
		{"no key", l.head(3), nil, good, ErrKey},
		{"nothing", l.head(3), publicKey(key), nil, ErrCountersignature},
		{"no time", l.head(3), publicKey(key), good[8:], ErrCountersignature},
		{"longer", l.head(3), publicKey(key), append(bytes.Clone(good), 0), ErrCountersignature},
		{"time past int64", l.head(3), publicKey(key), flipped(0), ErrCountersignature},
		{"other time", l.head(3), publicKey(key), flipped(7), ErrCountersignature},
		{"other signature", l.head(3), publicKey(key), flipped(20), ErrCountersignature},
		{"plain signature of the text", l.head(3), publicKey(key), append(make([]byte, 8), ed25519.Sign(key, []byte(l.head(3).Text()))...), ErrCountersignature},
	} {
		if _, err := VerifyCountersignature(tt.head, tt.pub, tt.sig); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := Countersign(l.head(3), ed25519.PrivateKey{}, time.Now()); !errors.Is(err, ErrKey) {
		t.Errorf("Countersign without key: %v, want ErrKey", err)
	}
}
