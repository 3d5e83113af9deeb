//go:build unix

package service

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// listen plays systemd's end of NOTIFY_SOCKET.
func listen(t *testing.T, name string) *net.UnixConn {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// heard reads the messages that have arrived.
func heard(t *testing.T, c *net.UnixConn, n int) []string {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	got := make([]string, 0, n)
	buf := make([]byte, 256)
	for range n {
		size, err := c.Read(buf)
		if err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
		got = append(got, string(buf[:size]))
	}
	return got
}

func TestNotifierSpeaksToSystemd(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	systemd := listen(t, name)
	n := Notifier{Socket: name}
	for _, send := range []func() error{n.Ready, func() error { return n.Notify("STATUS=3 leases") }, n.Stopping} {
		if err := send(); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"READY=1", "STATUS=3 leases", "STOPPING=1"}
	if diff := cmp.Diff(want, heard(t, systemd, len(want))); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestNotifierWithoutASocketSaysNothing(t *testing.T) {
	if err := (Notifier{}).Ready(); err != nil {
		t.Error(err)
	}
}

func TestNotifierReportsAMissingManager(t *testing.T) {
	if err := (Notifier{Socket: filepath.Join(t.TempDir(), "absent")}).Ready(); err == nil {
		t.Error("got no error")
	}
}

// TestTheWatchdogHearsOnlyAHealthyAgent: with a limit of 30 s there is a ping each 10 s, except while alive fails.
func TestTheWatchdogHearsOnlyAHealthyAgent(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	systemd := listen(t, name)
	looks := 0
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 55*time.Second)
		defer cancel()
		err := Notifier{Socket: name, Watchdog: 30 * time.Second}.Watch(ctx, func(context.Context) error {
			if looks++; looks > 3 {
				return errors.New("the engine does not answer")
			}
			return nil
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
	if looks != 6 {
		t.Errorf("looked %d times in 55 s, want 6", looks)
	}
	if err := (Notifier{Socket: name}).Stopping(); err != nil { // what comes after the last ping
		t.Fatal(err)
	}
	want := []string{"WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"}
	if diff := cmp.Diff(want, heard(t, systemd, len(want))); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestAnEngineThatHangsIsNotAlive(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	systemd := listen(t, name)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		n := Notifier{Socket: name, Watchdog: 30 * time.Second}
		_ = n.Watch(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	})
	if err := (Notifier{Socket: name}).Stopping(); err != nil {
		t.Fatal(err)
	}
	if got := heard(t, systemd, 1); got[0] != "STOPPING=1" {
		t.Errorf("got %q, want no ping before it", got)
	}
}

func TestWithoutAWatchdogWatchOnlyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err := Notifier{}.Watch(ctx, func(context.Context) error { t.Error("asked for health"); return nil })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestWatchdogLimit(t *testing.T) {
	for _, tt := range []struct {
		usec, watched string
		want          time.Duration
	}{
		{"30000000", "7", 30 * time.Second},
		{"30000000", "", 30 * time.Second},
		{"30000000", "8", 0},
		{"", "", 0},
		{"-1", "7", 0},
		{"x", "7", 0},
		{"9223372036854775807", "7", 0},
	} {
		if got := WatchdogLimit(tt.usec, tt.watched, 7); got != tt.want {
			t.Errorf("%q for %q: got %v, want %v", tt.usec, tt.watched, got, tt.want)
		}
	}
}
