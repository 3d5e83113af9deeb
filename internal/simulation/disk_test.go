package simulation

import (
	"bytes"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/atomicfile"
)

// disk is the disk of a computer: what was written is there for everybody at once, and stays after a power cut only if it
// was synced.
type disk struct{ dirs map[string]*dir }

// dir is a directory. Names and contents are synced apart, as on a real disk.
type dir struct {
	names   map[string]*inode
	durable map[string]*inode
	changes []func(map[string]*inode) // since the last sync, in order
}

type inode struct{ data, durable []byte }

func newDisk() *disk { return &disk{dirs: map[string]*dir{}} }

func (d *disk) dir(path string) *dir {
	if d.dirs[path] == nil {
		d.dirs[path] = &dir{names: map[string]*inode{}, durable: map[string]*inode{}}
	}
	return d.dirs[path]
}

func (d *disk) paths() []string { return slices.Sorted(maps.Keys(d.dirs)) }

// cutPower loses what was not synced. Of the changes of names, the first ones may have come to the disk all the same.
func (d *disk) cutPower(dice dice) {
	for _, path := range d.paths() {
		dir := d.dirs[path]
		for _, change := range dir.changes[:dice.below(len(dir.changes)+1)] {
			change(dir.durable)
		}
		dir.changes, dir.names = nil, maps.Clone(dir.durable)
		for _, node := range dir.names {
			node.data = bytes.Clone(node.durable)
		}
	}
}

// clone copies a disk on which everything is synced.
func (d *disk) clone() *disk {
	c := newDisk()
	for path, from := range d.dirs {
		to := c.dir(path)
		for name, node := range from.names {
			to.names[name] = &inode{bytes.Clone(node.data), bytes.Clone(node.data)}
		}
		to.durable = maps.Clone(to.names)
	}
	return c
}

// anywhere reports whether a file whose name or content matches is there, or would be after a power cut.
func (d *disk) anywhere(match func(name string, data []byte) bool) bool {
	for _, dir := range d.dirs {
		for _, names := range []map[string]*inode{dir.names, dir.durable} {
			for name, node := range names {
				if match(name, node.data) || match(name, node.durable) {
					return true
				}
			}
		}
	}
	return false
}

func (d *dir) change(f func(map[string]*inode)) {
	f(d.names)
	d.changes = append(d.changes, f)
}

// directory is a directory as one run of a program has it, for package atomicfile.
type directory struct {
	*dir
	fuse *fuse
}

func (d directory) New(name string, _ fs.FileMode) (atomicfile.File, error) {
	if err := d.fuse.step(); err != nil {
		return nil, pathError("open", name, err)
	}
	node := &inode{}
	d.change(func(names map[string]*inode) { names[name] = node })
	return &file{node, d.fuse}, nil
}

func (d directory) Rename(from, to string) error {
	if err := d.fuse.step(); err != nil {
		return pathError("rename", from, err)
	}
	node := d.names[from]
	d.change(func(names map[string]*inode) {
		delete(names, from)
		names[to] = node
	})
	return nil
}

func (d directory) Remove(name string) error {
	if err := d.fuse.step(); err != nil {
		return pathError("remove", name, err)
	}
	if d.names[name] == nil {
		return pathError("remove", name, fs.ErrNotExist)
	}
	d.change(func(names map[string]*inode) { delete(names, name) })
	return nil
}

func (d directory) Files() ([]string, error) {
	return slices.Sorted(maps.Keys(d.names)), d.fuse.step()
}

func (d directory) Sync() error {
	if err := d.fuse.step(); err != nil {
		return pathError("sync", ".", err)
	}
	d.durable, d.changes = maps.Clone(d.names), nil
	return nil
}

func pathError(op, name string, err error) error { return &fs.PathError{Op: op, Path: name, Err: err} }

// file is a file that is being written.
type file struct {
	node *inode
	fuse *fuse
}

func (f *file) Write(p []byte) (int, error) {
	if err := f.fuse.step(); err != nil {
		return 0, pathError("write", "", err)
	}
	f.node.data = append(f.node.data, p...)
	return len(p), nil
}

func (f *file) Sync() error {
	if err := f.fuse.step(); err != nil {
		return pathError("sync", "", err)
	}
	f.node.durable = bytes.Clone(f.node.data)
	return nil
}

func (f *file) Chmod(fs.FileMode) error { return nil }
func (f *file) Close() error            { return nil }

// folder is agent.Files on a directory.
type folder struct{ in directory }

// openFolder does what the agent does on a real disk: it removes what a crash left half written.
func openFolder(d *dir, f *fuse) (folder, error) {
	in := directory{d, f}
	_, err := atomicfile.SweepIn(in)
	return folder{in}, err
}

func (f folder) Read(name string) ([]byte, error) {
	if f.in.fuse.dead {
		return nil, errDead
	}
	node, ok := f.in.names[name]
	if !ok {
		return nil, pathError("open", name, fs.ErrNotExist)
	}
	return bytes.Clone(node.data), nil
}

func (f folder) Write(name string, data []byte) error {
	return atomicfile.WriteIn(f.in, name, data, 0o600)
}

func (f folder) Begin(name string, data []byte) (settle func() error, err error) {
	return atomicfile.BeginIn(f.in, name, data, 0o600)
}

func (f folder) Remove(name string) error { return atomicfile.RemoveIn(f.in, name) }

func (f folder) Names() ([]string, error) {
	names := slices.Sorted(maps.Keys(f.in.names))
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, ".") }), nil
}
