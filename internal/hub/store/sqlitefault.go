package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// judged turns an error of opening into what the caller may show.
func (e *sqliteEngine) judged(err error) error {
	if known := faultOf(err); known != faultOther {
		return known.public(err)
	}
	if f := e.classify(err); f != faultOther {
		return f.public(err)
	}
	return storageError(err)
}

// storageError is for errors of files.
func storageError(err error) error {
	switch {
	case isFull(err):
		return errFull.Because(err)
	case errors.Is(err, fs.ErrPermission), isReadonly(err):
		return errReadonly.Because(err)
	}
	return err
}

func (e *sqliteEngine) classify(err error) fault {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		if isFull(err) {
			return faultFull
		}
		return faultOther
	}
	switch se.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return faultConflict
	case sqlite3.SQLITE_FULL:
		return faultFull
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return faultReadonly
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return faultDamaged
	case sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_CANTOPEN:
		return faultLost
	case sqlite3.SQLITE_IOERR:
		if se.Code() == sqlite3.SQLITE_IOERR_WRITE && e.writeProtected() {
			return faultReadonly
		}
		return classifyIO(se.Code())
	}
	return faultOther
}

// writeProtected reports whether the file system takes no writes, as after an administrator or the kernel made it read-only
// under a running hub. SQLite tells that of a file that is open already as any failed write. What was synced before is kept.
func (e *sqliteEngine) writeProtected() bool {
	probe, err := os.CreateTemp(filepath.Dir(e.path), ".probe-")
	if err != nil {
		return isReadonly(err)
	}
	_ = errors.Join(probe.Close(), os.Remove(probe.Name()))
	return false
}

// classifyIO: all that is not memory or room is a disk that cannot be trusted. The index of the write-ahead log has a
// code of its own when there is no room to make it larger.
func classifyIO(code int) fault {
	switch code {
	case sqlite3.SQLITE_IOERR_SHMSIZE:
		return faultFull
	case sqlite3.SQLITE_IOERR_NOMEM:
		return faultLost
	case sqlite3.SQLITE_IOERR_BLOCKED:
		return faultConflict
	}
	return faultDisk
}
