package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// prepareDir makes the directory of a SQLite database, for its owner only, and refuses one into which others may
// write: they could put another database in its place.
func prepareDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("read data directory: %w", err)
	}
	if othersMayWrite(info) {
		return fmt.Errorf("check data directory: others may write into %s; run: chmod go-w %s", dir, dir)
	}
	return nil
}

// prepareFile makes a file that only its owner may read, or takes the others' rights from one that exists.
func prepareFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open database file: %w", err)
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// dirLock is a locked file beside the database. It keeps a second hub away, and remembers how the last one ended.
type dirLock struct {
	file     *os.File
	database string
}

// errLocked says that another process holds the lock.
var errLocked = keyshift.Refuse(keyshift.CodeUnavailable, "Another hub is running on this database.",
	"On SQLite a hub has its database for itself: stop that one first.")

// lockDir fails with errLocked while another process holds the lock. The system frees it when a process dies.
func lockDir(database string) (*dirLock, error) {
	f, err := os.OpenFile(database+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", database, err), f.Close())
	}
	return &dirLock{f, database}, nil
}

// clean reports whether the last hub ended in order and nobody changed the database since.
func (l *dirLock) clean() bool {
	mark, err := io.ReadAll(io.NewSectionReader(l.file, 0, 200))
	return err == nil && string(mark) == l.seen()
}

// seen describes the database file as it is now.
func (l *dirLock) seen() string {
	info, err := os.Stat(l.database)
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		return "unknown"
	}
	return fmt.Sprintf("closed %d %d\n", info.Size(), info.ModTime().UnixNano())
}

// opened takes the mark of an orderly end away.
func (l *dirLock) opened() error { return l.mark("open\n") }

// closed sets it again.
func (l *dirLock) closed() error { return l.mark(l.seen()) }

func (l *dirLock) mark(text string) error {
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("mark database: %w", err)
	}
	if _, err := l.file.WriteAt([]byte(text), 0); err != nil {
		return fmt.Errorf("mark database: %w", err)
	}
	return l.file.Sync()
}

func (l *dirLock) release() error { return l.file.Close() }

// syncDir makes a new name in a directory durable.
func syncDir(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(syncHandle(d), d.Close())
}
