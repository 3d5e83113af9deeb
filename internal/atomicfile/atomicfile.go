// Package atomicfile writes and removes small files so that a crash, a power cut or a full disk leaves either the old
// file or the new one, whole.
//
// All work happens inside an os.Root: a directory that the caller has opened. A symbolic link planted at a name is
// replaced or removed, never followed. New content goes into a temporary file beside the target, is synced,
// and gets its name only then; afterwards the directory is synced, so that what was reported done stays done.
// [Begin] gives the name first and syncs later, for what is new and for who has something else to do meanwhile.
// When a call fails, it removes its temporary file. Only a crash leaves one, and a program calls [Sweep]
// at its start to be rid of it: the file may hold a secret.
//
// Errors keep their cause: errors.Is finds syscall.ENOSPC (disk full), syscall.EROFS (read-only), fs.ErrExist
// and so on.
//
// On Windows the directory is not synced: there is no call for it. NTFS logs changes of names in order, so a
// name still never points at half a file, but the last change before a power cut may be undone by it. The permission
// bits mean little there; the access list of the directory decides.
package atomicfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// ErrBadName says that a name is not that of a file directly in the directory, or is kept for temporary files.
var ErrBadName = errors.New("not a file name")

// tempPrefix begins the name of every temporary file. The rest is random.
const tempPrefix = ".atomicfile-"

// Write makes data the content of name in dir, replacing what is there (a directory is not replaced). The file has
// exactly the permissions perm, whatever the umask.
//
// If only the last sync of the directory fails, the new file is in place and the error says that it may not
// survive a power cut. After any other error the old file is untouched.
func Write(dir *os.Root, name string, data []byte, perm fs.FileMode) error {
	return WriteIn(root{dir}, name, data, perm)
}

// WriteIn is Write in any Dir.
func WriteIn(dir Dir, name string, data []byte, perm fs.FileMode) error {
	if err := put(dir, name, data, perm, dir.Rename); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// Begin is Write for who goes on before the disk has everything. When it returns, the file has its name and its content for
// all programs, and keeps them when this one dies. The disk has them when settle has returned nil; a power cut before that
// leaves the file whole, empty, or not at all, and may take the old content with it: use it for a new name, or for what
// nobody needs any more. Call settle once, from any goroutine. After an error of settle the file may be there or not.
func Begin(dir *os.Root, name string, data []byte, perm fs.FileMode) (settle func() error, err error) {
	return BeginIn(root{dir}, name, data, perm)
}

// BeginIn is Begin in any Dir.
func BeginIn(dir Dir, name string, data []byte, perm fs.FileMode) (settle func() error, err error) {
	f, err := begin(dir, name, data, perm)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return func() error {
		if err := errors.Join(f.end(), dir.Sync()); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		return nil
	}, nil
}

// Create is Write for a name that must be free. If anything is there, even a dangling link, the error is
// fs.ErrExist and it is left alone. Of several callers at once one wins. It needs a file system with hard links.
func Create(dir *os.Root, name string, data []byte, perm fs.FileMode) error {
	link := func(temp, name string) error { return publishNew(dir, temp, name) }
	if err := put(root{dir}, name, data, perm, link); err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	return nil
}

// Remove removes name from dir for good. A name that is not there is no error, and the directory is synced all the
// same: so a call that failed can be repeated until it returns nil, and only then is the file surely gone.
// The blocks that held its bytes are not overwritten.
func Remove(dir *os.Root, name string) error { return RemoveIn(root{dir}, name) }

// RemoveIn is Remove in any Dir.
func RemoveIn(dir Dir, name string) error {
	if err := remove(dir, name); err != nil {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	return nil
}

// Sweep removes the temporary files that crashes have left in dir and reports how many. Call it while nobody
// writes there, usually first thing after the start. After an error some may remain.
func Sweep(dir *os.Root) (int, error) { return SweepIn(root{dir}) }

// SweepIn is Sweep in any Dir.
func SweepIn(dir Dir) (int, error) {
	names, err := leftovers(dir)
	if err != nil {
		return 0, fmt.Errorf("sweep directory: %w", err)
	}
	n := 0
	for _, name := range names {
		if removeErr := dir.Remove(name); removeErr != nil {
			err = errors.Join(err, removeErr)
			continue
		}
		n++
	}
	if err = errors.Join(err, dir.Sync()); err != nil {
		return n, fmt.Errorf("sweep directory: %w", err)
	}
	return n, nil
}

// put writes a temporary file and lets publish give it its name.
func put(dir Dir, name string, data []byte, perm fs.FileMode, publish func(temp, name string) error) error {
	if err := checkName(name); err != nil {
		return err
	}
	temp := tempPrefix + rand.Text()
	if err := writeTemp(dir, temp, data, perm); err != nil {
		return err
	}
	if err := publish(temp, name); err != nil {
		return errors.Join(err, discard(dir, temp))
	}
	return dir.Sync()
}

// begun is a file that has its name; end makes its content durable.
type begun struct{ end func() error }

// begin names a file before it is synced. Where an open file cannot get another name, it is synced first.
func begin(dir Dir, name string, data []byte, perm fs.FileMode) (begun, error) {
	if err := checkName(name); err != nil {
		return begun{}, err
	}
	temp := tempPrefix + rand.Text()
	f, err := dir.New(temp, perm)
	if err != nil {
		return begun{}, err
	}
	end := func() error { return errors.Join(f.Sync(), f.Close()) }
	if err = pour(f, data, perm); err == nil && !movesOpen {
		err = end()
		end = func() error { return nil }
	}
	if err == nil {
		err = dir.Rename(temp, name)
	}
	if err != nil {
		_ = f.Close() // it may be closed
		return begun{}, errors.Join(err, discard(dir, temp))
	}
	return begun{end}, nil
}

// publishNew links instead of renaming, because a link does not replace. On failure the caller discards temp.
func publishNew(dir *os.Root, temp, name string) error {
	if err := dir.Link(temp, name); err != nil {
		return err
	}
	if err := dir.Remove(temp); err != nil {
		return errors.Join(err, dir.Remove(name))
	}
	return nil
}

func writeTemp(dir Dir, temp string, data []byte, perm fs.FileMode) error {
	f, err := dir.New(temp, perm)
	if err != nil {
		return err
	}
	if err := fill(f, data, perm); err != nil {
		return errors.Join(err, discard(dir, temp))
	}
	return nil
}

// fill writes, syncs and closes f.
func fill(f File, data []byte, perm fs.FileMode) error {
	err := pour(f, data, perm)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// pour writes f. It sets the mode again because the umask has had its way with the first.
func pour(f File, data []byte, perm fs.FileMode) error {
	err := f.Chmod(perm)
	if err == nil {
		_, err = f.Write(data)
	}
	return err
}

func discard(dir Dir, temp string) error {
	if err := dir.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func remove(dir Dir, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := discard(dir, name); err != nil {
		return err
	}
	return dir.Sync()
}

func leftovers(dir Dir) ([]string, error) {
	files, err := dir.Files()
	var names []string
	for _, name := range files {
		if strings.HasPrefix(name, tempPrefix) {
			names = append(names, name)
		}
	}
	return names, err
}

// checkName is the same on every platform, so that a name which works on one works on all. A colon
// would name a stream of a file on Windows.
func checkName(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\:\x00") || strings.HasPrefix(name, tempPrefix) {
		return fmt.Errorf("%w: %q", ErrBadName, name)
	}
	return nil
}
