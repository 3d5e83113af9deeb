package systest

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to do to the database what the hub would never do

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hub/server"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/loopback"
)

// A01: the keyring says "deleted" and keeps the item, as one does whose prompt was dismissed.
func TestAKeyringThatOnlyPretendsToDeleteIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("dana")
	w.AddAccount("acme", &v1.AccountSettings{AllowShow: ptr(true)}, "dana")
	desk := w.Desk(0, "dana")
	lease := desk.mustCheckOut("x/acme", time.Hour)
	desk.Ring.LieOnDelete(true)

	_, err := desk.Agent.CheckIn(t.Context(), "x/acme")
	if err != nil && keyshift.CodeOf(err) != keyshift.CodeWipeFailed {
		t.Fatalf("CheckIn: %v, want nil or wipe_failed", err)
	}
	Eventually(t, "the hub says that it is not removed", func() bool { return strings.HasPrefix(w.removalText(lease.GetId()), "Not removed: ") })
	if keys, _ := filepath.Glob(filepath.Join(desk.Dir, "*", "*.key")); len(keys) != 0 {
		t.Errorf("key files %v are still there: the secret is not dead", keys)
	}
	if _, err := desk.Agent.Reveal(t.Context(), "x/acme"); err == nil {
		t.Error("the secret is still shown")
	}
	desk.Ring.LieOnDelete(false)
	Eventually(t, "access is removed once the keyring deletes", func() bool { return w.removalText(lease.GetId()) == "Access removed" })
	if desk.leaseKeys() != 0 {
		t.Errorf("keyring = %v", desk.Ring.Keys())
	}
}

// A03: somebody puts another item under our name while a lease lives.
func TestAPlantedCredentialIsNotUsed(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("dana")
	w.AddAccount("acme", &v1.AccountSettings{AllowShow: ptr(true)}, "dana")
	desk := w.Desk(0, "dana")
	lease := desk.mustCheckOut("x/acme", time.Hour)
	for _, key := range desk.Ring.Keys() {
		if strings.HasPrefix(key, "lease:") {
			desk.Ring.Plant(key, "cGxhbnRlZA==")
		}
	}
	if credential, err := desk.Agent.Reveal(t.Context(), "x/acme"); err == nil {
		t.Fatalf("a planted credential was shown: %v", credential)
	}
	Eventually(t, "the lease has ended, and the hub knows why", func() bool {
		l := w.Leases()[0]
		return l.GetId() == lease.GetId() && l.GetEndReason() == string(keyshift.CauseTampered)
	})
	Eventually(t, "nothing of ours or of the plant is left", func() bool { return desk.leaseKeys() == 0 })
}

// A12: an enrolled agent belongs to its hub, whatever it is told.
func TestAnAgentDoesNotChangeItsHub(t *testing.T) {
	t.Parallel()
	w, rogue := SQLite(t), SQLite(t)
	w.AddUser("dana")
	rogue.AddUser("dana")
	w.AddAccount("acme", nil, "dana")
	desk := w.Desk(0, "dana")
	desk.mustCheckOut("x/acme", time.Hour)

	if _, err := desk.Agent.Enroll(t.Context(), rogue.EnrollmentCode(0, "dana"), ""); keyshift.CodeOf(err) != keyshift.CodeAlreadyEnrolled {
		t.Errorf("enroll at another hub: %v, want already_enrolled", err)
	}
	// The configuration is bent toward the other hub's address and certificate; its signing key stays the true one's.
	desk.Stop()
	other := rogue.Replica[0]
	replaceInFiles(t, desk.Dir, w.Replica[0].URL(), other.URL())
	replaceInFiles(t, desk.Dir, encoded(w.Replica[0].Hub.TLSPin), encoded(other.Hub.TLSPin))
	desk.Start()
	if err := desk.Agent.SyncNow(t.Context()); keyshift.CodeOf(err) != keyshift.CodeHubIdentityChanged {
		t.Errorf("sync with another hub: %v, want hub_identity_changed", err)
	}
	if len(desk.Agent.Leases()) != 1 || desk.leaseKeys() != 1 {
		t.Errorf("leases = %v, keyring = %v, want them untouched", desk.Agent.Leases(), desk.Ring.Keys())
	}
}

// A34: whoever has the database, its journal and a backup, but not the key, has nothing; and rows do not move.
func TestAStolenDatabaseIsWorthNothing(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("dana")
	a, b := w.AddAccount("acme", nil, "dana"), w.AddAccount("other", nil, "dana")
	device := w.RawDevice(0, "dana")
	if _, err := device.CheckOut(t, a, time.Hour); err != nil {
		t.Fatal(err)
	}
	code := w.EnrollmentCode(0, "dana")
	_, invitation := Target(t, code)

	stolen := readAll(t, w.Config.DataDir)
	w.Stop()
	stolen = append(stolen, readAll(t, w.Config.DataDir)...)
	var backup bytes.Buffer
	if _, err := server.Backup(t.Context(), w.Config, &backup); err != nil {
		t.Fatal(err)
	}
	stolen = append(stolen, gunzipped(t, backup.Bytes())...)
	for name, canary := range map[string]string{
		"password": Password, "seed": Seed, "API token": w.OwnerToken.Reveal(), "code": invitation.SecretText(), "code bytes": string(invitation.Secret),
	} {
		if bytes.Contains(stolen, []byte(canary)) {
			t.Errorf("the %s is in the stolen files", name)
		}
	}
	if sum := sha256.Sum256(invitation.Secret); !bytes.Contains(stolen, sum[:]) {
		t.Error("the hash of the code is not in the stolen files: the search does not find what is there")
	}

	swapCredentials(t, filepath.Join(w.Config.DataDir, "hub.db"), a, b)
	w.Start()
	device = w.atReplica(device)
	if _, err := device.CheckOut(t, b, time.Hour); keyshift.CodeOf(err) != keyshift.CodeIntegrityFailed {
		t.Errorf("check-out with a swapped row: %v, want integrity_failed", err)
	}
}

