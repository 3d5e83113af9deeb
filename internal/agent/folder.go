package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/agent/secretstore"
	"github.com/keyshift-hq/keyshift/internal/atomicfile"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// files is a folder of small files. Write and Remove return only when the change is on the disk and cannot be half
// done, what Begin wrote is there when it is settled; removing what is not there is no error, and reading it is [fs.ErrNotExist].
type files = secretstore.Files

// folder is files on the disk, for this user only.
type folder struct{ root *os.Root }

const (
	folderMode fs.FileMode = 0o700
	fileMode   fs.FileMode = 0o600
	// maxFile bounds what is read: the largest file is a lease record with its reason.
	maxFile = 1 << 20
)

// openFolder opens a folder, makes it if it is missing, and takes from others what they may do in it. A folder, or a link
// to one, that another user made is refused. What a crash left half written is removed.
func openFolder(path string) (*folder, error) {
	if err := os.MkdirAll(path, folderMode); err != nil {
		return nil, fmt.Errorf("create folder: %w", err)
	}
	if info, err := os.Lstat(path); err != nil || !ours(info) {
		return nil, errors.Join(errForeign(path), err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open folder: %w", err)
	}
	if info, err := root.Stat("."); err != nil || !ours(info) {
		return nil, errors.Join(errForeign(path), err, root.Close())
	}
	if err := root.Chmod(".", folderMode); err != nil {
		return nil, errors.Join(fmt.Errorf("protect folder: %w", err), root.Close())
	}
	if _, err := atomicfile.Sweep(root); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &folder{root}, nil
}

// below opens a folder inside this one.
func (f *folder) below(name string) (*folder, error) {
	return openFolder(filepath.Join(f.root.Name(), name))
}

func (f *folder) Read(name string) ([]byte, error) {
	info, err := f.root.Lstat(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, err)
	case !ours(info):
		return nil, fmt.Errorf("read %s: %w", name, errForeign(name))
	case !info.Mode().IsRegular() || info.Size() > maxFile:
		return nil, fmt.Errorf("read %s: not one of our files", name)
	}
	return f.root.ReadFile(name)
}

// nothingKept reports whether a file that the agent can do without is missing, or another user's, which is as good.
func nothingKept(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || keyshift.CodeOf(err) == keyshift.CodeIntegrityFailed
}

func (f *folder) Write(name string, data []byte) error {
	return atomicfile.Write(f.root, name, data, fileMode)
}

func (f *folder) Begin(name string, data []byte) (settle func() error, err error) {
	return atomicfile.Begin(f.root, name, data, fileMode)
}

func (f *folder) Remove(name string) error { return atomicfile.Remove(f.root, name) }

func (f *folder) Names() ([]string, error) {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list folder: %w", err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}
