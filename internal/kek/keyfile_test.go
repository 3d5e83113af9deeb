package kek

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func fileOf(t *testing.T, path string) fileForm {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var form fileForm
	if err := json.Unmarshal(data, &form); err != nil {
		t.Fatal(err)
	}
	return form
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestRotationStory(t *testing.T) {
	path := newKeyFile(t)
	first := loadKEK(t, path)
	old := store(t, first, testPlace, "secret")

	if version, err := Rotate(path); err != nil || version != 2 {
		t.Fatalf("Rotate = %d, %v, want 2", version, err)
	}
	second := loadKEK(t, path)
	if diff := cmp.Diff([]uint32{1, 2}, second.Versions()); diff != "" || second.Primary() != 2 {
		t.Fatalf("primary %d, versions (-want +got):\n%s", second.Primary(), diff)
	}
	checkOpens(t, second, testPlace, old, "secret")

	rewrapped, version, err := second.Rewrap(testPlace, old)
	if err != nil || version != 2 {
		t.Fatalf("Rewrap: version %d, %v, want 2", version, err)
	}
	checkOpens(t, second, testPlace, rewrapped, "secret")
	checkMissing(t, first, rewrapped, 2)

	dropped, err := DropOldVersions(path)
	if diff := cmp.Diff([]uint32{1}, dropped); diff != "" || err != nil {
		t.Fatalf("DropOldVersions: %v (-want +got):\n%s", err, diff)
	}
	third := loadKEK(t, path)
	checkOpens(t, third, testPlace, rewrapped, "secret")
	checkMissing(t, third, old, 1)
	if _, _, err := third.Rewrap(testPlace, old); err == nil {
		t.Error("Rewrap of a value with a dropped version succeeded")
	}

	if version, err := Rotate(path); err != nil || version != 3 {
		t.Errorf("Rotate after drop = %d, %v, want 3: numbers are never used twice", version, err)
	}
	if diff := cmp.Diff([]uint32{2, 3}, loadKEK(t, path).Versions()); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

func checkMissing(t *testing.T, kek *KEK, b []byte, want uint32) {
	t.Helper()
	var missing *MissingVersionError
	if _, err := kek.Open(testPlace, b); !errors.As(err, &missing) || missing.Version != want {
		t.Errorf("Open: err = %v, want missing version %d", err, want)
	}
}

func TestDropOldVersionsOfASingleVersionKeepsIt(t *testing.T) {
	path := newKeyFile(t)
	b := store(t, loadKEK(t, path), testPlace, "secret")
	if dropped, err := DropOldVersions(path); err != nil || len(dropped) != 0 {
		t.Fatalf("DropOldVersions = %v, %v, want none", dropped, err)
	}
	checkOpens(t, loadKEK(t, path), testPlace, b, "secret")
}

func TestCreateNeverTouchesAnExistingFile(t *testing.T) {
	path := newKeyFile(t)
	before := readFile(t, path)
	if err := Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("err = %v, want fs.ErrExist", err)
	}
	if readFile(t, path) != before {
		t.Error("existing key file was changed")
	}
}

func TestTwoKeyFilesDiffer(t *testing.T) {
	a, b := fileOf(t, newKeyFile(t)), fileOf(t, newKeyFile(t))
	if string(a.Keyset) == string(b.Keyset) {
		t.Error("two key files hold one key")
	}
}

func TestLoadRefusesAFileInsideTheDataDirectory(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	inside := filepath.Join(data, "keys", "kek.json")
	if err := Create(inside); err != nil {
		t.Fatal(err)
	}
	links := t.TempDir()
	link(t, inside, filepath.Join(links, "file"))
	link(t, filepath.Dir(inside), filepath.Join(links, "dir"))
	link(t, data, filepath.Join(links, "data"))
	outside := newKeyFile(t)
	link(t, outside, filepath.Join(data, "pointer"))
	for _, tt := range []struct {
		name, path, data string
		want             error
	}{
		{"plain", inside, data, ErrKeyInsideData},
		{"directory of the file", inside, filepath.Dir(inside), ErrKeyInsideData},
		{"dots in the path", filepath.Join(data, "keys") + "/../keys/kek.json", data, ErrKeyInsideData},
		{"through a link to the file", filepath.Join(links, "file"), data, ErrKeyInsideData},
		{"through a link to the directory", filepath.Join(links, "dir", "kek.json"), data, ErrKeyInsideData},
		{"data directory is a link", inside, filepath.Join(links, "data"), ErrKeyInsideData},
		{"outside", outside, data, nil},
		{"link in the data directory to outside", filepath.Join(data, "pointer"), data, nil},
		{"data directory not made yet", outside, filepath.Join(data, "none"), nil},
		{"no data directory", inside, "", nil},
		{"name is a prefix only", outside, filepath.Dir(outside) + "x", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Load(tt.path, tt.data); !errors.Is(err, tt.want) {
				t.Errorf("err = %v, want %v", err, tt.want)
			}
		})
	}
	_, err := Load(inside, data)
	if !strings.Contains(err.Error(), "move "+inside) {
		t.Errorf("text does not say how to mend it: %v", err)
	}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func TestLoadFindsARelativePathInsideTheDataDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := Create("data/kek.json"); err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{"data", "./data", "data/", "."} {
		if _, err := Load("data/kek.json", data); !errors.Is(err, ErrKeyInsideData) {
			t.Errorf("data directory %s: err = %v, want ErrKeyInsideData", data, err)
		}
	}
}

