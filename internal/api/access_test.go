package api

import (
	"context"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/reflect/protoreflect"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
)

func TestEveryLocalMethodIsForLocalCallers(t *testing.T) {
	server := connect.NewServer()
	keyshiftv1connect.RegisterLocalServiceHandler(server, keyshiftv1connect.UnimplementedLocalServiceHandler{})
	n := 0
	for spec := range server.Specs() {
		n++
		access, ok := AccessOf(spec)
		if !ok || access.GetCaller() != v1.Caller_CALLER_LOCAL {
			t.Errorf("%s: got %v, %v", spec.Procedure, access, ok)
		}
	}
	if n != 29 {
		t.Errorf("looked at %d methods", n)
	}
}

func TestAccessTellsEffects(t *testing.T) {
	methods := v1.File_keyshift_v1_local_proto.Services().ByName("LocalService").Methods()
	for name, want := range map[protoreflect.Name]bool{"CheckOut": true, "GetStatus": false} {
		access, ok := AccessOf(connect.Spec{Schema: methods.ByName(name)})
		if !ok || access.GetEffect() != want {
			t.Errorf("%s: got %v, %v", name, access, ok)
		}
	}
}

func TestUndeclaredMethodHasNoAccess(t *testing.T) {
	server := connect.NewServer()
	seen := 0
	server.SetUnknownHandler(func(_ context.Context, spec connect.Spec, _ connect.ServerStream) error {
		seen++
		if access, ok := AccessOf(spec); ok {
			t.Errorf("got %v", access)
		}
		return nil
	})
	if err := server.Call(t.Context(), "/keyshift.v1.LocalService/Nothing", nil, nil); err != nil || seen != 1 {
		t.Fatalf("asked %d times, %v", seen, err)
	}
}
