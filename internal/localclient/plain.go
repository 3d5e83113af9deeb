package localclient

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	"github.com/keyshift-hq/keyshift/internal/wire"
)

// plainWay asks as the Connect library does (https://connectrpc.com/docs/protocol, unary), without it. Only what is not a
// plain answer, an error above all, is given to the library to read.
type plainWay struct {
	client *Client
	begun  *Begun // nil for none
}

func (w plainWay) ask(ctx context.Context, procedure string, req, res proto.Message) error {
	question, err := wire.Append(nil, req)
	if err != nil {
		return overConnect(w.client.http).ask(ctx, procedure, req, res)
	}
	answer, err := w.send(ctx, procedure, question)
	if err != nil {
		return coded(err)
	}
	defer func() { _ = answer.Body.Close() }()
	return understand(ctx, answer, procedure, req, res)
}

// send sends a question that has not begun, and gives the answer.
func (w plainWay) send(ctx context.Context, procedure string, question []byte) (*http.Response, error) {
	if conn := w.begun.take(w.client.path, procedure, question); conn != nil {
		return over(ctx, conn, func(io.Writer) error { return nil })
	}
	return once{w.client}.send(ctx, func(out io.Writer) error { return post(ctx, out, procedure, question) })
}

// post writes a request at once.
func post(ctx context.Context, out io.Writer, procedure string, question []byte) error {
	limit := wire.CallLimit
	if deadline, ok := ctx.Deadline(); ok {
		limit = time.Until(deadline)
	}
	_, err := out.Write(wire.Request(procedure, limit, question))
	return err
}

// understand reads an answer whose body is not too long.
func understand(ctx context.Context, answer *http.Response, procedure string, req, res proto.Message) error {
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return coded(err)
	}
	plain := answer.StatusCode == http.StatusOK && answer.Header.Get("Content-Type") == wire.ContentType && answer.Header.Get("Content-Encoding") == "" && len(body) <= maxAnswer
	if plain && wire.Read(body, res) == nil {
		return nil
	}
	proto.Reset(res)
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return overConnect(heard{answer}).ask(ctx, procedure, req, res)
}

// heard is an answer that is here already, for the library to read.
type heard struct{ *http.Response }

// Do gives the answer to whatever is asked.
func (h heard) Do(req *http.Request) (*http.Response, error) {
	h.Request = req
	return h.Response, closeBody(req)
}

// coded says as the library does that the time is over or that the caller gave up.
func coded(err error) error {
	code := connect.CodeUnavailable
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		code = connect.CodeDeadlineExceeded
	case errors.Is(err, context.Canceled):
		code = connect.CodeCanceled
	}
	return connect.NewError(code, "").WithCause(err)
}
