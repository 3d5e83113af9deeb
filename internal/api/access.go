package api

import (
	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// AccessOf reads who may call a method from its declaration in proto/. It reports false for a method that does not
// say: refuse to serve it.
func AccessOf(spec connect.Spec) (*v1.Access, bool) {
	method, ok := spec.Schema.(protoreflect.MethodDescriptor)
	if !ok || !proto.HasExtension(method.Options(), v1.E_Access) {
		return nil, false
	}
	access, ok := proto.GetExtension(method.Options(), v1.E_Access).(*v1.Access)
	return access, ok && access.GetCaller() != v1.Caller_CALLER_UNSPECIFIED
}
