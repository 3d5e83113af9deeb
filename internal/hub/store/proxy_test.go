package store

import (
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// proxy stands between a store and its server, and can lose a connection at the worst moment.
type proxy struct {
	*testing.T
	socket string
	mu     sync.Mutex
	// lose is what to do with the next message that has commit in it; down ends connections and refuses new ones.
	lose    func(client, server net.Conn, message []byte)
	commit  string
	down    bool
	clients []net.Conn
	// sent counts what clients wrote.
	sent int
	// frozen is closed when nothing gets through any more, and nobody is told.
	frozen chan struct{}
}

func (p *proxy) freeze() { close(p.frozen) }

// passes blocks for ever once the proxy is frozen, until the test ends.
func (p *proxy) passes() bool {
	select {
	case <-p.frozen:
		<-p.Context().Done()
		return false
	default:
		return true
	}
}

// newProxy gives a proxy and the address of the database through it.
func newProxy(t *testing.T, dsn string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "keyshift") // the name of a socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(l.Close(), os.RemoveAll(dir)) })
	values := u.Query()
	p := &proxy{T: t, frozen: make(chan struct{}), socket: filepath.Join(values.Get("host"), ".s.PGSQL.5432")}
	values.Set("host", dir)
	u.RawQuery = values.Encode()
	go p.serve(l)
	return p, u.String()
}

func (p *proxy) serve(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", p.socket)
		p.mu.Lock()
		p.clients = append(p.clients, client)
		down := p.down
		p.mu.Unlock()
		if err != nil || down || !p.passes() {
			_ = client.Close()
			continue
		}
		go p.toServer(client, server)
		go p.toClient(client, server)
	}
}

func (p *proxy) toClient(client, server net.Conn) {
	defer client.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := server.Read(buf)
		if !p.passes() {
			return
		}
		if _, werr := client.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}

func (p *proxy) toServer(client, server net.Conn) {
	defer server.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if lose := p.take(buf[:n]); lose != nil {
			lose(client, server, buf[:n])
			return
		}
		if !p.passes() {
			return
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) take(message []byte) (lose func(client, server net.Conn, message []byte)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent++
	if p.commit != "" && strings.Contains(string(message), p.commit) {
		lose, p.lose = p.lose, nil
	}
	return lose
}

func (p *proxy) set(commit string, lose func(client, server net.Conn, message []byte), down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.commit, p.lose, p.down = commit, lose, down
	for _, client := range p.clients {
		if down {
			_ = client.Close()
		}
	}
}

// pending reports whether what set asked for has not happened yet.
func (p *proxy) pending() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lose != nil
}

func (p *proxy) messages() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent
}