// atReplica is the device talking to a hub that was started anew, on another port.
func (w *World) atReplica(d *RawDevice) *RawDevice {
	moved := *d
	moved.Config.Target.URL = w.Replica[0].URL()
	moved.Device = hubclient.NewDevice(moved.Config)
	w.t.Cleanup(moved.Device.Close)
	return &moved
}

func swapCredentials(t *testing.T, path, a, b string) {
	t.Helper()
	database, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	for _, step := range []string{
		`CREATE TABLE swap AS SELECT * FROM credentials`,
		`UPDATE credentials SET sealed = (SELECT sealed FROM swap WHERE account_id <> credentials.account_id)`,
		`DROP TABLE swap`,
	} {
		if _, err := database.Exec(step); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
	}
}

// A hub that was given an old backup learns from its devices that it is old, and lends nothing until two people accept.
func TestAnOldBackupIsNoticed(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.Stop()
	w.Config.Listen = place(t)
	w.Start()
	w.Owner = w.Admin(0, w.OwnerToken)
	w.AddUser("dana")
	w.AddUser("lee", v1.Role_ROLE_ADMIN)
	lee := w.token("lee")
	w.AddAccount("acme", nil, "dana")
	desk := w.Desk(0, "dana")
	Eventually(t, "the device has witnessed something", func() bool { return desk.Agent.Status().GetWitnessedSize() > 0 })
	w.Stop()
	var backup bytes.Buffer
	if _, err := server.Backup(t.Context(), w.Config, &backup); err != nil {
		t.Fatal(err)
	}
	w.Start()
	w.Owner = w.Admin(0, w.OwnerToken)
	desk.mustCheckOut("x/acme", time.Hour)
	events := w.countEvents("")
	Eventually(t, "the device has witnessed the check-out", func() bool {
		return desk.Agent.SyncNow(t.Context()) == nil && desk.Agent.Status().GetWitnessedSize() >= int64(events)
	})
	w.Stop()

	if err := os.RemoveAll(w.Config.DataDir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(w.Config.DataDir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Restore(t.Context(), w.Config, &backup); err != nil {
		t.Fatal(err)
	}
	w.Start()
	w.Owner = w.Admin(0, w.OwnerToken)
	Eventually(t, "the hub notices", func() bool {
		if err := desk.Agent.SyncNow(t.Context()); err != nil {
			t.Log(err)
		}
		return Do(t, w.Owner.Hub.GetStatus, &v1.GetStatusRequest{}).GetState() == "rollback_detected"
	})
	if _, err := desk.checkOut("x/acme", time.Hour); keyshift.CodeOf(err) != keyshift.CodeRollbackDetected {
		t.Errorf("check-out: %v, want rollback_detected", err)
	}
	// The lease that the old backup does not know is not live for the device either.
	Eventually(t, "the forgotten lease is wiped", func() bool { return desk.leaseKeys() == 0 })
	if got := Do(t, w.Owner.Hub.AcceptRollback, &v1.AcceptRollbackRequest{}).GetMissing(); got != 1 {
		t.Errorf("after the owner's word %d are missing, want 1", got)
	}
	if got := Do(t, w.Owner.Hub.AcceptRollback, &v1.AcceptRollbackRequest{}).GetMissing(); got != 1 {
		t.Errorf("after the owner's second word %d are missing, want still 1", got)
	}
	if got := Do(t, w.Admin(0, keyshift.NewSecret(lee)).Hub.AcceptRollback, &v1.AcceptRollbackRequest{}).GetMissing(); got != 0 {
		t.Errorf("after two words %d are missing, want 0", got)
	}
	// The device follows the log that was accepted, and does not accuse it again.
	Eventually(t, "the device has witnessed the accepted log", func() bool {
		return desk.Agent.SyncNow(t.Context()) == nil && desk.Agent.Status().GetProblem() == nil
	})
	if err := desk.Agent.SyncNow(t.Context()); err != nil {
		t.Errorf("another sync: %v", err)
	}
	if got := Do(t, w.Owner.Hub.GetStatus, &v1.GetStatusRequest{}).GetState(); got != "serving" {
		t.Errorf("the hub is %s, want serving", got)
	}
	desk.mustCheckOut("x/acme", time.Hour)
}

func readAll(t *testing.T, dir string) []byte {
	t.Helper()
	var all []byte
	for _, pattern := range []string{"*", "*/*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err != nil || info.IsDir() {
				continue
			}
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, content...)
		}
	}
	return all
}

// place is an address to which a hub can come back.
func place(t *testing.T) string {
	t.Helper()
	address, err := loopback.Address()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func replaceInFiles(t *testing.T, dir, old, replacement string) {
	t.Helper()
	replaced := 0
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(content, []byte(old)) {
			continue
		}
		replaced++
		if err := os.WriteFile(file, bytes.ReplaceAll(content, []byte(old), []byte(replacement)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if replaced == 0 {
		t.Fatalf("no file in the agent's folder holds %q", old)
	}
}

func encoded(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func gunzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
