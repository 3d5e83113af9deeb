package hub

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/keyshift-hq/keyshift/internal/seal"
)

// FileVault is a key-encryption key in a file. `keyshift-hub kek rotate` may run beside the hub, so the file is read again
// before anything is sealed, and when something was sealed under a version that is not known yet.
type FileVault struct {
	path, dataDir string
	key           atomic.Pointer[seal.KEK]
}

// OpenVault reads the key file, which must not lie in the data directory.
func OpenVault(path, dataDir string) (*FileVault, error) {
	v := &FileVault{path: path, dataDir: dataDir}
	return v, v.reload()
}

func (v *FileVault) reload() error {
	key, err := seal.LoadKEK(v.path, v.dataDir)
	if err != nil {
		return fmt.Errorf("load key-encryption key: %w", err)
	}
	v.key.Store(key)
	return nil
}

// Seal seals under the newest version in the file. It fails when the file cannot be read: a version that the file does not
// have any more would open nothing after the next start.
func (v *FileVault) Seal(p seal.Place, plaintext []byte) (sealed []byte, version uint32, err error) {
	if err := v.reload(); err != nil {
		return nil, 0, err
	}
	return v.key.Load().Seal(p, plaintext)
}

// Open opens, and reads the file once more when it names a version that is not known yet.
func (v *FileVault) Open(p seal.Place, sealed []byte) ([]byte, error) {
	plain, err := v.key.Load().Open(p, sealed)
	var missing *seal.MissingVersionError
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
