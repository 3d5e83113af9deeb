package hub

import (
	"sync"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// deviceKey is what of a device never changes: the key it signs with, and whose it is. A device that enrolls again gets
// another id. What may change, above all whether it is trusted, is read anew for every request.
type deviceKey struct {
	key  []byte
	user keyshift.ID
}

// The bounds of the memory that keys take: about 200 bytes each for those that verify, 6 KiB for those that seal.
const (
	maxDeviceKeys  = 50_000
	maxSealingKeys = 1_000
)

// keys keeps what is made of the keys of the devices that ask: it spares a look into the database for each signature, and
// reading a key anew for each lease.
type keys[K any] struct {
	most int
	mu   sync.RWMutex
	byID map[keyshift.ID]K
}

func newKeys[K any](most int) *keys[K] { return &keys[K]{most: most, byID: map[keyshift.ID]K{}} }

func (k *keys[K]) get(id keyshift.ID) (K, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	known, ok := k.byID[id]
	return known, ok
}

// put forgets any other when there are too many: it is made again when it is asked for.
func (k *keys[K]) put(id keyshift.ID, key K) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for other := range k.byID {
		if len(k.byID) < k.most {
			break
		}
		delete(k.byID, other)
	}
	k.byID[id] = key
}

// sealingKey gives the key that is sealed to, of a device as the store has it.
func (h *Hub) sealingKey(device keyshift.ID, public []byte) (seal.DeviceKey, error) {
	if known, ok := h.sealingKeys.get(device); ok {
		return known, nil
	}
	key, err := seal.ParseDeviceKey(public)
	if err == nil {
		h.sealingKeys.put(device, key)
	}
	return key, err
}
