package wakeup

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/keyshift-hq/keyshift/internal/hub"
)

// Bus carries short texts to all replicas, this one included. One goroutine calls Notify and Close, another Listen.
type Bus interface {
	Notify(ctx context.Context, payload string) error
	Close(ctx context.Context) error
	// Listen hears until ctx or its connection ends, and calls ready once it does.
	Listen(ctx context.Context, ready func(), each func(payload string)) error
}

// tellEvery bounds how often the bus is used: a notification costs the database as much as a small transaction, and one carries
// many wake-ups. After a pause, the first is told at once.
const tellEvery = 25 * time.Millisecond

// listenAgainAfter is the wait after a lost connection.
const listenAgainAfter = time.Second

// replicas is the Waker of hubs that share a database.
type replicas struct {
	*outbox
	bus        Bus
	maxPayload int
	sink       Sink
	// listening is closed once this replica hears, itself included: what is told before would be lost.
	listening chan struct{}
	once      sync.Once
}

// Replicas tells wake-ups over a bus whose texts have at most maxPayload bytes.
func Replicas(bus Bus, maxPayload int, store hub.Store, sink Sink, log *slog.Logger, clock func() time.Time) Waker {
	r := &replicas{outbox: newOutbox(store, log, clock), bus: bus, maxPayload: maxPayload, sink: sink, listening: make(chan struct{})}
	r.tell, r.apart = r.send, tellEvery
	return r
}

// Run implements [Waker].
func (r *replicas) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.listen(ctx) })
	group.Go(func() error {
		select {
		case <-r.listening:
		case <-ctx.Done():
			return nil
		}
		sweep := time.NewTicker(sweepEvery)
		defer sweep.Stop()
		defer func() { r.note("close notifier", r.bus.Close(ctx)) }()
		return r.run(ctx, sweep.C)
	})
	return group.Wait()
}

type wake struct {
	Topic string `json:"t"`
	Ref   string `json:"r"`
}

// payloads packs rows into as few texts as fit.
func payloads(rows []hub.OutboxRow, most int) ([]string, error) {
	var packed []string
	var now []wake
	size := len("[]")
	for _, row := range rows {
		w := wake{row.Topic, row.Ref}
		one, err := json.Marshal(w)
		if err != nil {
			return nil, fmt.Errorf("encode wake-up: %w", err)
		}
		if size+len(one)+1 > most {
			if packed, err = pack(packed, now); err != nil {
				return nil, err
			}
			now, size = nil, len("[]")
		}
		now, size = append(now, w), size+len(one)+1
	}
	return pack(packed, now)
}

func pack(packed []string, wakes []wake) ([]string, error) {
	if len(wakes) == 0 {
		return packed, nil
	}
	text, err := json.Marshal(wakes)
	if err != nil {
		return nil, fmt.Errorf("encode wake-ups: %w", err)
	}
	return append(packed, string(text)), nil
}

func (r *replicas) send(ctx context.Context, rows []hub.OutboxRow) error {
	packed, err := payloads(rows, r.maxPayload)
	if err != nil {
		return err
	}
	for _, payload := range packed {
		if err := r.bus.Notify(ctx, payload); err != nil {
			return err
		}
	}
	return nil
}

// listen hears until ctx ends. Whenever it begins to, wake-ups may have been missed.
func (r *replicas) listen(ctx context.Context) error {
	for {
		err := r.bus.Listen(ctx, r.ready, r.hear)
		if ctx.Err() != nil {
			return nil
		}
		r.note("listen", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(listenAgainAfter):
		}
	}
}

func (r *replicas) ready() {
	r.once.Do(func() { close(r.listening) })
	r.sink.WakeAll()
}

func (r *replicas) hear(payload string) {
	var wakes []wake
	if json.Unmarshal([]byte(payload), &wakes) != nil {
		r.sink.WakeAll() // a newer replica may say more than this one understands
		return
	}
	for _, w := range wakes {
		r.sink.Wake(w.Topic, w.Ref)
	}
}
