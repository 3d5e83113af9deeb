package rpc

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// In both encodings a text with a zero character is found, wherever it is, and no other is.
func TestNoTextHasAZero(t *testing.T) {
	for _, tt := range []struct {
		name string
		req  *v1.RevokeRequest
		want error
	}{
		{"plain", &v1.RevokeRequest{Reason: "over", Target: &v1.RevokeRequest_LeaseId{LeaseId: "1"}}, nil},
		{"a zero in a text", &v1.RevokeRequest{Reason: "ov\x00er"}, errZero},
		{"a zero in a choice", &v1.RevokeRequest{Reason: "over", Target: &v1.RevokeRequest_LeaseId{LeaseId: "\x00"}}, errZero},
		{"written as in JSON", &v1.RevokeRequest{Reason: `\u0000`}, nil},
	} {
		for encoding, encode := range map[string]func(proto.Message) ([]byte, error){"binary": proto.Marshal, "JSON": protojson.Marshal} {
			content, err := encode(tt.req)
			if err != nil {
				t.Fatal(err)
			}
			if got := checkText(content, tt.req); !errors.Is(got, tt.want) {
				t.Errorf("%s, %s: got %v, want %v", tt.name, encoding, got, tt.want)
			}
		}
	}
}
