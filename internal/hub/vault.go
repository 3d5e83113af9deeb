package hub

import (
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"github.com/keyshift-hq/keyshift/internal/kek"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// FileVault is a key-encryption key in a file. `keyshift-hub kek rotate` may run beside the hub, so the file is read again
// before anything is sealed, and when something was sealed under a version that is not known yet.
type FileVault struct {
	path, dataDir string
	key           atomic.Pointer[kek.KEK]
}

// OpenVault reads the key file, which must not lie in the data directory.
func OpenVault(path, dataDir string) (*FileVault, error) {
	v := &FileVault{path: path, dataDir: dataDir}
	return v, v.reload()
}

func (v *FileVault) reload() error {
	key, err := kek.Load(v.path, v.dataDir)
	if err != nil {
		return KeyRefusal(v.path, fmt.Errorf("load key-encryption key: %w", err))
	}
	v.key.Store(key)
	return nil
}

// KeyRefusal explains to an admin why the key file at a path cannot be used or changed. Other errors stay as they are.
func KeyRefusal(path string, err error) error {
	refuse := func(text, hint string) error {
		return keyshift.Refuse(keyshift.CodeKEKUnusable, "The key-encryption key "+path+text, hint).Because(err)
	}
	switch {
	case errors.Is(err, kek.ErrKeyExposed):
		return refuse(" can be read or changed by other users.", "Run chmod 0400 "+path+", and keyshift-hub kek rotate if somebody may have read it.")
	case errors.Is(err, kek.ErrKeyInsideData):
		return refuse(" lies inside the data directory: whoever copies that has the key, too.", "Move it elsewhere and name it with --kek-file.")
	case errors.Is(err, kek.ErrKeyFile):
		return refuse(" is damaged, or not such a file.", "Bring the right file back, or name it with --kek-file.")
	case errors.Is(err, kek.ErrKeyBusy):
		return refuse(" is being replaced by another command, or one died at that.", "If no other command is at work, remove "+path+".new and try again.")
	case errors.Is(err, fs.ErrNotExist):
		return refuse(" is not there.", "Bring the file back, or name it with --kek-file.")
	case errors.Is(err, fs.ErrPermission):
		return refuse(" cannot be read by this user.", "Give it to the user that keyshift-hub runs as, for reading alone.")
	}
	return err
}

// Seal seals under the newest version in the file. It fails when the file cannot be read: a version that the file does not
// have any more would open nothing after the next start.
func (v *FileVault) Seal(p kek.Place, plaintext []byte) (sealed []byte, version uint32, err error) {
	if err := v.reload(); err != nil {
		return nil, 0, err
	}
	return v.key.Load().Seal(p, plaintext)
}

// Open opens, and reads the file once more when it names a version that is not known yet.
func (v *FileVault) Open(p kek.Place, sealed []byte) ([]byte, error) {
	plain, err := v.key.Load().Open(p, sealed)
	var missing *kek.MissingVersionError
	if !errors.As(err, &missing) {
		return plain, err
	}
	if err := v.reload(); err != nil {
		return nil, errors.Join(missing, err)
	}
	return v.key.Load().Open(p, sealed)
}

// Primary is the newest version.
func (v *FileVault) Primary() uint32 { return v.key.Load().Primary() }

// Versions lists all versions in the file.
func (v *FileVault) Versions() []uint32 { return v.key.Load().Versions() }
