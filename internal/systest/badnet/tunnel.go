package badnet

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// Tunnel is an HTTP proxy that lets TLS through untouched, by the method CONNECT.
type Tunnel struct {
	listener net.Listener
	find     func(host string) string
	login    string
	busy     sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]bool
	asked  strings.Builder
	passed bytes.Buffer
}

// NewTunnel listens until the test ends. find gives where a host really is. With a login, USER:PASSWORD, nobody passes
// without it.
func NewTunnel(t testing.TB, find func(host string) string, login string) *Tunnel {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	n := &Tunnel{listener: listener, find: find, login: login, open: map[net.Conn]bool{}}
	n.busy.Go(n.accept)
	t.Cleanup(n.end)
	return n
}

// Addr is the proxy's host and port.
func (n *Tunnel) Addr() string { return n.listener.Addr().String() }

// Recorded is what was asked of the proxy, a line each, and all bytes that passed it.
func (n *Tunnel) Recorded() (asked string, passed []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked.String(), bytes.Clone(n.passed.Bytes())
}

func (n *Tunnel) end() {
	_ = n.listener.Close()
	n.mu.Lock()
	for c := range n.open {
		_ = c.Close()
	}
	n.open = nil
	n.mu.Unlock()
	n.busy.Wait()
}

// keep notes a connection, or closes it if the test is over.
func (n *Tunnel) keep(c net.Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open == nil {
		_ = c.Close()
		return
	}
	n.open[c] = true
}

func (n *Tunnel) accept() {
	for {
		c, err := n.listener.Accept()
		if err != nil {
			return
		}
		n.keep(c)
		n.busy.Go(func() {
			defer c.Close()
			n.serve(c)
		})
	}
}

func (n *Tunnel) serve(c net.Conn) {
	r := bufio.NewReader(c)
	request, err := http.ReadRequest(r)
	if err != nil {
		return
	}
	login := request.Header.Get("Proxy-Authorization")
	n.mu.Lock()
	fmt.Fprintf(&n.asked, "%s %s login=%v\n", request.Method, request.Host, login != "")
	n.mu.Unlock()
	switch {
	case n.login != "" && login != "Basic "+base64.StdEncoding.EncodeToString([]byte(n.login)):
		_, _ = io.WriteString(c, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"company\"\r\nContent-Length: 0\r\n\r\n")
		return
	case request.Method != http.MethodConnect:
		_, _ = io.WriteString(c, "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
		return
	}
	hub, err := net.DialTimeout("tcp", n.find(request.Host), 5*time.Second)
	if err != nil {
		_, _ = io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer hub.Close()
	n.keep(hub)
	_, _ = io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n")
	n.join(c, r, hub)
}

// join passes bytes both ways until one side ends.
func (n *Tunnel) join(client net.Conn, asked io.Reader, hub net.Conn) {
	n.busy.Go(func() {
		_, _ = io.Copy(io.MultiWriter(hub, recorder{n}), asked)
		_ = hub.Close()
	})
	_, _ = io.Copy(io.MultiWriter(client, recorder{n}), hub)
}

type recorder struct{ *Tunnel }

func (r recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.passed.Write(p)
}
