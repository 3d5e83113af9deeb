package server

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// door is a listener that lets no stranger take all connections which this process may have open: behind the limit it hangs
// up on whoever has as many as one may have. A stranger is an address of IPv4, or all with the same 64 bits of IPv6. A company
// behind one address is a stranger too, so the limit is most of what there is, and only others are protected by it.
type door struct {
	net.Listener
	// most is how many connections a stranger may have.
	most       int
	log        *slog.Logger
	handshakes turns

	mu   sync.Mutex
	open map[netip.Prefix]int
}

func newDoor(l net.Listener, most int, log *slog.Logger) *door {
	return &door{Listener: l, most: most, log: log, handshakes: turns{free: handshakesAtOnce()}, open: map[netip.Prefix]int{}}
}

// mostOf is what of all open files one stranger may have: nine tenths.
func mostOf(files int) int { return max(files-files/10, 1) }

// Accept implements [net.Listener].
func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if from := strangerOf(conn.RemoteAddr()); d.enter(from) {
			return &guest{Conn: conn, leave: sync.OnceFunc(func() { d.left(from) }), handshakes: &d.handshakes}, nil
		}
		_ = conn.Close() // there are too many of them
	}
}

func strangerOf(addr net.Addr) netip.Prefix {
	from, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return netip.Prefix{}
	}
	ip, bits := from.Addr().Unmap().WithZone(""), 32
	if ip.Is6() {
		bits = 64
	}
	stranger, _ := ip.Prefix(bits)
	return stranger
}

func (d *door) enter(from netip.Prefix) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[from] >= d.most {
		d.log.Debug("too many connections", "from", from.String())
		return false
	}
	d.open[from]++
	return true
}

func (d *door) left(from netip.Prefix) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[from]--; d.open[from] == 0 {
		delete(d.open, from)
	}
}

// guest is a connection that is counted while it is open.
type guest struct {
	net.Conn
	leave func()
	// busy: it has one of the places of the door's handshakes.
	busy, closed atomic.Bool
	handshakes   *turns
}

// Close implements [net.Conn].
func (g *guest) Close() error {
	g.closed.Store(true)
	g.rest()
	g.leave()
	return g.Conn.Close()
}
