package hub

import (
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Presence is what the hub knows of a device's contact. It is kept in memory and written in batches.
type Presence struct {
	DeviceID      keyshift.ID
	LastContact   time.Time
	AgentVersion  string
	WitnessedSize int64
	// WitnessNote is the checkpoint that the device countersigned, WitnessSignature its signature.
	WitnessNote      string
	WitnessSignature []byte
}

// DeviceReader reads devices.
type DeviceReader interface {
	Device(id keyshift.ID) (keyshift.Device, error)
	// DeviceAndUser reads both in one go: it starts every signed request.
	DeviceAndUser(id keyshift.ID) (keyshift.Device, keyshift.User, error)
	// ForSync gives a reader that has read at once what the sync of a device asks at now.
	ForSync(device keyshift.ID, now time.Time) (Reader, error)
	Devices(after keyshift.ID, limit int) ([]keyshift.Device, error)
	// DevicesOf gives the trusted devices that a wake-up is for, by its topic: that of a user, a group or an account.
	DevicesOf(topic string, ref keyshift.ID) ([]keyshift.ID, error)
	// Presence gives a zero Presence for a device without recorded contact.
	Presence(device keyshift.ID) (Presence, error)
}

// DeviceWriter changes devices.
type DeviceWriter interface {
	AddDevice(keyshift.Device) error
	SetDeviceState(id keyshift.ID, s keyshift.DeviceState) error
	// SetDevicesState does it for all trusted devices of a user.
	SetDevicesState(user keyshift.ID, s keyshift.DeviceState) error
	// SaveWindow stores a device's sequence window if it is still the one that was read; otherwise the write is retried.
	SaveWindow(id keyshift.ID, before, after keyshift.SequenceWindow) error
	// CountRefusal adds one refused signature and gives the new count.
	CountRefusal(id keyshift.ID) (int64, error)
	// SavePresence writes a batch.
	SavePresence([]Presence) error
}
