package store

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestASecondHubOnTheSameFileIsRefused(t *testing.T) {
	s := newScene(t, databases[0].dsn(t))
	_, err := Open(t.Context(), Options{Database: s.dsn})
	if !errors.Is(err, errLocked) || !strings.Contains(err.Error(), s.dsn) {
		t.Errorf("got %v, want that another hub runs", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, Options{Database: s.dsn})
}

// Who works beside a hub makes no database, and is told where none is.
func TestBesideNoHubIsRefused(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "hub.db")
	_, err := Open(t.Context(), Options{Database: dsn, Beside: true})
	if keyshift.CodeOf(err) != keyshift.CodeNotFound || !strings.Contains(err.Error(), dsn) {
		t.Errorf("got %v, want that there is no database", err)
	}
	if _, err := os.Stat(dsn); !os.IsNotExist(err) {
		t.Errorf("a database was made: %v", err)
	}
}

func TestSQLiteIsOpenedAsItHasToBe(t *testing.T) {
	s := newScene(t, databases[0].dsn(t))
	if err := s.Close(); err != nil { // the writer holds the only connection
		t.Fatal(err)
	}
	e, err := openSQLite(t.Context(), s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer e.close(true)
	for _, tt := range []struct {
		pool         *sql.DB
		pragma, want string
	}{
		{e.pool, "journal_mode", "wal"}, {e.pool, "synchronous", "2"}, {e.pool, "foreign_keys", "1"}, {e.pool, "busy_timeout", "5000"},
		{e.pool, "fullfsync", "1"}, {e.pool, "query_only", "0"}, {e.reads, "query_only", "1"}, {e.reads, "journal_mode", "wal"},
	} {
		var got string
		if err := tt.pool.QueryRow("PRAGMA " + tt.pragma).Scan(&got); err != nil || got != tt.want {
			t.Errorf("%s is %s, %v, want %s", tt.pragma, got, err, tt.want)
		}
	}
}

func TestPathsWithSpecialCharacters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c#d%20é", "hub.db")
	s := newScene(t, path)
	s.user()
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// kill leaves the files as a process that was killed leaves them: without the mark of an orderly end.
func (s *scene) kill() {
	s.Helper()
	s.fail(errors.New("killed"))
	_ = s.Close()
}

func TestAHubThatWasKilledComesBackWithAllThatWasAcknowledged(t *testing.T) {
	s := newScene(t, databases[0].dsn(t))
	u := s.user()
	s.kill()
	again := mustOpen(t, Options{Database: s.dsn})
	got, err := again.Read(t.Context()).User(u.ID)
	same(t, "user", got, u)
	same(t, "error", err, nil)
}

// What the disk holds in the middle of a transaction is what a crash at that moment leaves.
func TestACrashBeforeTheCommitLeavesNothingOfIt(t *testing.T) {
	s := newScene(t, databases[0].dsn(t))
	u := s.user()
	crashed := filepath.Join(t.TempDir(), "crashed", "hub.db")
	s.do(func(tx hub.Tx) error {
		if err := addUser("half")(tx); err != nil {
			return err
		}
		return os.CopyFS(filepath.Dir(crashed), os.DirFS(filepath.Dir(s.dsn)))
	})
	again := mustOpen(t, Options{Database: crashed})
	if _, err := again.Read(t.Context()).User(u.ID); err != nil {
		t.Errorf("acknowledged before: %v", err)
	}
	_, err := again.Read(t.Context()).UserByName("half")
	wantCode(t, err, keyshift.CodeNotFound)
	if !s.hasUser("half") {
		t.Error("the hub that lived on lost its commit")
	}
}

func fill(s *scene) {
	s.Helper()
	s.do(func(tx hub.Tx) error {
		for range 2000 {
			if err := tx.Append(keyshift.AuditEvent{Action: keyshift.ActUserAdded, Details: map[string]string{"padding": strings.Repeat("x", 500)}}); err != nil {
				return err
			}
		}
		return nil
	})
}

// scribble overwrites pages of the database with garbage.
func scribble(t *testing.T, path string, from, pages int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range pages {
		if _, err := f.WriteAt([]byte(strings.Repeat("garbage!", 512)), int64(from+i)*4096); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestADatabaseDamagedMeanwhileIsNotOpened(t *testing.T) {
	for name, page := range map[string]int{"the first page": 0, "a page of data": 150} {
		for _, killed := range []bool{false, true} {
			s := newScene(t, databases[0].dsn(t))
			fill(s)
			if killed {
				s.kill()
			} else if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			scribble(t, s.dsn, page, 20)
			_, err := Open(t.Context(), Options{Database: s.dsn})
			if keyshift.CodeOf(err) != keyshift.CodeIntegrityFailed {
				t.Errorf("%s, killed %v: got %v, want integrity_failed", name, killed, err)
			}
		}
	}
}

// A page of nothing, or of something else, is found wherever it is: in tables and in indexes.
func TestEachDamagedPageIsFound(t *testing.T) {
	s := newScene(t, databases[0].dsn(t))
	fill(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	const size = 4096
	for page := 0; page < len(whole)/size; page += 9 {
		for name, content := range map[string][]byte{"zeros": make([]byte, size), "garbage": bytes.Repeat([]byte("garbage!"), size/8)} {
			damaged := bytes.Clone(whole)
			copy(damaged[page*size:], content)
			path := databases[0].dsn(t)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, damaged, 0o600)); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(t.Context(), Options{Database: path}); keyshift.CodeOf(err) != keyshift.CodeIntegrityFailed {
				t.Errorf("page %d is %s: got %v, want integrity_failed", page, name, err)
			}
		}
	}
}

func TestADatabaseClosedInOrderIsNotReadAtTheStart(t *testing.T) {
	s := newScene(t, databases[0].dsn(t))
	fill(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	lock, err := lockDir(s.dsn)
	if err != nil || !lock.clean() {
		t.Errorf("clean %v, %v", lock.clean(), err)
	}
	if err := lock.opened(); err != nil || lock.clean() {
		t.Errorf("clean %v, %v", lock.clean(), err)
	}
	if err := lock.release(); err != nil {
		t.Error(err)
	}
}

// Damage that shows only while the hub runs ends the store: nobody is served from it any more.
func TestDamageFoundWhileReadingEndsTheStore(t *testing.T) {
	fatal := make(chan error, 2)
	s := newScene(t, databases[0].dsn(t), func(o *Options) { o.OnFatal = func(err error) { fatal <- err } })
	fill(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, Options{Database: s.dsn, OnFatal: func(err error) { fatal <- err }})
	scribble(t, s.dsn, 20, 300)
	r := again.Read(t.Context())
	before := ""
	var err error
	for range 100 {
		var page []hub.LoggedEvent
		if page, err = r.Events(hub.EventFilter{Before: before, Limit: 100}); err != nil || len(page) == 0 {
			break
		}
		before = page[len(page)-1].ID
	}
	wantCode(t, err, keyshift.CodeIntegrityFailed)
	wantCode(t, <-fatal, keyshift.CodeIntegrityFailed)
	_, err = again.Read(t.Context()).Hub()
	wantCode(t, err, keyshift.CodeIntegrityFailed)
	wantCode(t, again.Write(t.Context(), hub.Closing, addUser("x")), keyshift.CodeIntegrityFailed)
	if len(fatal) != 0 {
		t.Error("OnFatal was called twice")
	}
}

func TestADirectoryOthersMayWriteIntoIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "open")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Options{Database: filepath.Join(dir, "hub.db"), Migrate: true})
	if err == nil || !strings.Contains(err.Error(), "chmod go-w") {
		t.Errorf("got %v", err)
	}
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "hub.db")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := newScene(t, path, func(o *Options) { o.ReserveFile = path + ".reserve" })
	s.user()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 5 {
		t.Errorf("%d files, %v, want database, log, index, lock and reserve", len(entries), err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", entry.Name(), info.Mode(), err)
		}
	}
}

