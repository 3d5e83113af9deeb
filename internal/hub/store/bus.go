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
	// askEvery is how often a silent connection is asked whether it still lives, patience how long anything may take.
	askEvery, patience time.Duration
	// notifying is nil until the first Notify, and after one that failed.
	notifying *pgx.Conn
}

// MaxPayload is a little less than the 8,000 bytes that PostgreSQL lets a notification carry.
const MaxPayload = 7900

// NewBus names a database and a channel on it; it opens nothing.
func NewBus(dsn, channel string) *Bus {
	return &Bus{dsn: dsn, channel: channel, askEvery: 15 * time.Second, patience: 10 * time.Second}
}

// Notify tells all who listen. A connection that was lost since the last time is replaced.
func (b *Bus) Notify(ctx context.Context, payload string) error {
	used := b.notifying != nil
	err := b.notify(ctx, payload)
	if err != nil && used && ctx.Err() == nil {
		err = b.notify(ctx, payload)
	}
	return err
}

func (b *Bus) notify(ctx context.Context, payload string) error {
	ctx, cancel := context.WithTimeout(ctx, b.patience)
	defer cancel()
	if b.notifying == nil {
		conn, err := b.connect(ctx)
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

// connect keeps the address, which may hold a password, out of its error. What is told need not outlive the server, so telling does
// not wait for its disk.
func (b *Bus) connect(ctx context.Context) (*pgx.Conn, error) {
	config, err := parseDSN(b.dsn)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["application_name"] = "keyshift-hub"
	config.RuntimeParams["synchronous_commit"] = "off"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, withoutAddress(err)
	}
	return conn, nil
}

// Close ends the connection of Notify; the next Notify opens another.
func (b *Bus) Close(ctx context.Context) error {
	conn := b.notifying
	b.notifying = nil
	if conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.patience)
	defer cancel()
	return conn.Close(ctx)
}

// Listen hears what is told from now on, until ctx ends or the connection does; the error is never nil. ready is called
// once it listens.
func (b *Bus) Listen(ctx context.Context, ready func(), each func(payload string)) error {
	conn, err := b.connect(ctx)
	if err != nil {
		return fmt.Errorf("connect listener: %w", err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.patience)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{b.channel}.Sanitize()); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	ready()
	for {
		if err := b.hear(ctx, conn, each); err != nil {
			return err
		}
	}
}

// hear waits for one notification. A connection on which nothing came is asked whether it is still there: one that a
// firewall dropped says nothing by itself.
func (b *Bus) hear(ctx context.Context, conn *pgx.Conn, each func(string)) error {
	wait, cancel := context.WithTimeout(ctx, b.askEvery)
	defer cancel()
	got, err := conn.WaitForNotification(wait)
	switch {
	case err == nil:
		each(got.Payload)
		return nil
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		ask, cancel := context.WithTimeout(ctx, b.patience)
		defer cancel()
		if err := conn.Ping(ask); err != nil {
			return fmt.Errorf("ask listener's connection: %w", err)
		}
		return nil
	}
	return fmt.Errorf("wait for notification: %w", err)
}
