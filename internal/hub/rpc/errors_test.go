package rpc

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// What people are told to ask their admin about has to be in the admin's log, and nothing else.
func TestTheLogHasWhatIsTheHubsOwnFault(t *testing.T) {
	cause := errors.New("disk 7 is full")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		next   func() error
		code   connect.Code
		logged string
	}{
		{"storage", t.Context(), func() error { return keyshift.Refuse(keyshift.CodeStorageFull, "Full.", "").Because(cause) }, connect.CodeUnavailable, "disk 7"},
		{"unknown", t.Context(), func() error { return cause }, connect.CodeInternal, "disk 7"},
		{"panic", t.Context(), func() error { panic("index 7") }, connect.CodeInternal, "errors_test.go"},
		{"panic of a request that was given up", ended, func() error { panic("index 7") }, connect.CodeInternal, "errors_test.go"},
		{"given up", ended, func() error { return ended.Err() }, connect.CodeUnavailable, ""},
		{"a person's mistake", t.Context(), func() error { return keyshift.NotFound("user", "dana") }, connect.CodeNotFound, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			s := &Server{Options: Options{Log: slog.New(slog.NewTextHandler(&log, nil))}}
			err := s.tellErrors(func(context.Context, connect.Spec, connect.ServerStream) error { return tt.next() })(tt.ctx, connect.Spec{}, nil)
			if connect.CodeOf(err) != tt.code {
				t.Errorf("err = %v, want code %v", err, tt.code)
			}
			if got := log.String(); !strings.Contains(got, tt.logged) || tt.logged == "" && got != "" {
				t.Errorf("log = %q, want %q in it", got, tt.logged)
			}
		})
	}
}
