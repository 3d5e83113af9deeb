package hubclient

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// Silence is how long a stream may say nothing, not even a heartbeat, before it counts as broken.
const Silence = 90 * time.Second

// ErrSilent is the end of a stream on which nothing came for [Silence].
var ErrSilent = errors.New("the stream is silent")

// Watch keeps one stream open until it ends or ctx does, and calls each for every message on it: with true for a push,
// with false for a heartbeat. heard tells whether anything came at all: a stream that stays mute until it ends is one
// that a proxy collects instead of passing on. The error is never nil; it matches [io.EOF] when the other side closed the stream properly and [ErrSilent] after
// too long a silence.
//
// Nothing on the stream is signed, so nothing is believed but that it may be worth asking.
func (d *Device) Watch(ctx context.Context, each func(sync bool)) (heard bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(Silence, func() { cancel(ErrSilent) })
	defer silence.Stop()
	stream, err := d.AgentServiceClient.Watch(ctx, &v1.WatchRequest{})
	if err != nil {
		return false, streamError(ctx, err)
	}
	defer stream.Close()
	for {
		message, err := stream.Receive()
		if err != nil {
			return heard, streamError(ctx, err)
		}
		heard = true
		silence.Reset(Silence)
		each(message.GetSync())
	}
}

func streamError(ctx context.Context, err error) error {
	switch {
	case errors.Is(context.Cause(ctx), ErrSilent):
		return ErrSilent
	case errors.Is(err, io.EOF):
		return io.EOF
	}
	return deviceError(err)
}

// awaitWait is how long a long poll asks the hub to wait.
const awaitWait = 50 * time.Second

// AwaitNews asks once whether there is news, and gives the hub 50 s to wait for some. It takes the place of
// [Device.Watch] behind a proxy that collects streams. The answer is signed, so it is a contact too.
func (d *Device) AwaitNews(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, awaitWait+AnswerTimeout)
	defer cancel()
	answer, _, err := ask(ctx, d.AgentServiceClient.AwaitNews, &v1.AwaitNewsRequest{Wait: durationpb.New(awaitWait)})
	return answer.GetSync(), err
}
