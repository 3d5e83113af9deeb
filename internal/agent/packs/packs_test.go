package packs

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// disk is a folder in memory that can fail.
type disk struct {
	files map[string][]byte
	full  error
}

func (d *disk) Read(name string) ([]byte, error) {
	data, ok := d.files[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return data, nil
}

func (d *disk) Write(name string, data []byte) error {
	if d.full == nil {
		d.files[name] = data
	}
	return d.full
}

func (d *disk) Remove(name string) error { delete(d.files, name); return nil }

type desk struct {
	*testing.T
	disk    *disk
	public  ed25519.PublicKey
	private ed25519.PrivateKey
	store   *Store
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{T: t, disk: &disk{files: map[string][]byte{}}, public: public, private: private}
	d.restart()
	return d
}

func (d *desk) restart() {
	d.Helper()
	store, err := Open(d.disk, d.public, slog.New(slog.DiscardHandler))
	if err != nil {
		d.Fatal(err)
	}
	d.store = store
}

// signed is X's pack with another version and title.
func (d *desk) signed(version int64, title string) pack.Signed {
	d.Helper()
	p, _ := pack.Embedded("x")
	p.Version, p.Title = version, title
	return d.sign(p)
}

func (d *desk) sign(p pack.Pack) pack.Signed {
	d.Helper()
	data, err := p.Encode()
	if err != nil {
		d.Fatal(err)
	}
	return pack.Signed{Network: p.Network, Version: p.Version, Pack: data, Signature: ed25519.Sign(d.private, pack.Statement(p.Network, p.Version, data))}
}

func (d *desk) take(revision int64, list ...pack.Signed) error {
	_, err := d.store.Take(News{Revision: revision, Packs: list}, d.public)
	return err
}

func (d *desk) wantTitle(network, want string) {
	d.Helper()
	if got, ok := d.store.Current(network); ok != (want != "") || got.Title != want && want != "" {
		d.Errorf("%s is %q (%v), want %q", network, got.Title, ok, want)
	}
}

func TestVersionsNeverGoBack(t *testing.T) {
	d := newDesk(t)
	d.wantTitle("x", "X")
	if err := d.take(1, d.signed(3, "three")); err != nil {
		t.Fatal(err)
	}
	d.wantTitle("x", "three")
	for _, old := range []int64{1, 2, 3} {
		if err := d.take(2, d.signed(old, "back")); !errors.Is(err, ErrOlder) {
			t.Errorf("version %d: %v, want ErrOlder", old, err)
		}
	}
	d.restart()
	d.wantTitle("x", "three")
	if err := d.take(3, d.signed(2, "back")); !errors.Is(err, ErrOlder) {
		t.Errorf("after a restart: %v, want ErrOlder", err)
	}
	if err := d.take(4, d.signed(4, "four")); err != nil {
		t.Error(err)
	}
	d.wantTitle("x", "four")
}

func TestWhatTheHubDidNotSignIsRefused(t *testing.T) {
	d := newDesk(t)
	tampered := d.signed(5, "tampered")
	tampered.Pack = []byte(strings.Replace(string(tampered.Pack), "x.com", "y.com", 1))
	stranger := newDesk(t).signed(6, "stranger")
	raised := d.signed(7, "raised")
	raised.Version = 8
	for _, bad := range []pack.Signed{tampered, stranger, raised, {Network: "x", Version: 9}} {
		if err := d.take(2, bad); err == nil {
			t.Errorf("version %d was taken", bad.Version)
		}
	}
	d.wantTitle("x", "X")
	if got := d.store.Revision(); got != 0 {
		t.Errorf("revision %d: what was refused has to be asked for again", got)
	}
	fb, _ := pack.Embedded("facebook")
	fb.Version, fb.Title = 2, "two"
	if err := d.take(3, tampered, d.sign(fb)); err == nil {
		t.Error("no error beside a good pack")
	}
	d.wantTitle("facebook", "two") // one bad pack does not hold up the others
}

func TestAFileThatWasChangedIsNotBelieved(t *testing.T) {
	d := newDesk(t)
	if err := d.take(2, d.signed(3, "three")); err != nil {
		t.Fatal(err)
	}
	var k kept
	if err := json.Unmarshal(d.disk.files[fileName], &k); err != nil {
		t.Fatal(err)
	}
	s := k.Packs["x"]
	s.Pack = []byte(strings.Replace(string(s.Pack), "three", "thief", 1))
	k.Packs["x"] = s
	d.disk.files[fileName], _ = json.Marshal(k)
	d.restart()
	d.wantTitle("x", "X")
	if d.store.Revision() != 0 {
		t.Error("a changed file is not fetched anew")
	}
	d.disk.files[fileName] = []byte("{")
	d.restart()
	d.wantTitle("x", "X")
	if err := d.take(2, d.signed(3, "three")); err != nil {
		t.Error(err)
	}
	d.wantTitle("x", "three")
	if other, err := Open(d.disk, newDesk(t).public, slog.New(slog.DiscardHandler)); err != nil || other.Known()["x"] != 0 {
		t.Errorf("another hub's packs are believed: %v, %v", other.Known(), err)
	}
}

func TestASiteComesAndGoes(t *testing.T) {
	d := newDesk(t)
	const network = "site:news.example.com"
	site := pack.Site("news.example.com", "News", "https://news.example.com/login")
	d.wantTitle(network, "")
	if err := d.take(1, d.sign(site)); err != nil {
		t.Fatal(err)
	}
	d.wantTitle(network, "News")
	gone := pack.Signed{Network: network, Version: 2, Signature: ed25519.Sign(d.private, pack.Statement(network, 2, nil))}
	if err := d.take(2, gone); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		p, raw, ok := d.store.Pack(network)
		if ok || raw != nil || len(p.CookieDomains) != 1 {
			t.Errorf("a withdrawn pack: %v, %s, domains %v, want none but what to clean", ok, raw, p.CookieDomains)
		}
		if diff := cmp.Diff(map[string]int64{network: 2}, d.store.Known()); diff != "" {
			t.Errorf("known (-want +got):\n%s", diff)
		}
		d.restart()
	}
	if err := d.take(3, d.sign(site)); !errors.Is(err, ErrOlder) {
		t.Errorf("a site came back with its old version: %v", err)
	}
	if n := len(d.store.Versions()); n != 4 {
		t.Errorf("%d packs count, want the 4 embedded", n)
	}
}

func TestWordsAreKept(t *testing.T) {
	d := newDesk(t)
	if w := d.store.Words(); w.Hashes == nil || w.Patterns == nil || w.Hosts == nil || w.Salt == "" {
		t.Errorf("words %+v, want lists", w)
	}
	words := native.Words{Salt: "c2FsdA", Hashes: []string{"aGFzaA"}}
	if _, err := d.store.Take(News{Revision: 7, Words: words}, d.public); err != nil {
		t.Fatal(err)
	}
	d.restart()
	if w := d.store.Words(); w.Version != 7 || w.Salt != "c2FsdA" || len(w.Hashes) != 1 {
		t.Errorf("words %+v", w)
	}
	if err := d.store.Forget(); err != nil || d.store.Revision() != 0 {
		t.Errorf("forget: %v, revision %d", err, d.store.Revision())
	}
}

func TestAFullDiskChangesNothing(t *testing.T) {
	d := newDesk(t)
	d.disk.full = errors.New("no space left on device")
	if err := d.take(2, d.signed(3, "three")); err == nil {
		t.Error("no error")
	}
	d.wantTitle("x", "X")
	if d.store.Revision() != 0 {
		t.Error("the revision counts although nothing is on the disk")
	}
}
