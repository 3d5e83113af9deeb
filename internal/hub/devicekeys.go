package hub

import (
	"sync"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// deviceKey is what of a device never changes: the key it signs with, and whose it is. A device that enrolls again gets
// another id. What may change, above all whether it is trusted, is read anew for every request.
type deviceKey struct {
	key  []byte
	user keyshift.ID
}

// deviceKeys keeps the keys of the devices that ask, so that a signature is verified without a look into the database.
type deviceKeys struct {
	mu   sync.RWMutex
	byID map[keyshift.ID]deviceKey
}

// maxDeviceKeys bounds the memory; a key takes about 200 bytes.
const maxDeviceKeys = 10_000

func (k *deviceKeys) get(id keyshift.ID) (deviceKey, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	known, ok := k.byID[id]
	return known, ok
}

// put forgets any other when there are too many: it is read again when it asks.
func (k *deviceKeys) put(id keyshift.ID, key deviceKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for other := range k.byID {
		if len(k.byID) < maxDeviceKeys {
			break
		}
		delete(k.byID, other)
	}
	k.byID[id] = key
}
