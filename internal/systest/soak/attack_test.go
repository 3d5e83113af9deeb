package soak

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hubclient"
)

// attacker is somebody in the network who wants the hub to do nothing else. It knows the address and the API; token is that
// of a user without any role, as a curious user has one.
type attacker struct {
	url, host string
	token     string
	all       sync.WaitGroup
	http      *http.Client
	// done counts, by kind, what was tried, answers by status, and failed what did not even reach the hub.
	mu      sync.Mutex
	done    map[string]int
	answers map[string]int
	failed  map[string]int
}

func newAttacker(url, token string) *attacker {
	return &attacker{
		url: url, host: strings.TrimPrefix(url, "https://"), token: token, done: map[string]int{}, answers: map[string]int{}, failed: map[string]int{},
		http: &http.Client{Timeout: time.Minute, Transport: &http.Transport{
			DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // #nosec G402 -- it attacks whoever answers
		}},
	}
}

// repeat runs an attack n times side by side, again and again until ctx ends.
func (a *attacker) repeat(ctx context.Context, kind string, n int, pause time.Duration, attack func(context.Context) error) {
	for range n {
		a.all.Go(func() {
			for ctx.Err() == nil {
				if err := attack(ctx); err != nil && ctx.Err() == nil {
					a.count(a.failed, err.Error())
				}
				a.count(a.done, kind)
				hubclient.Wait(ctx, pause)
			}
		})
	}
}

func (a *attacker) count(where map[string]int, what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	where[what]++
}

// open opens a TLS connection that ends with ctx.
func (a *attacker) open(ctx context.Context) (net.Conn, error) {
	d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // #nosec G402 -- see above
	c, err := d.DialContext(ctx, "tcp", a.host)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = c.Close() })
	return c, nil
}

// drip sends a text and then a byte a second, until the hub hangs up.
func (a *attacker) drip(start, more string) func(context.Context) error {
	return func(ctx context.Context) error {
		c, err := a.open(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = io.WriteString(c, start)
		for err == nil && hubclient.Wait(ctx, time.Second) {
			_, err = io.WriteString(c, more)
		}
		return nil // that it ends is what the hub wants
	}
}

// idle asks for something small and then keeps the connection for as long as the hub lets it.
func (a *attacker) idle(ctx context.Context) error {
	c, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := fmt.Fprintf(c, "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", a.host); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, bufio.NewReader(c)) // until it is closed
	return nil
}

// mute opens a TCP connection and says nothing, not even hello.
func (a *attacker) mute(ctx context.Context) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", a.host)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	defer c.Close()
	_, _ = io.Copy(io.Discard, c) // until it is closed
	return nil
}

// handshake makes the hub sign, for nothing.
func (a *attacker) handshake(ctx context.Context) error {
	c, err := a.open(ctx)
	if err != nil {
		return err
	}
	return c.Close()
}

// post sends a body to a method, with a token if there is one, and notes the answer.
func (a *attacker) post(method, token string, body func() io.Reader) func(context.Context) error {
	return func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url+method, body())
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		answer, err := a.http.Do(r)
		if err != nil {
			a.count(a.answers, "cut off")
			return nil // the hub does not listen to the end
		}
		a.count(a.answers, answer.Status[:3])
		return answer.Body.Close()
	}
}

// zeros is a body of n bytes of white space, which is JSON until something comes.
func zeros(n int64) func() io.Reader {
	return func() io.Reader { return io.LimitReader(spaces{}, n) }
}

type spaces struct{}

// Read implements [io.Reader].
func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// deep is nested so often.
func deep(levels int) func() io.Reader {
	text := strings.Repeat(`{"user":`, levels)
	return func() io.Reader { return strings.NewReader(text) }
}

// keys is an object with so many names, cut at size.
func keys(n, size int) func() io.Reader {
	var b bytes.Buffer
	b.WriteString("{")
	for i := 0; i < n && b.Len() < size-20; i++ {
		fmt.Fprintf(&b, `"k%d":1,`, i)
	}
	b.WriteString(`"z":1}`)
	text := b.Bytes()
	return func() io.Reader { return bytes.NewReader(text) }
}

// headers is a request with so many of them.
func (a *attacker) headers(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "POST /keyshift.v1.AuthService/Login HTTP/1.1\r\nHost: %s\r\n", a.host)
	for i := range n {
		fmt.Fprintf(&b, "X-Flood-%d: %s\r\n", i, strings.Repeat("x", 100))
	}
	return b.String() + "\r\n"
}
