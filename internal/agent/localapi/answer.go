package localapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"connectrpc.com/connect/v2"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// answer surrounds every call: it turns its error, or its panic, into what may be told, and writes the log line.
func (s *Server) answer(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) (err error) {
		start := time.Now()
		defer func() {
			if v := recover(); v != nil {
				err = s.panicked(spec.Procedure, v)
			}
			s.record(ctx, spec.Procedure, time.Since(start), err)
			err = tell(ctx, err)
		}()
		return next(ctx, spec, stream)
	}
}

func tell(ctx context.Context, err error) error {
	if info, ok := connect.CallInfoForServerContext(ctx); ok {
		api.SetCodeHeader(info.ResponseHeader(), err)
	}
	return api.ToConnect(err)
}

// record logs the outcome of a call, and of the call nothing else.
func (s *Server) record(ctx context.Context, procedure string, took time.Duration, err error) {
	peer, _ := ipc.PeerFrom(ctx)
	attrs := []slog.Attr{slog.String("method", procedure), slog.String("by", peer.String()), slog.Duration("took", took)}
	level := slog.LevelDebug
	if err != nil && !fromLibrary(err) {
		attrs = append(attrs, slog.String("code", string(keyshift.CodeOf(err))), slog.String("error", err.Error()))
		level = levelOf(err)
	}
	s.log.LogAttrs(ctx, level, "local call", attrs...)
}

func levelOf(err error) slog.Level {
	if keyshift.CodeOf(err) == keyshift.CodeInternal {
		return slog.LevelError
	}
	return slog.LevelDebug
}

// fromLibrary reports an error that the Connect library made about the request. It may quote the request.
func fromLibrary(err error) bool {
	_, ok := errors.AsType[*connect.Error](err)
	return ok
}

func (s *Server) panicked(where string, v any) error {
	err := fmt.Errorf("serve %s: %s", where, panicText(v))
	s.log.Error("local call panicked", "method", where, "stack", string(debug.Stack()))
	return err
}

// panicText tells the kind of a panic only, unless the runtime itself panicked: any other value may hold a secret.
func panicText(v any) string {
	if e, ok := v.(runtime.Error); ok {
		return "panic: " + e.Error()
	}
	return fmt.Sprintf("panic with a %T", v)
}

// cutOnPanic ends the connection of a request that panicked outside the calls.
func (s *Server) cutOnPanic(where string) {
	switch v := recover(); v {
	case nil:
	case http.ErrAbortHandler:
		panic(v)
	default:
		s.log.Error("local request panicked", "error", s.panicked(where, v).Error())
		panic(http.ErrAbortHandler)
	}
}
