package localclient

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// Once makes a client for a program that asks little and ends, as a command does: each question has a connection of its own,
// nothing runs beside who asks, and no tables are made to write a question and to read its answer (see package wire), so that
// a command has less to start and less to end. Otherwise it is as [New].
func Once(path string) *Client {
	c := newClient(path)
	c.http.Transport = once{c}
	c.way = plainWay{client: c}
	return c
}

// once is the way of one question and its answer. It sends HTTP/1.1 requests whose bodies are there already.
type once struct{ client *Client }

// RoundTrip implements [http.RoundTripper].
func (o once) RoundTrip(req *http.Request) (*http.Response, error) {
	alone := req.Clone(req.Context())
	alone.Close = true
	res, err := o.send(req.Context(), alone.Write)
	if err != nil {
		return nil, errors.Join(err, closeBody(req))
	}
	res.Request = req
	return res, nil
}

// send gives the answer to what write writes. Its connection ends with its body.
func (o once) send(ctx context.Context, write func(io.Writer) error) (*http.Response, error) {
	conn, err := o.client.dial(ctx, "", "")
	if err != nil {
		return nil, err
	}
	return over(ctx, conn, write)
}

// over is send over a connection that is there.
func over(ctx context.Context, conn channel, write func(io.Writer) error) (*http.Response, error) {
	// The context ends whatever is waited for, as a transport does it, but without somebody who waits beside.
	release := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	end := sync.OnceValue(func() error { release(); return conn.Close() })
	res, err := exchange(conn, write)
	if err != nil {
		return nil, errors.Join(given(ctx, err), end())
	}
	res.Body = &lastBody{res.Body, ctx, end}
	return res, nil
}

// channel is what a question needs of a connection.
type channel interface {
	io.ReadWriteCloser
	SetDeadline(at time.Time) error
}

func exchange(conn channel, write func(io.Writer) error) (*http.Response, error) {
	if err := write(conn); err != nil {
		return nil, err
	}
	return http.ReadResponse(bufio.NewReader(conn), nil)
}

func closeBody(req *http.Request) error {
	if req.Body == nil {
		return nil
	}
	return req.Body.Close()
}

// given is the reason for which an exchange failed: that the context ended it, or err.
func given(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// lastBody is an answer with which its connection ends.
type lastBody struct {
	io.ReadCloser
	asked context.Context //nolint:containedctx // that of the request, whose answer it is
	end   func() error
}

// Read implements [io.Reader].
func (b *lastBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = given(b.asked, err)
	}
	return n, err
}

// Close implements [io.Closer]. It does not wait for the rest.
func (b *lastBody) Close() error { return b.end() }
