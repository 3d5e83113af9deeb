package hub_test

import (
	"testing"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/kek"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// rotated is a hub that goes on while its key is rotated and everything is sealed anew by another process.
func rotated(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.addUser("dana")
	w.account("acme", "dana")
	if _, err := kek.Rotate(w.kek); err != nil {
		t.Fatal(err)
	}
	if n, err := w.beside().Rewrap(t.Context()); err != nil || n != 1 {
		t.Fatalf("Rewrap = %d, %v, want one credential", n, err)
	}
	return w
}

// beside is the hub as another process opens it.
func (w *world) beside() *hub.Hub {
	w.t.Helper()
	o := w.hub.Options
	var err error
	o.Vault, err = hub.OpenVault(w.kek, w.t.TempDir())
	w.must(err)
	h, err := hub.Open(w.t.Context(), o, "")
	w.must(err)
	return h
}

func (w *world) setCredential(account string) {
	w.t.Helper()
	_, err := w.hub.SetCredential(w.t.Context(), w.byOwner(), account, keyshift.Credential{Login: "acme", Password: keyshift.NewSecret(canary)}, keyshift.NewSecret("GEZDGNBVGY3TQOJQ"))
	w.must(err)
}

// The hub has not opened anything since the rotation, so it has had no reason to look at the file.
func TestWhatIsStoredAfterARotationOutlivesTheOldKey(t *testing.T) {
	w := rotated(t)
	w.setCredential("x/acme")
	if _, err := kek.DropOldVersions(w.kek); err != nil {
		t.Fatal(err)
	}
	w.hub = w.beside() // a restart: only the file is left
	account, err := w.hub.Store.Read(t.Context()).AccountByName(keyshift.X, "acme")
	w.must(err)
	w.mustCheckOut(w.device("dana"), account.ID)
}

// A write that was under way during the rotation may still be sealed under the old version.
func TestAnOldVersionThatIsStillUsedIsFound(t *testing.T) {
	w := newWorld(t)
	w.account("acme")
	old, err := kek.Load(w.kek, t.TempDir())
	w.must(err)
	if _, err := kek.Rotate(w.kek); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		do   func() error
		want bool
	}{
		{"rotated, nothing sealed anew", func() error { return nil }, false},
		{"sealed anew", func() error { return second(w.beside().Rewrap(t.Context())) }, true},
		{"a late write", func() error { w.hub.Vault = old; w.setCredential("x/acme"); return nil }, false},
		{"sealed anew again", func() error { return second(w.beside().Rewrap(t.Context())) }, true},
	} {
		w.must(tt.do())
		if got, err := w.beside().OnlyPrimary(t.Context()); err != nil || got != tt.want {
			t.Errorf("%s: OnlyPrimary = %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
}
