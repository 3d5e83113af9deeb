package app

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestABusThatHangsDoesNotHangTheTray: it does without icon and notifications, and ends when it is told to.
func TestABusThatHangsDoesNotHangTheTray(t *testing.T) {
	bus := filepath.Join(t.TempDir(), "bus")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+bus)
	l, err := net.Listen("unix", bus)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, end := context.WithCancel(t.Context())
	p := &Program{Args: []string{"--background", "--socket", socket(t)}, Env: os.Getenv, Stderr: io.Discard, Now: time.Now}
	ended := make(chan int, 1)
	go func() { ended <- p.Run(ctx) }()
	c, err := l.Accept() // and not a word
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	end()
	if code := receive(t, ended); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}
