package store

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// furnish puts something into every table.
func (s *scene) furnish() {
	s.Helper()
	dana := keyshift.User{Name: "dana", DisplayName: "Dana D.", Roles: []keyshift.Role{keyshift.Owner}, Active: true}
	a := keyshift.NewAccount(keyshift.Instagram, "acme")
	a.AccessMode = keyshift.SharedSecret
	var d keyshift.Device
	s.do(func(tx hub.Tx) error {
		dana.ID, dana.CreatedAt = tx.NewID(), tx.Now()
		a.ID, a.CreatedAt = tx.NewID(), tx.Now()
		d = keyshift.Device{ID: tx.NewID(), UserID: dana.ID, Name: "laptop", OS: "linux", State: keyshift.DeviceTrusted, EnrolledAt: tx.Now(),
			SigningKey: []byte{0, 1, 254, 255}, SealingKey: []byte("seal"), Window: keyshift.SequenceWindow{High: 1 << 63, Seen: 1<<64 - 1}}
		group := keyshift.Group{ID: tx.NewID(), Name: "social", CreatedAt: tx.Now()}
		return errors.Join(
			tx.AddHub(hub.HubRow{ID: tx.NewID(), Name: "acme", CreatedAt: tx.Now(), SigningPublic: []byte{1}, SigningSealed: []byte{2}, State: hub.Serving}),
			tx.SaveKEKCheck(1, []byte("check")), tx.AddUser(dana), tx.AddDevice(d), tx.AddAccount(a), tx.AddGroup(group), second(tx.AddMember(group.ID, dana.ID)),
			tx.AddToken(hub.Token{ID: tx.NewID(), Hash: []byte("token"), UserID: dana.ID, Label: "“cli”\n\\ \u0001", ExpiresAt: tx.Now().Add(time.Hour)}),
			tx.AddCode(hub.CodeRow{ID: tx.NewID(), Hash: []byte("code"), Kind: keyshift.LoginCode, UserID: dana.ID, ExpiresAt: tx.Now().Add(time.Hour)}),
			tx.SaveCredential(hub.SealedCredential{AccountID: a.ID, Version: 1, Sealed: []byte("sealed"), KEKVersion: 1}),
			tx.SaveRiskAcceptance(a.ID, keyshift.RiskAcceptance{Clause: "4.1", AcceptedBy: dana.ID, Until: tx.Now().Add(time.Hour)}),
			tx.AddGrant(keyshift.Grant{ID: tx.NewID(), AccountID: a.ID, UserID: dana.ID}), tx.AddGrant(keyshift.Grant{ID: tx.NewID(), AccountID: a.ID, GroupID: group.ID}),
			tx.SavePresence([]hub.Presence{{DeviceID: d.ID, LastContact: tx.Now(), AgentVersion: "1.0"}}),
			tx.AddEffect(hub.Effect{Actor: d.ID, RequestID: "r", Procedure: "CheckOut", Result: []byte("{}")}), tx.Notify(hub.TopicDevice, string(d.ID)),
			tx.SaveWorkHours(group.ID, officeHours()), tx.LiftWorkHours(dana.ID, tx.Now().Add(time.Hour)), tx.SaveReminders(keyshift.Reminders{PerHour: 3, Every: time.Hour}),
			tx.AddSelfReport(keyshift.SelfReport{ID: tx.NewID(), UserID: dana.ID, DeviceID: d.ID, About: "x/acme", NoticedAt: tx.Now(), ReportedAt: tx.Now()}, []byte("sealed")),
			tx.SaveReminderCounts(d.ID, []keyshift.ReminderCount{{Day: keyshift.DateOf(tx.Now()), Kind: "terms", Shown: 2, Answered: 1}}),
			second(tx.AddAcknowledgement(keyshift.Acknowledgement{UserID: dana.ID, DeviceID: d.ID, TextID: "terms_x", Version: "2026-08-22", At: tx.Now()})),
			tx.SaveSitePack(hub.PublishedPack{Signed: pack.Signed{Network: "x", Version: 2, Pack: []byte("{}"), Signature: []byte("sig")}, PublishedAt: tx.Now(), PublishedBy: dana.ID}),
			tx.SaveSitePack(hub.PublishedPack{Signed: pack.Signed{Network: "site:practice.example.com", Version: 1, Pack: []byte("{}"), Signature: []byte("sig")}, PublishedAt: tx.Now()}),
			tx.RaiseBrowserRevision([]byte("salt")), second(tx.AddInsiderWord(hub.InsiderWord{Word: "zephyr"})),
			tx.SavePersonalGuard(group.ID, keyshift.PersonalGuard{Rule: keyshift.PersonalForbidden, Note: "law"}), tx.SaveAccountRef(a.ID, "42"), tx.SaveWorkBrowser(a.ID, hub.WorkBrowser{Browser: "firefox", Keep: true}), second(tx.AddCustodian(a.ID, dana.ID)),
			second(tx.AcceptRollback(dana.ID)), tx.AddCheckpoint(hub.Checkpoint{Size: 2, Note: "note", At: tx.Now()}),
		)
	})
	wiped := s.lend(a, d)
	s.checkIn(wiped, keyshift.RemovalSessionClosed)
	expired := s.lend(a, d)
	s.checkIn(expired, keyshift.RemovalSecretWiped)
	askedRelay(s, s.activate(s.lend(a, d)), d)
	s.do(func(tx hub.Tx) error {
		grants, err := tx.Grants(a.ID, "", 1)
		return errors.Join(err, tx.SaveAllowedGuards(grants[0].ID, []pack.GuardClass{pack.GuardEmail}))
	})
	s.do(func(tx hub.Tx) error {
		return tx.Append(keyshift.AuditEvent{Action: keyshift.ActLeaseGranted, UserID: dana.ID, Details: map[string]string{"account": a.Name()}, Personal: map[string]string{"reason": "spring campaign"}})
	})
	s.revoke(hub.Target{Kind: hub.TargetAll}, func(e *hub.Ending) { e.RotationDue = true })
	s.do(func(tx hub.Tx) error {
		events, err := tx.Unsequenced(2)
		return errors.Join(err, tx.Place(events[0].ID, 0, 0, [][]byte{{1}}), tx.Place(events[1].ID, 1, 1, [][]byte{{2}, {3}}), tx.Append(keyshift.AuditEvent{Action: keyshift.ActLoggedIn}))
	})
}

