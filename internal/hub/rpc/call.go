package rpc

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protopath"
	"google.golang.org/protobuf/reflect/protorange"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func proofOf(ctx context.Context) *proof {
	p, _ := ctx.Value(callKey{}).(*proof)
	return p
}

// callOf makes the hub's call of a request. The same message always has the same fingerprint, in whatever encoding it
// came.
func (s *Server) callOf(ctx context.Context, req proto.Message) (hub.Call, error) {
	p := proofOf(ctx)
	if p == nil {
		return hub.Call{}, errors.New("read call: the request was not identified")
	}
	if err := checkText(p.body, req); err != nil {
		return hub.Call{}, err
	}
	call := p.call
	if effect, ok := req.(interface{ GetRequestId() string }); ok {
		call.RequestID = effect.GetRequestId()
		encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
		if err != nil {
			return hub.Call{}, fmt.Errorf("encode request: %w", err)
		}
		call.BodyHash = s.Hub.Fingerprint(encoded)
	}
	return call, nil
}

// checkText refuses the zero character, which PostgreSQL does not take and nobody needs. What else text may hold is for the
// rules of each field to say. Content without a zero, written out or as JSON writes it, need not be looked at closely.
func checkText(content []byte, req proto.Message) error {
	if len(content) > 0 && bytes.IndexByte(content, 0) < 0 && !bytes.Contains(content, []byte(`\u0000`)) {
		return nil
	}
	return protorange.Range(req.ProtoReflect(), func(p protopath.Values) error {
		if text, ok := p.Index(-1).Value.Interface().(string); ok && strings.ContainsRune(text, 0) {
			return errZero
		}
		return nil
	})
}

var errZero = keyshift.Invalid(keyshift.CodeBodyInvalid, "The request has a text with a zero character.", "Send plain text.")

// answer is the whole of most handlers: call, use case, message.
func answer[Q proto.Message, R, A any](ctx context.Context, s *Server, req Q, do func(hub.Call) (R, error), show func(R) A) (A, error) {
	var none A
	call, err := s.callOf(ctx, req)
	if err != nil {
		return none, err
	}
	result, err := do(call)
	if err != nil {
		return none, err
	}
	return show(result), nil
}

// pageRequest is part of every list.
type pageRequest interface {
	GetPageSize() int32
	GetPageToken() string
}

// placeForm is what a list is ordered by: the id of something, or of an event.
var placeForm = regexp.MustCompile(`^[0-9a-f-]{0,100}$`)

// pageOf reads where a list goes on. The token is opaque to clients.
func pageOf(req pageRequest) (hub.Page, error) {
	after, err := base64.RawURLEncoding.DecodeString(req.GetPageToken())
	if err != nil || req.GetPageSize() < 0 || req.GetPageSize() > 500 || !placeForm.Match(after) {
		return hub.Page{}, keyshift.Invalid(keyshift.CodeFieldInvalid, "The page is not one of this list.", "Use page_size 1 to 500 and the page_token of the answer before.")
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = 100
	}
	return hub.Page{After: string(after), Limit: size}, nil
}

// pages is answer for one page of a list. id names the item behind which the next page begins.
func pages[Q interface {
	proto.Message
	pageRequest
}, T, A any](ctx context.Context, s *Server, req Q, read func(hub.Call, hub.Page) ([]T, error), id func(T) string, show func(list []T, next string) A) (A, error) {
	page, err := pageOf(req)
	if err != nil {
		var none A
		return none, err
	}
	return answer(ctx, s, req, func(c hub.Call) ([]T, error) { return read(c, page) }, func(list []T) A {
		if len(list) < page.Limit {
			return show(list, "")
		}
		return show(list, base64.RawURLEncoding.EncodeToString([]byte(id(list[len(list)-1]))))
	})
}

func durationOf(d *durationpb.Duration) time.Duration {
	if d == nil {
		return 0
	}
	if d.CheckValid() != nil {
		return -1 // refused by whoever validates it
	}
	return d.AsDuration()
}

// stamp writes a moment; the zero time is absent.
func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func momentOf(t *timestamppb.Timestamp) time.Time {
	if t == nil || t.CheckValid() != nil {
		return time.Time{}
	}
	return t.AsTime()
}

// done is answer for a use case without a result.
func done[Q proto.Message, A any](ctx context.Context, s *Server, req Q, nothing A, do func(hub.Call) error) (A, error) {
	return answer(ctx, s, req, func(c hub.Call) (struct{}, error) { return struct{}{}, do(c) }, func(struct{}) A { return nothing })
}
