package wakeup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/keyshift-hq/keyshift/internal/hub"
)

const (
	channel = "keyshift_wakeup"
	// maxPayload is a little less than the 8,000 bytes that PostgreSQL lets a notification carry.
	maxPayload = 7900
	// reconnectAfter is the wait after a lost connection.
	reconnectAfter = time.Second
	// askEvery is how often a silent connection is asked whether it still lives.
	askEvery = 15 * time.Second
)

// postgres is the Waker of replicas that share a database.
type postgres struct {
	*outbox
	dsn  string
	sink Sink
	// conn notifies; only the goroutine of run uses it.
	conn *pgx.Conn
}

// Postgres tells wake-ups to all replicas on a database, this one included. The address is that of the store.
func Postgres(dsn string, store hub.Store, sink Sink, log *slog.Logger, clock func() time.Time) Waker {
	p := &postgres{outbox: newOutbox(store, log, clock), dsn: dsn, sink: sink}
	p.tell = p.send
	return p
}

// Run implements [Waker].
func (p *postgres) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.listen(ctx) })
	group.Go(func() error {
		sweep := time.NewTicker(sweepEvery)
		defer sweep.Stop()
		defer p.hangUp(ctx)
		return p.run(ctx, sweep.C)
	})
	return group.Wait()
}

type wake struct {
	Topic string `json:"t"`
	Ref   string `json:"r"`
}

// payloads packs rows into as few notifications as fit.
func payloads(rows []hub.OutboxRow) ([]string, error) {
	var packed []string
	var now []json.RawMessage
	size := 2
	flush := func() error {
		if len(now) == 0 {
			return nil
		}
		text, err := json.Marshal(now)
		packed, now, size = append(packed, string(text)), nil, 2
		return err
	}
	for _, row := range rows {
		one, err := json.Marshal(wake{row.Topic, row.Ref})
		if err != nil {
			return nil, fmt.Errorf("encode wake-up: %w", err)
		}
		if size+len(one)+1 > maxPayload {
			if err := flush(); err != nil {
				return nil, fmt.Errorf("encode wake-ups: %w", err)
			}
		}
		now, size = append(now, one), size+len(one)+1
	}
	if err := flush(); err != nil {
		return nil, fmt.Errorf("encode wake-ups: %w", err)
	}
	return packed, nil
}

// send notifies all replicas. Only the goroutine of run calls it.
func (p *postgres) send(ctx context.Context, rows []hub.OutboxRow) error {
	packed, err := payloads(rows)
	if err != nil {
		return err
	}
	if p.conn == nil {
		if p.conn, err = pgx.Connect(ctx, p.dsn); err != nil {
			return fmt.Errorf("connect notifier: %w", err)
		}
	}
	for _, payload := range packed {
		if _, err := p.conn.Exec(ctx, "SELECT pg_notify($1, $2)", channel, payload); err != nil {
			p.hangUp(ctx)
			return fmt.Errorf("notify: %w", err)
		}
	}
	return nil
}

func (p *postgres) hangUp(ctx context.Context) {
	if p.conn != nil {
		p.note("close notifier", p.conn.Close(context.WithoutCancel(ctx)))
		p.conn = nil
	}
}

// listen hears notifications until ctx ends. After each connection that was lost, wake-ups may have been missed.
func (p *postgres) listen(ctx context.Context) error {
	for {
		err := p.listenOnce(ctx)
		if ctx.Err() != nil {
			return nil
		}
		p.log.Warn("listen for wake-ups", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(reconnectAfter):
		}
	}
}

func (p *postgres) listenOnce(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.dsn)
	if err != nil {
		return fmt.Errorf("connect listener: %w", err)
	}
	defer func() { p.note("close listener", conn.Close(context.WithoutCancel(ctx))) }()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	p.sink.WakeAll()
	for {
		if err := p.hear(ctx, conn); err != nil {
			return err
		}
	}
}

// hear waits for one notification. A connection on which nothing came is asked whether it is still there: one that a
// firewall dropped says nothing by itself.
func (p *postgres) hear(ctx context.Context, conn *pgx.Conn) error {
	wait, cancel := context.WithTimeout(ctx, askEvery)
	defer cancel()
	got, err := conn.WaitForNotification(wait)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return conn.Ping(ctx)
	}
	if err != nil {
		return fmt.Errorf("wait for notification: %w", err)
	}
	var wakes []wake
	if json.Unmarshal([]byte(got.Payload), &wakes) != nil {
		p.sink.WakeAll() // a newer replica may say more than we understand
		return nil
	}
	for _, w := range wakes {
		p.sink.Wake(w.Topic, w.Ref)
	}
	return nil
}
