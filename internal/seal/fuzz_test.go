package seal

import (
	"bytes"
	"errors"
	"os"
	"testing"
)

// sealedLease is a message that SealToDevice made for the device of testSeed under testContext, and its plaintext. It is
// kept in a file because no two seals are equal, and the processes of a fuzz run have to agree.
func sealedLease(t testing.TB) (message []byte, plaintext string) {
	t.Helper()
	message, err := os.ReadFile("testdata/sealed-lease")
	if err != nil {
		t.Fatal(err)
	}
	return message, `{"login":"acme","password":"correct horse"}`
}

func TestAKeptMessageStillOpens(t *testing.T) {
	message, want := sealedLease(t)
	if got, err := testKeys(t, testSeed()).Open(testContext, message); err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// FuzzOpenLease looks for a message or a context, other than those that were sealed, that open.
func FuzzOpenLease(f *testing.F) {
	message, want := sealedLease(f)
	keys := testKeys(f, testSeed())
	c := testContext
	f.Add(message, byte(c.Purpose), c.HubID, c.DeviceID, c.LeaseID, c.AccountID, c.Epoch, c.EndsAtMicros)
	f.Add(message[:DeviceOverhead], byte(c.Purpose), c.HubID, c.DeviceID, c.LeaseID, c.AccountID, c.Epoch, c.EndsAtMicros)
	f.Add(append(bytes.Clone(message), 0), byte(c.Purpose), c.HubID, c.DeviceID, c.LeaseID, c.AccountID, c.Epoch, c.EndsAtMicros)
	f.Add(message, byte(PurposeCode), c.HubID, c.DeviceID, c.LeaseID+c.AccountID, "", c.Epoch, c.EndsAtMicros)
	f.Add([]byte{suiteHybrid}, byte(0), "", "", "", "", uint64(0), int64(0))
	f.Fuzz(func(t *testing.T, sealed []byte, purpose byte, hub, device, lease, account string, epoch uint64, end int64) {
		asked := Context{Purpose(purpose), hub, device, lease, account, epoch, end}
		got, err := keys.Open(asked, sealed)
		if asked == testContext && bytes.Equal(sealed, message) {
			if err != nil || string(got) != want {
				t.Fatalf("the sealed lease gives %q, %v", got, err)
			}
			return
		}
		if !errors.Is(err, ErrSealBroken) || got != nil {
			t.Fatalf("opened something else: %d bytes, %v", len(got), err)
		}
	})
}

// FuzzSealLease looks for a plaintext or a context that does not come back, or comes back to somebody else.
func FuzzSealLease(f *testing.F) {
	keys, others := testKeys(f, testSeed()), testKeys(f, bytes.Repeat([]byte{9}, SeedSize))
	f.Add([]byte("secret"), "hub-1", "lease-1", uint64(7), int64(1_795_000_000_000_000), 3)
	f.Add([]byte{}, "h", "l", uint64(0), int64(-1), 0)
	f.Add(bytes.Repeat([]byte{0}, 1500), "", "l", uint64(1)<<63, int64(0), 2000)
	f.Fuzz(func(t *testing.T, plaintext []byte, hub, lease string, epoch uint64, end int64, at int) {
		c := Context{HubID: hub, DeviceID: "device-1", LeaseID: lease, AccountID: "account-1", Epoch: epoch, EndsAtMicros: end}
		sealed, err := SealToDevice(keys.SealingPublic(), c, plaintext)
		if incomplete := hub == "" || lease == ""; incomplete || err != nil {
			if !incomplete || !errors.Is(err, ErrIncomplete) {
				t.Fatalf("SealToDevice: %v", err)
			}
			return
		}
		if got, err := keys.Open(c, sealed); err != nil || !bytes.Equal(got, plaintext) || len(sealed) != len(plaintext)+DeviceOverhead {
			t.Fatalf("Open = %q, %v from %d bytes", got, err, len(sealed))
		}
		if _, err := others.Open(c, sealed); !errors.Is(err, ErrSealBroken) {
			t.Fatalf("another device: %v", err)
		}
		sealed[uint(at)%uint(len(sealed))] ^= 1 << (uint(at) % 8)
		if _, err := keys.Open(c, sealed); !errors.Is(err, ErrSealBroken) {
			t.Fatalf("one bit changed: %v", err)
		}
	})
}

// FuzzOpenWithKey looks for a ciphertext of the keyring that opens under another label, or is not what was sealed.
func FuzzOpenWithKey(f *testing.F) {
	var key [KeySize]byte
	copy(key[:], testSeed())
	f.Add("keyshift lease v1|h|d|l|a", []byte("secret"), []byte{})
	f.Add("", []byte{}, bytes.Repeat([]byte{atRestVersion}, AtRestOverhead))
	f.Fuzz(func(t *testing.T, label string, plaintext, stray []byte) {
		sealed, err := SealWithKey(key, label, plaintext)
		if err != nil || len(sealed) != len(plaintext)+AtRestOverhead {
			t.Fatalf("SealWithKey: %d bytes, %v", len(sealed), err)
		}
		if got, err := OpenWithKey(key, label, sealed); err != nil || !bytes.Equal(got, plaintext) {
			t.Fatalf("OpenWithKey = %q, %v", got, err)
		}
		for name, altered := range map[string][]byte{"stray bytes": stray, "longer": append(bytes.Clone(sealed), stray...), "shorter": sealed[:len(sealed)-1]} {
			if bytes.Equal(altered, sealed) {
				continue
			}
			if got, err := OpenWithKey(key, label, altered); !errors.Is(err, ErrSealBroken) || got != nil {
				t.Fatalf("%s: %q, %v", name, got, err)
			}
		}
		if _, err := OpenWithKey(key, label+"x", sealed); !errors.Is(err, ErrSealBroken) {
			t.Fatalf("another label: %v", err)
		}
	})
}
