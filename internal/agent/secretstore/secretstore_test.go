package secretstore_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/keyshift-hq/keyshift/internal/agent/secretstore"
	"github.com/keyshift-hq/keyshift/internal/osring"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const request = "0123456789abcdef0123456789abcdef"

var (
	owner  = secretstore.Owner{HubID: "hub", DeviceID: "device", LeaseID: "lease", AccountID: "account"}
	secret = []byte(`{"login":"acme","password":"correct horse battery staple"}`)
)

// files is a folder in memory.
type files map[string][]byte

func (f files) Read(name string) ([]byte, error) {
	data, ok := f[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return bytes.Clone(data), nil
}

func (f files) Write(name string, data []byte) error {
	f[name] = bytes.Clone(data)
	return nil
}

func (f files) Begin(name string, data []byte) (settle func() error, err error) {
	return func() error { return nil }, f.Write(name, data)
}

func (f files) Remove(name string) error {
	delete(f, name)
	return nil
}

func (f files) Names() (names []string, err error) {
	for name := range f {
		names = append(names, name)
	}
	return names, nil
}

func TestKeepOpenDrop(t *testing.T) {
	disk, ring := files{}, osringtest.NewFake()
	s := secretstore.New(disk, ring)
	if err := s.Keep(t.Context(), request, owner, secret); err != nil {
		t.Fatal(err)
	}
	got, err := secretstore.New(disk, ring).Open(t.Context(), request, owner)
	if err != nil || !bytes.Equal(got, secret) {
		t.Errorf("got %q, %v, want the secret", got, err)
	}
	for place, data := range map[string][]byte{"file": disk[request+".key"], "keyring": []byte(ring.Texts("lease:" + request)[0])} {
		if bytes.Contains(data, []byte("horse")) {
			t.Errorf("the %s alone shows the secret", place)
		}
	}
	if err := s.DropKey(request); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), request, owner); !errors.Is(err, secretstore.ErrBroken) || s.HasKey(request) {
		t.Errorf("without its key: got %v, want ErrBroken", err)
	}
	for range 2 { // to repeat is harmless
		if err := errors.Join(s.DropKey(request), s.DropItem(t.Context(), request)); err != nil {
			t.Error(err)
		}
	}
	if len(disk) != 0 || len(ring.Keys()) != 0 {
		t.Errorf("left: %v, %v", disk, ring.Keys())
	}
}

func TestOpenOnlyWhatWasKept(t *testing.T) {
	for _, tt := range []struct {
		name   string
		meddle func(files, *osringtest.Fake)
		owner  secretstore.Owner
		want   error
	}{
		{"another lease", nil, secretstore.Owner{HubID: "hub", DeviceID: "device", LeaseID: "other", AccountID: "account"}, secretstore.ErrBroken},
		{"another device", nil, secretstore.Owner{HubID: "hub", DeviceID: "other", LeaseID: "lease", AccountID: "account"}, secretstore.ErrBroken},
		{"another key", func(f files, _ *osringtest.Fake) { f[request+".key"] = make([]byte, 32) }, owner, secretstore.ErrBroken},
		{"half a key", func(f files, _ *osringtest.Fake) { f[request+".key"] = make([]byte, 16) }, owner, secretstore.ErrBroken},
		{"no key", func(f files, _ *osringtest.Fake) { delete(f, request+".key") }, owner, secretstore.ErrBroken},
		{"no item", func(_ files, r *osringtest.Fake) { _ = r.Delete(context.Background(), "lease:"+request) }, owner, secretstore.ErrBroken},
		{"a planted item", func(_ files, r *osringtest.Fake) {
			r.Plant("lease:"+request, base64.StdEncoding.EncodeToString(secret))
		}, owner, secretstore.ErrBroken},
		{"a planted text", func(_ files, r *osringtest.Fake) { r.Plant("lease:"+request, "hello") }, owner, secretstore.ErrBroken},
		{"a locked keyring", func(_ files, r *osringtest.Fake) { r.FailWith(osring.ErrLocked) }, owner, osring.ErrLocked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			disk, ring := files{}, osringtest.NewFake()
			s := secretstore.New(disk, ring)
			if err := s.Keep(t.Context(), request, owner, secret); err != nil {
				t.Fatal(err)
			}
			if tt.meddle != nil {
				tt.meddle(disk, ring)
			}
			got, err := s.Open(t.Context(), request, tt.owner)
			if !errors.Is(err, tt.want) || got != nil {
				t.Errorf("got %q, %v, want %v", got, err, tt.want)
			}
			if tt.want != secretstore.ErrBroken && errors.Is(err, secretstore.ErrBroken) {
				t.Error("a keyring that is locked says nothing about the copy")
			}
		})
	}
}

func TestKeepThatFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		meddle func(*osringtest.Fake)
		want   error
		sure   bool
	}{
		{"locked", func(r *osringtest.Fake) { r.FailWith(osring.ErrLocked) }, osring.ErrLocked, true},
		{"gone", func(r *osringtest.Fake) { r.FailWith(osring.ErrUnavailable) }, osring.ErrUnavailable, false},
		{"a keyring that keeps nothing", func(r *osringtest.Fake) { r.LieOnSet(true) }, osring.ErrNotStored, false},
		{"a planted item in front", func(r *osringtest.Fake) { r.Plant("lease:"+request, "hello") }, osring.ErrNotStored, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ring := osringtest.NewFake()
			tt.meddle(ring)
			err := secretstore.New(files{}, ring).Keep(t.Context(), request, owner, secret)
			if !errors.Is(err, tt.want) || errors.Is(err, secretstore.ErrNothingStored) != tt.sure {
				t.Errorf("got %v, want %v and sure that nothing is stored: %v", err, tt.want, tt.sure)
			}
		})
	}
}

// fullDisk takes what it has, and nothing more.
type fullDisk struct{ files }

func (fullDisk) Write(string, []byte) error { return errors.New("no space") }

func (fullDisk) Begin(string, []byte) (settle func() error, err error) {
	return nil, errors.New("no space")
}

func TestAKeyThatWasMadeReadyIsUsedOnce(t *testing.T) {
	disk, ring := files{}, osringtest.NewFake()
	s := secretstore.New(disk, ring)
	if err := s.Ready(request); err != nil {
		t.Fatal(err)
	}
	ready := bytes.Clone(disk[request+".key"])
	for i, same := range []bool{true, false} { // a key is for one secret
		if err := s.Keep(t.Context(), request, owner, secret); err != nil {
			t.Fatal(err)
		}
		if got := bytes.Equal(disk[request+".key"], ready); got != same {
			t.Errorf("kept %d times: under the key that was ready is %v, want %v", i+1, got, same)
		}
	}
	got, err := secretstore.New(disk, ring).Open(t.Context(), request, owner)
	if err != nil || !bytes.Equal(got, secret) {
		t.Errorf("got %q, %v, want the secret", got, err)
	}
}

func TestAKeyThatIsNotReadyIsWrittenLater(t *testing.T) {
	t.Run("no room", func(t *testing.T) {
		disk := files{}
		if err := secretstore.New(fullDisk{disk}, osringtest.NewFake()).Ready(request); err == nil || len(disk) != 0 {
			t.Errorf("got %v and %v, want an error", err, disk)
		}
	})
	t.Run("dropped", func(t *testing.T) {
		disk := files{}
		s := secretstore.New(disk, osringtest.NewFake())
		if err := errors.Join(s.Ready(request), s.DropKey(request)); err != nil || len(disk) != 0 {
			t.Fatalf("got %v, left %v", err, disk)
		}
		if err := s.Keep(t.Context(), request, owner, secret); err != nil || !s.HasKey(request) {
			t.Errorf("got %v, key on the disk: %v", err, s.HasKey(request))
		}
	})
}

func TestMemoryNeverLeavesTheProcess(t *testing.T) {
	disk, ring := files{}, osringtest.NewFake()
	s := secretstore.New(disk, ring)
	given := bytes.Clone(secret)
	s.KeepInMemory(request, given)
	clear(given)
	got, err := s.Open(t.Context(), request, owner)
	if err != nil || !bytes.Equal(got, secret) {
		t.Errorf("got %q, %v, want the secret", got, err)
	}
	clear(got) // a caller wipes its copy
	if again, _ := s.Open(t.Context(), request, owner); !bytes.Equal(again, secret) {
		t.Error("wiping a copy wiped the original")
	}
	if len(disk) != 0 || len(ring.Keys()) != 0 {
		t.Errorf("left the process: %v, %v", disk, ring.Keys())
	}
	if err := s.DropKey(request); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), request, owner); !errors.Is(err, secretstore.ErrBroken) {
		t.Errorf("after DropKey: got %v, want ErrBroken", err)
	}
}

func TestLeftovers(t *testing.T) {
	s := secretstore.New(files{"a.key": nil, "b.json": nil, "c.key": nil}, osringtest.NewFake())
	got, err := s.Leftovers()
	slices.Sort(got)
	if err != nil || !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("got %q, %v, want a and c", got, err)
	}
}

// careless is a folder that says it wrote, and keeps something else.
type careless struct{ files }

func (c careless) Write(name string, data []byte) error {
	return c.files.Write(name, bytes.Repeat([]byte{1}, len(data)))
}

func (c careless) Begin(name string, data []byte) (settle func() error, err error) {
	return func() error { return nil }, c.Write(name, data)
}

// refusing is a disk that does not take what was begun, and takes it when it is written once more.
type refusing struct{ files }

func (r refusing) Begin(name string, _ []byte) (settle func() error, err error) {
	return func() error { return errors.New("it does not work") }, nil
}

func TestAKeyThatTheDiskDidNotTakeIsWrittenOnceMore(t *testing.T) {
	disk := files{}
	s := secretstore.New(refusing{disk}, osringtest.NewFake())
	if err := errors.Join(s.Ready(request), s.Keep(t.Context(), request, owner, secret)); err != nil || len(disk) != 1 {
		t.Errorf("got %v, left %v", err, disk)
	}
}

func TestWhatDoesNotOpenIsNotKept(t *testing.T) {
	s := secretstore.New(careless{files{}}, osringtest.NewFake())
	if err := s.Keep(t.Context(), request, owner, secret); !errors.Is(err, secretstore.ErrBroken) {
		t.Errorf("got %v, want ErrBroken", err)
	}
}