func second[T any](_ T, err error) error { return err }

func (s *scene) backUp() (hub.Reader, Manifest, []byte) {
	s.Helper()
	var b bytes.Buffer
	m, err := s.Backup(s.ctx(), &b)
	if err != nil {
		s.Fatal(err)
	}
	return s.reader(), m, b.Bytes()
}

// unpacked gives the rows of a backup: what differs between two backups of the same is the engine and the moment.
func unpacked(t testing.TB, file []byte) []string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[1 : len(lines)-1]
}

func TestABackupIsRestoredIntoEitherEngine(t *testing.T) {
	for _, from := range databases {
		for _, to := range databases {
			t.Run(from.name+" to "+to.name, func(t *testing.T) {
				source := newScene(t, from.dsn(t))
				source.furnish()
				_, made, file := source.backUp()
				if made.Engine != from.name || made.Schema != NewestSchema || made.HubID == "" || made.Rows() < 25 || len(made.Tables) != len(tables) {
					t.Errorf("manifest %+v", made)
				}
				target := newScene(t, to.dsn(t))
				got, err := target.Restore(t.Context(), bytes.NewReader(file))
				if err != nil {
					t.Fatal(err)
				}
				same(t, "manifest", got, made)
				_, _, again := target.backUp()
				same(t, "rows", unpacked(t, again), unpacked(t, file))
				checkDump(t, target.Store, tables)
				target.user() // it can be written to
				if _, err := target.Restore(t.Context(), bytes.NewReader(file)); err == nil || !strings.Contains(err.Error(), "not empty") {
					t.Errorf("restored over data: %v", err)
				}
			})
		}
	}
}

