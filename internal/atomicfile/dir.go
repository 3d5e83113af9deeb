package atomicfile

import (
	"io"
	"io/fs"
	"os"
)

// Dir is a directory, as far as this package needs one: an [os.Root], or a simulated one that forgets what was not
// synced. Its errors are those of an os.Root.
type Dir interface {
	// New makes a file that must not be there yet, for writing.
	New(name string, perm fs.FileMode) (File, error)
	// Rename gives a file another name, and replaces the file that has it.
	Rename(from, to string) error
	Remove(name string) error
	// Files names what is there and is no directory; with an error, as far as it is known.
	Files() ([]string, error)
	// Sync makes all changes of names durable.
	Sync() error
}

// File is a file that is being written. Only Sync makes its content durable.
type File interface {
	io.WriteCloser
	Chmod(perm fs.FileMode) error
	Sync() error
}

// root makes a Dir of an os.Root.
type root struct{ *os.Root }

func (r root) New(name string, perm fs.FileMode) (File, error) {
	return r.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
}

func (r root) Files() ([]string, error) {
	d, err := r.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func (r root) Sync() error { return syncDir(r.Root) }
