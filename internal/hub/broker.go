package hub

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Broker holds the streams of connected devices and wakes them. A wake-up only says "sync", so one that comes while
// another waits is the same.
type Broker struct {
	mu sync.Mutex
	// streams are those of each device, the oldest first.
	streams map[keyshift.ID][]chan struct{}
	devices func(ctx context.Context, batch keyshift.ID) ([]keyshift.ID, error)
	// hubChanged is called when another replica changed the hub's own row.
	hubChanged func(context.Context) error
}

func newBroker() *Broker { return &Broker{streams: map[keyshift.ID][]chan struct{}{}} }

// maxStreams is how many streams a device has at once: one, those that broke without our noticing, and room.
const maxStreams = 4

// Subscribe gives a channel that is filled when the device should sync, and a function that ends it. The channel is closed
// when newer streams of the device take its place.
func (b *Broker) Subscribe(device keyshift.ID) (news <-chan struct{}, end func()) {
	stream := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if own := b.streams[device]; len(own) >= maxStreams {
		close(own[0])
		b.streams[device] = slices.Delete(own, 0, 1)
	}
	b.streams[device] = append(b.streams[device], stream)
	return stream, func() { b.drop(device, stream) }
}

func (b *Broker) drop(device keyshift.ID, stream chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := slices.DeleteFunc(b.streams[device], func(other chan struct{}) bool { return other == stream })
	if len(left) == 0 {
		delete(b.streams, device)
		return
	}
	b.streams[device] = left
}

// Connected counts devices with a stream on this replica.
func (b *Broker) Connected() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.streams)
}

// Wake takes one wake-up of the outbox. A batch whose devices cannot be read wakes everybody: a sync too many is
// harmless, one too few is not.
func (b *Broker) Wake(topic, ref string) {
	ctx, cancel := context.WithTimeout(context.Background(), wakeWithin)
	defer cancel()
	var devices []keyshift.ID
	err := errUnknownTopic
	switch topic {
	case TopicDevice:
		devices, err = []keyshift.ID{keyshift.ID(ref)}, nil
	case TopicBatch:
		devices, err = b.devices(ctx, keyshift.ID(ref))
	case TopicHub:
		err = b.hubChanged(ctx)
	}
	if err != nil {
		b.WakeAll()
		return
	}
	b.wake(devices...)
}

// wakeWithin bounds the look-ups of one wake-up.
const wakeWithin = 10 * time.Second

// errUnknownTopic: a newer replica may say more than this one understands.
var errUnknownTopic = errors.New("unknown topic")

// WakeAll wakes every stream.
func (b *Broker) WakeAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for device := range b.streams {
		b.wakeLocked(device)
	}
}

func (b *Broker) wake(devices ...keyshift.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, device := range devices {
		b.wakeLocked(device)
	}
}

func (b *Broker) wakeLocked(device keyshift.ID) {
	for _, stream := range b.streams[device] {
		select {
		case stream <- struct{}{}:
		default:
		}
	}
}
