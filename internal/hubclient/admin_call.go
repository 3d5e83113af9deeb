package hubclient

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// callAttempts is how often a question is sent while nobody answers, and callPause how long the first pause is at most.
const (
	callAttempts = 3
	callPause    = 250 * time.Millisecond
)

// NewRequestID makes a name for one effect: 128 random bits in hexadecimal.
func NewRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// Call asks one unary method of an [Admin]. Every error is a [keyshift.Error]: the hub's own, or hub_unreachable,
// hub_identity_changed, or that of the token source.
//
// A question that got no answer is sent again, up to three times. That is safe for effects because Call gives each
// question one request id, in whose name the hub does it once; a request id that is set already stays.
func Call[Q, A any](ctx context.Context, method func(context.Context, *Q) (*A, error), question *Q) (*A, error) {
	name(question)
	var answer *A
	err := Retry(ctx, callAttempts, Backoff{First: callPause, Max: 2 * callPause}, func() error {
		var err error
		answer, err = once(ctx, method, question)
		return err
	})
	if err != nil {
		return nil, adminError(ctx, err) // again: the caller may have given up in a pause
	}
	return answer, nil
}

func once[Q, A any](ctx context.Context, method func(context.Context, *Q) (*A, error), question *Q) (*A, error) {
	limited, cancel := context.WithTimeout(ctx, AnswerTimeout)
	defer cancel()
	answer, err := method(limited, question)
	if err != nil {
		return nil, adminError(ctx, err)
	}
	return answer, nil
}

// name gives a question a request id if it has room for one and none yet.
func name(question any) {
	msg, ok := question.(proto.Message)
	if !ok {
		return
	}
	field := msg.ProtoReflect().Descriptor().Fields().ByName("request_id")
	if field == nil || field.Kind() != protoreflect.StringKind || msg.ProtoReflect().Has(field) {
		return
	}
	msg.ProtoReflect().Set(field, protoreflect.ValueOfString(NewRequestID()))
}