// sqliteError makes SQLite produce a code by itself.
func sqliteError(t *testing.T, statements ...string) error {
	t.Helper()
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	for _, statement := range statements {
		if _, err = pool.Exec(statement); err != nil {
			return err
		}
	}
	t.Fatal("no error")
	return nil
}

func TestSQLiteErrorsAreUnderstood(t *testing.T) {
	e := &sqliteEngine{}
	for _, tt := range []struct {
		err  error
		want fault
	}{
		{sqliteError(t, "PRAGMA max_page_count=1", "CREATE TABLE a (x)", "CREATE TABLE b (x)"), faultFull},
		{sqliteError(t, "PRAGMA query_only=1", "CREATE TABLE a (x)"), faultReadonly},
		{sqliteError(t, "CREATE TABLE a (x UNIQUE)", "INSERT INTO a VALUES (1)", "INSERT INTO a VALUES (1)"), faultOther},
		{errors.New("something else"), faultOther},
	} {
		if got := e.classify(tt.err); got != tt.want {
			t.Errorf("%v: got %v, want %v", tt.err, got, tt.want)
		}
	}
	for code, want := range map[int]fault{1034: faultDisk, 266: faultDisk, 778: faultDisk, 3082: faultLost, 4874: faultFull, 2826: faultConflict} {
		if got := classifyIO(code); got != want {
			t.Errorf("%d: got %v, want %v", code, got, want)
		}
	}
}

func TestAReadOnlyDatabaseSaysSo(t *testing.T) {
	s := newScene(t, databases[0].dsn(t))
	// What the kernel would answer on a read-only file system, SQLite answers by itself for this connection.
	s.do(func(hub.Tx) error { return nil })
	err := s.write(t.Context(), &command{fn: func(tx *tx) error {
		_, err := tx.link.conn.ExecContext(tx.ctx, "PRAGMA query_only=1")
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, s.Write(t.Context(), hub.Ordinary, addUser("dana")), keyshift.CodeStorageReadonly)
	// The connection was given up; a new one can write.
	eventually(t, "write again", func() bool { return s.Write(t.Context(), hub.Ordinary, addUser(s.name("u"))) == nil })
}

func TestTheReserveIsRealAndComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reserve")
	now := time.Unix(1000, 0)
	r, err := newReserve(path, func() time.Time { return now }, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != leastReserve {
		t.Fatalf("%v, %v", info, err)
	}
	if !r.spend() || r.spend() {
		t.Error("a reserve is spent once")
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("the file of a spent reserve is still there")
	}
	if !r.restored() || r.spent.Load() {
		t.Error("there is room, and the reserve did not come back")
	}
	if !r.spend() || r.restored() {
		t.Error("the reserve is tried too often")
	}
	now = now.Add(retryReserve)
	if !r.restored() {
		t.Error("the reserve did not come back in time")
	}
	none, err := newReserve("", time.Now, 0)
	if err != nil || none.spend() || !none.restored() {
		t.Error("no reserve cannot be spent")
	}
}