func TestABackupIsOfOneMoment(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		s.user()
		large := make([]byte, 1<<20) // larger than what is buffered, and random, so that gzip does not shrink it
		_, _ = rand.Read(large)
		s.do(func(tx hub.Tx) error { return tx.AddHub(hub.HubRow{ID: tx.NewID(), SigningSealed: large}) })
		slow := &stalling{begin: make(chan struct{}), goOn: make(chan struct{})}
		type result struct {
			m   Manifest
			err error
		}
		done := make(chan result)
		go func() {
			m, err := s.Backup(t.Context(), slow)
			done <- result{m, err}
		}()
		// The hub's row is being written; the users come after it.
		<-slow.begin
		s.user()
		close(slow.goOn)
		got := <-done
		if got.err != nil || got.m.Tables["users"].Rows != 1 {
			t.Errorf("%d users, %v, want the one that was there", got.m.Tables["users"].Rows, got.err)
		}
	})
}

// stalling is a writer that waits at its first bytes.
type stalling struct {
	begin, goOn chan struct{}
	started     bool
}

func (w *stalling) Write(b []byte) (int, error) {
	if !w.started {
		w.started = true
		close(w.begin)
		<-w.goOn
	}
	return len(b), nil
}

func TestADamagedBackupIsRefusedAndLeavesNothing(t *testing.T) {
	source := newScene(t, databases[0].dsn(t))
	source.furnish()
	_, _, file := source.backUp()
	lines := unpacked(t, file)
	head := fmt.Sprintf(`{"format":1,"schema":%d,"engine":"SQLite","at":"2026-11-22T09:00:00Z"}`, NewestSchema)
	text := func(change func([]string) []string) []byte {
		all := change(append([]string{head}, lines...))
		return packed(t, []byte(strings.Join(all, "\n")+"\n"))
	}
	find := func(all []string, prefix string) int {
		for i, line := range all {
			if strings.HasPrefix(line, prefix) {
				return i
			}
		}
		t.Fatalf("no line %s", prefix)
		return 0
	}
	cases := map[string][]byte{
		"nothing":          {},
		"no gzip":          []byte("hello"),
		"cut off":          file[:len(file)-40],
		"cut to the head":  file[:12],
		"no end":           text(func(l []string) []string { return l }),
		"a changed row":    flip(t, file, `"dana"`, `"mallory"`),
		"a row less":       flip(t, file, "\n"+lines[find(lines, `{"table":"users"`)+1], ""),
		"unknown table":    flip(t, file, `{"table":"users"`, `{"table":"users; DROP TABLE users"`),
		"unknown column":   flip(t, file, `"display_name"`, `"display_name) SELECT 1--"`),
		"a wrong type":     flip(t, file, `"dana","Dana D."`, `"dana",7`),
		"a value too many": flip(t, file, `"dana","Dana D."`, `"dana","Dana D.",1`),
		"not Base64":       flip(t, file, `"c2VhbGVk"`, `"c2Vh*GVk"`),
		"a line too long":  packed(t, append([]byte(head+"\n"), bytes.Repeat([]byte("x"), longestLine+1)...)),
		"not a manifest":   packed(t, []byte("{}\n")),
		"newer format":     packed(t, []byte(`{"format":2,"schema":1}`+"\n")),
		"newer schema":     packed(t, []byte(`{"format":1,"schema":99}`+"\n")),
		"older schema":     packed(t, []byte(`{"format":1,"schema":0}`+"\n")),
		"more at the end":  append(bytes.Clone(file), packed(t, []byte("more\n"))...),
	}
	onEach(t, func(t *testing.T, s *scene) {
		for name, damaged := range cases {
			_, err := s.Restore(t.Context(), bytes.NewReader(damaged))
			if err == nil || strings.Contains(err.Error(), "Too many people") {
				t.Errorf("%s: got %v", name, err)
			}
			switch name {
			case "newer format", "newer schema", "older schema":
				wantCode(t, err, keyshift.CodeSchemaUnsupported)
			case "cut off", "cut to the head", "nothing", "a changed row":
				wantCode(t, err, keyshift.CodeIntegrityFailed)
			}
			for _, table := range tables {
				var n int
				if err := s.pool.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil || n != 0 {
					t.Errorf("%s left %d rows in %s, %v", name, n, table, err)
				}
			}
		}
	})
}

// flip changes one text of a backup.
func flip(t *testing.T, file []byte, from, to string) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil || !strings.Contains(string(text), from) {
		t.Fatalf("nothing to change: %q, %v", from, err)
	}
	return packed(t, []byte(strings.Replace(string(text), from, to, 1)))
}