func TestLoadReportsAMissingFile(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none"), ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("err = %v, want fs.ErrNotExist", err)
	}
}

func TestLoadRefusesWhatIsNoKeyFile(t *testing.T) {
	good := readFile(t, newKeyFile(t))
	form := fileOf(t, newKeyFile(t))
	id := form.Versions[1]
	changed := func(change func(*fileForm)) string {
		f := form
		change(&f)
		data, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for name, content := range map[string]string{
		"empty":                "",
		"a password":           "hunter2-canary",
		"cut":                  good[:len(good)-2],
		"two documents":        good + good,
		"trailing text":        good + "hunter2-canary",
		"unknown field":        strings.Replace(good, `{`, `{"hunter2-canary":1,`, 1),
		"other format":         changed(func(f *fileForm) { f.Format = "keyshift-kek/2" }),
		"no versions":          changed(func(f *fileForm) { f.Versions = nil }),
		"version 0":            changed(func(f *fileForm) { f.Versions = map[uint32]uint32{0: id} }),
		"unknown key id":       changed(func(f *fileForm) { f.Versions = map[uint32]uint32{1: id + 1} }),
		"two versions one key": changed(func(f *fileForm) { f.Versions = map[uint32]uint32{1: id, 2: id} }),
		"more versions":        changed(func(f *fileForm) { f.Versions = map[uint32]uint32{1: id, 2: id + 1} }),
		"no keyset":            changed(func(f *fileForm) { f.Keyset = nil }),
		"broken keyset":        changed(func(f *fileForm) { f.Keyset = f.Keyset[:len(f.Keyset)-1] }),
	} {
		path := filepath.Join(t.TempDir(), "kek.json")
		if err := os.WriteFile(path, []byte(content), 0o400); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path, "")
		if !errors.Is(err, ErrKeyFile) {
			t.Errorf("%s: err = %v, want ErrKeyFile", name, err)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error quotes the file: %v", name, err)
		}
		if _, err := Rotate(path); !errors.Is(err, ErrKeyFile) {
			t.Errorf("%s: Rotate: err = %v, want ErrKeyFile", name, err)
		}
		if got := readFile(t, path); got != content {
			t.Errorf("%s: Rotate changed the file", name)
		}
	}
}

func TestLoadRefusesADirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kek")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir, ""); !errors.Is(err, ErrKeyFile) {
		t.Errorf("err = %v, want ErrKeyFile", err)
	}
}

func TestPrimaryMustBeTheHighestVersion(t *testing.T) {
	path := newKeyFile(t)
	if _, err := Rotate(path); err != nil {
		t.Fatal(err)
	}
	form := fileOf(t, path)
	form.Versions[1], form.Versions[2] = form.Versions[2], form.Versions[1]
	data, err := json.Marshal(form)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeKeys(data); !errors.Is(err, ErrKeyFile) {
		t.Errorf("err = %v, want ErrKeyFile", err)
	}
}

func TestInterruptedRotationLeavesTheFileAndSaysHowToGoOn(t *testing.T) {
	path := newKeyFile(t)
	before := readFile(t, path)
	if err := os.WriteFile(path+".new", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Rotate(path)
	if !errors.Is(err, ErrKeyBusy) || !strings.Contains(err.Error(), "delete "+path+".new") {
		t.Errorf("err = %v, want ErrKeyBusy and the name to delete", err)
	}
	if _, err := DropOldVersions(path); !errors.Is(err, ErrKeyBusy) {
		t.Errorf("DropOldVersions: err = %v, want ErrKeyBusy", err)
	}
	if readFile(t, path) != before {
		t.Error("key file was changed")
	}
	if err := os.Remove(path + ".new"); err != nil {
		t.Fatal(err)
	}
	if version, err := Rotate(path); err != nil || version != 2 {
		t.Errorf("Rotate = %d, %v, want 2", version, err)
	}
}

func TestRotationsAtOnceLoseNoVersion(t *testing.T) {
	path := newKeyFile(t)
	var done atomic.Uint32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if _, err := Rotate(path); err == nil {
					done.Add(1)
				} else if !errors.Is(err, ErrKeyBusy) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got, want := loadKEK(t, path).Primary(), done.Load()+1; got != want || done.Load() == 0 {
		t.Errorf("primary = %d after %d rotations", got, done.Load())
	}
}

func TestRotateThroughALinkReplacesTheFileNotTheLink(t *testing.T) {
	path := newKeyFile(t)
	name := filepath.Join(t.TempDir(), "link")
	link(t, path, name)
	if _, err := Rotate(name); err != nil {
		t.Fatal(err)
	}
	if got := loadKEK(t, path).Primary(); got != 2 {
		t.Errorf("primary of the file = %d, want 2", got)
	}
	if info, err := os.Lstat(name); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("link is gone: %v, %v", info, err)
	}
}
