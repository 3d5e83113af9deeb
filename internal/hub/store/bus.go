package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Bus carries short texts between the replicas on one PostgreSQL database, by LISTEN and NOTIFY on connections of its
// own. A text is lost while nobody listens. One goroutine may use Notify and Close, another Listen.
type Bus struct {
	dsn, channel string
	// notifying is nil until the first Notify, and after one that failed.
	notifying *pgx.Conn
}

// MaxPayload is a little less than the 8,000 bytes that PostgreSQL lets a notification carry.
const MaxPayload = 7900

// askEvery is how often a silent connection is asked whether it still lives.
const askEvery = 15 * time.Second

// NewBus names a database and a channel on it; it opens nothing.
func NewBus(dsn, channel string) *Bus { return &Bus{dsn: dsn, channel: channel} }

// Notify tells all who listen.
func (b *Bus) Notify(ctx context.Context, payload string) error {
	if b.notifying == nil {
		conn, err := pgx.Connect(ctx, b.dsn)
		if err != nil {
			return fmt.Errorf("connect notifier: %w", err)
		}
		b.notifying = conn
	}
	if _, err := b.notifying.Exec(ctx, "SELECT pg_notify($1, $2)", b.channel, payload); err != nil {
		return errors.Join(fmt.Errorf("notify: %w", err), b.Close(ctx))
	}
	return nil
}

// Close ends the connection of Notify; the next Notify opens another.
func (b *Bus) Close(ctx context.Context) error {
	conn := b.notifying
	b.notifying = nil
	if conn == nil {
		return nil
	}
	return conn.Close(context.WithoutCancel(ctx))
}

// Listen hears what is told from now on, until ctx ends or the connection does; the error is never nil. ready is called
// once it listens.
func (b *Bus) Listen(ctx context.Context, ready func(), each func(payload string)) error {
	conn, err := pgx.Connect(ctx, b.dsn)
	if err != nil {
		return fmt.Errorf("connect listener: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{b.channel}.Sanitize()); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	ready()
	for {
		if err := hear(ctx, conn, each); err != nil {
			return err
		}
	}
}

// hear waits for one notification. A connection on which nothing came is asked whether it is still there: one that a
// firewall dropped says nothing by itself.
func hear(ctx context.Context, conn *pgx.Conn, each func(string)) error {
	wait, cancel := context.WithTimeout(ctx, askEvery)
	defer cancel()
	got, err := conn.WaitForNotification(wait)
	switch {
	case err == nil:
		each(got.Payload)
		return nil
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return conn.Ping(ctx)
	}
	return fmt.Errorf("wait for notification: %w", err)
}
