package server

import (
	"errors"
	"log/slog"
	"net"
	"testing"
)

func TestNoStrangerTakesAllConnections(t *testing.T) {
	callers := []*caller{
		{from: "192.0.2.1:1"}, {from: "192.0.2.1:2"}, {from: "192.0.2.1:3"}, {from: "192.0.2.2:1"}, {from: "[::ffff:192.0.2.1]:4"},
		{from: "[2001:db8::1]:1"}, {from: "[2001:db8::2]:1"}, {from: "[2001:db8::3]:1"}, {from: "[2001:db8:0:1::1]:1"},
	}
	q := &queue{waiting: callers}
	d := newDoor(q, 2, slog.New(slog.DiscardHandler))
	guests := map[string]net.Conn{}
	enter := func() {
		for conn, err := d.Accept(); !errors.Is(err, net.ErrClosed); conn, err = d.Accept() {
			guests[conn.RemoteAddr().String()] = conn
		}
	}
	enter()
	for _, c := range callers {
		refused := c.from == "192.0.2.1:3" || c.from == "[::ffff:192.0.2.1]:4" || c.from == "[2001:db8::3]:1"
		if c.closed != refused {
			t.Errorf("%s: hung up = %v, want %v", c.from, c.closed, refused)
		}
	}
	for range 2 { // leaving twice is leaving once
		if err := guests["192.0.2.1:1"].Close(); err != nil {
			t.Fatal(err)
		}
	}
	q.waiting = []*caller{{from: "192.0.2.1:5"}, {from: "192.0.2.1:6"}}
	fifth, sixth := q.waiting[0], q.waiting[1]
	enter()
	if fifth.closed || !sixth.closed {
		t.Errorf("after one left: hung up on the next = %v, on the one after = %v", fifth.closed, sixth.closed)
	}
	for _, g := range guests {
		_ = g.Close()
	}
	if len(d.open) != 0 {
		t.Errorf("when all had left, %v were remembered", d.open)
	}
}

func TestMostOf(t *testing.T) {
	for files, want := range map[int]int{1: 1, 1024: 922, 20_000: 18_000} {
		if got := mostOf(files); got != want {
			t.Errorf("of %d files a stranger may have %d, want %d", files, got, want)
		}
	}
}
