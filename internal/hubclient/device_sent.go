package hubclient

import (
	"context"
	"net/http/httptrace"
	"path"
	"sync"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
)

// noteSent tells onSend of each message, and calls what it gives once the message has left this computer. One that never
// got as far as a connection has not.
func noteSent(onSend func(method string, message proto.Message) (left func())) connect.ClientInterceptor {
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			s := &sentStream{method: path.Base(spec.Procedure), onSend: onSend}
			ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: s.wrote})
			stream, err := next(ctx, spec)
			if err != nil {
				return nil, err
			}
			s.ClientStream = stream
			return s, nil
		}
	}
}

// sentStream is one call. A connection that turns out to be dead makes the library send again; that counts once.
type sentStream struct {
	connect.ClientStream
	method string
	onSend func(string, proto.Message) func()

	mu   sync.Mutex
	left func()
}

// Send reads the message before anybody can change it.
func (s *sentStream) Send(msg any) error {
	if m, ok := msg.(proto.Message); ok {
		left := s.onSend(s.method, m)
		s.mu.Lock()
		s.left = left
		s.mu.Unlock()
	}
	return s.ClientStream.Send(msg)
}

func (s *sentStream) wrote(info httptrace.WroteRequestInfo) {
	if info.Err != nil {
		return
	}
	s.mu.Lock()
	left := s.left
	s.left = nil
	s.mu.Unlock()
	if left != nil {
		left()
	}
}
