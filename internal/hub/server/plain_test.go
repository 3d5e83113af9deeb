package server

import (
	"errors"
	"net"
	"net/netip"
	"testing"
)

// caller is a connection from an address.
type caller struct {
	net.Conn
	from   string
	closed bool
}

func (c *caller) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.from))
}
func (c *caller) Close() error { c.closed = true; return nil }

// queue is a listener with callers that wait.
type queue struct {
	net.Listener
	waiting []*caller
}

func (q *queue) Accept() (net.Conn, error) {
	if len(q.waiting) == 0 {
		return nil, net.ErrClosed
	}
	next := q.waiting[0]
	q.waiting = q.waiting[1:]
	return next, nil
}

func TestPlainHTTPHangsUpOnStrangers(t *testing.T) {
	callers := []*caller{
		{from: "192.0.2.1:5000"}, {from: "10.1.2.3:5000"}, {from: "[2001:db8::1]:5000"}, {from: "127.0.0.1:5000"}, {from: "[::1]:5000"}, {from: "[::ffff:10.1.2.3]:5000"}, {from: "11.0.0.1:5000"},
	}
	listener := proxied{&queue{waiting: callers}, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	heard := map[string]bool{}
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		heard[conn.(*caller).from] = true
	}
	for _, c := range callers {
		want := c.from != "192.0.2.1:5000" && c.from != "[2001:db8::1]:5000" && c.from != "11.0.0.1:5000"
		if heard[c.from] != want || c.closed == want {
			t.Errorf("%s: heard = %v, hung up = %v, want heard = %v", c.from, heard[c.from], c.closed, want)
		}
	}
}
