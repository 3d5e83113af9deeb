package hub

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Stream is one connection of a device that waits for wake-ups. Its methods are called by the [Broker] and do not block.
type Stream interface {
	// Wake says that the device should sync.
	Wake()
	// Replaced says that a newer stream of the device took the place of this one, which hears no more.
	Replaced()
}

// Broker holds the streams of connected devices and wakes them. A wake-up only says "sync", so one that comes while
// another waits is the same.
type Broker struct {
	mu sync.Mutex
	// streams are those of each device, the oldest first.
	streams map[keyshift.ID][]Stream
	devices func(ctx context.Context, topic string, ref keyshift.ID) ([]keyshift.ID, error)
	// hubChanged is called when another replica changed the hub's own row.
	hubChanged func(context.Context) error
}

func newBroker() *Broker { return &Broker{streams: map[keyshift.ID][]Stream{}} }

// maxStreams is how many streams a device has at once: one, those that broke without our noticing, and room.
const maxStreams = 4

// Add lets a stream hear of what concerns a device, until [Broker.Drop].
func (b *Broker) Add(device keyshift.ID, s Stream) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if own := b.streams[device]; len(own) >= maxStreams {
		own[0].Replaced()
		b.streams[device] = slices.Delete(own, 0, 1)
	}
	b.streams[device] = append(b.streams[device], s)
}

// Drop ends what Add began. Dropping a stream that is not there does nothing.
func (b *Broker) Drop(device keyshift.ID, s Stream) {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := slices.DeleteFunc(b.streams[device], func(other Stream) bool { return other == s })
	if len(left) == 0 {
		delete(b.streams, device)
		return
	}
	b.streams[device] = left
}

// note is a Stream for a goroutine that waits: a channel with room for one wake-up.
type note chan struct{}

// Wake implements [Stream].
func (n note) Wake() {
	select {
	case n <- struct{}{}:
	default:
	}
}

// Replaced implements [Stream].
func (n note) Replaced() { close(n) }

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
	case TopicBatch, TopicUser, TopicGroup, TopicAccount:
		devices, err = b.devices(ctx, topic, keyshift.ID(ref))
	case TopicHub:
		err = b.hubChanged(ctx)
	case TopicEverybody:
		b.WakeAll()
		return
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
		stream.Wake()
	}
}
