package browsertest

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// Fixture is an internet of its own on loopback: whatever host name a browser asks for, over https or http, reaches one
// handler, which tells sites apart by Request.Host. Certificates are made as host names come, by a CA of this Fixture.
type Fixture struct {
	listener net.Listener // both TLS and plain
	proxy    net.Listener // for Firefox, which cannot map host names
	servers  []*http.Server
	authority
	dialed sync.WaitGroup
}

// NewFixture begins to serve.
func NewFixture(h http.Handler) (*Fixture, error) {
	ca, err := newAuthority()
	if err != nil {
		return nil, err
	}
	f := &Fixture{authority: ca}
	if f.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listen as internet: %w", err)
	}
	if f.proxy, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, errors.Join(fmt.Errorf("listen as proxy: %w", err), f.listener.Close())
	}
	f.serve(&twoWays{f.listener, &tls.Config{GetCertificate: ca.certificate, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}}, h)
	f.serve(f.proxy, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.relay(w, r, h) }))
	return f, nil
}

func (f *Fixture) serve(l net.Listener, h http.Handler) {
	s := &http.Server{Handler: h, ReadHeaderTimeout: Patience, ErrorLog: log.New(io.Discard, "", 0)}
	f.servers = append(f.servers, s)
	go func() { _ = s.Serve(l) }() // it ends with Close
}

// Addr is where the sites are, as host:port.
func (f *Fixture) Addr() string { return f.listener.Addr().String() }

// ProxyPort is the port of an HTTP proxy on 127.0.0.1 that leads to the sites.
func (f *Fixture) ProxyPort() int {
	a, _ := f.proxy.Addr().(*net.TCPAddr)
	return a.Port
}

// Close ends the servers and every connection.
func (f *Fixture) Close() error {
	var all error
	for _, s := range f.servers {
		all = errors.Join(all, s.Close())
	}
	f.dialed.Wait()
	return all
}

// relay is the proxy: it tunnels https, answers http itself.
func (f *Fixture) relay(w http.ResponseWriter, r *http.Request, h http.Handler) {
	if r.Method != http.MethodConnect {
		h.ServeHTTP(w, r)
		return
	}
	there, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", f.Addr())
	if err != nil {
		http.Error(w, "no site", http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	f.dialed.Add(1)
	defer f.dialed.Done()
	if _, err := io.WriteString(here, "HTTP/1.1 200 Connected\r\n\r\n"); err == nil {
		pipe(here, buffered, there)
	}
}

// pipe copies both ways until one end is closed.
func pipe(here net.Conn, buffered io.Reader, there net.Conn) {
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(there, buffered); _ = there.Close() })
	both.Go(func() { _, _ = io.Copy(here, there); _ = here.Close() })
	both.Wait()
}

// twoWays accepts TLS and plain connections on one port: host names are mapped to it, ports are not.
type twoWays struct {
	net.Listener
	config *tls.Config
}

func (l *twoWays) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &undecided{Conn: c, config: l.config}, nil
}

// undecided becomes TLS or plain with its first byte.
type undecided struct {
	net.Conn
	config *tls.Config
	once   sync.Once
	real   net.Conn
}

// handshake is the first byte of a TLS connection, RFC 8446 section 5.1.
const handshake = 22

func (c *undecided) decide() {
	in := bufio.NewReader(c.Conn)
	first, _ := in.Peek(1)
	seen := &peeked{c.Conn, in}
	if len(first) == 1 && first[0] == handshake {
		t := tls.Server(seen, c.config)
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		_ = t.HandshakeContext(ctx) // the next Read says what was wrong
		c.real = t
		return
	}
	c.real = seen
}

func (c *undecided) Read(p []byte) (int, error) {
	c.once.Do(c.decide)
	return c.real.Read(p)
}

func (c *undecided) Write(p []byte) (int, error) {
	c.once.Do(c.decide)
	return c.real.Write(p)
}

func (c *undecided) SetReadDeadline(t time.Time) error { return c.Conn.SetReadDeadline(t) }

// peeked is a connection some of which was read already.
type peeked struct {
	net.Conn
	in io.Reader
}

func (c *peeked) Read(p []byte) (int, error) { return c.in.Read(p) }
