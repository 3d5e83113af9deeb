package hubclient_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/hubclient/hubtest"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// streamer is a hub whose stream does what the test says.
type streamer struct {
	keyshiftv1connect.UnimplementedAgentServiceHandler
	stream func(context.Context, func(sync bool) error) error
}

func (s *streamer) Watch(ctx context.Context, _ *v1.WatchRequest, w keyshiftv1connect.AgentServiceWatchServerStream) error {
	return s.stream(ctx, func(sync bool) error { return w.Send(&v1.WatchResponse{Sync: sync}) })
}

func (s *streamer) AwaitNews(ctx context.Context, q *v1.AwaitNewsRequest) (*v1.AwaitNewsResponse, error) {
	wait(ctx, q.GetWait().AsDuration())
	return &v1.AwaitNewsResponse{Sync: true}, nil
}

func wait(ctx context.Context, d time.Duration) bool { return hubclient.Wait(ctx, d) }

// inBubble gives a device of a hub without network.
func inBubble(t *testing.T, handler keyshiftv1connect.AgentServiceHandler) *hubclient.Device {
	t.Helper()
	keys, err := seal.DeriveKeys(make([]byte, seal.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	hub := hubtest.New(t, handler).StartInMemory()
	var seq uint64
	device := hubclient.NewDevice(hubclient.DeviceConfig{
		Target: hub.Target(), DeviceID: deviceID, Key: keys.Signing(), HTTP: hub.Client(hub.Target()),
		Clock: bootclock.NewFake(time.Now()), Sequence: func() (uint64, error) { seq++; return seq, nil },
	})
	t.Cleanup(func() {
		device.Close()
		hub.Stop()
	})
	return device
}

func TestWatch(t *testing.T) {
	for _, tt := range []struct {
		name      string
		stream    func(context.Context, func(bool) error) error
		wantNews  int
		wantHeard bool
		wantErr   error
		wantAfter time.Duration
	}{
		{
			name: "pushes are counted and heartbeats are not",
			stream: func(ctx context.Context, send func(bool) error) error {
				for i := range 10 {
					if err := send(i%5 == 4); err != nil || !wait(ctx, 20*time.Second) {
						return err
					}
				}
				return nil
			},
			wantNews: 2, wantHeard: true, wantErr: io.EOF, wantAfter: 200 * time.Second,
		},
		{
			name:      "a stream that says nothing is given up",
			stream:    func(ctx context.Context, _ func(bool) error) error { <-ctx.Done(); return nil },
			wantHeard: false, wantErr: hubclient.ErrSilent, wantAfter: hubclient.Silence,
		},
		{
			name: "a stream that falls silent is given up",
			stream: func(ctx context.Context, send func(bool) error) error {
				if err := send(true); err != nil {
					return err
				}
				<-ctx.Done()
				return nil
			},
			wantNews: 1, wantHeard: true, wantErr: hubclient.ErrSilent, wantAfter: hubclient.Silence,
		},
		{
			name:      "a proxy that closes before it passed anything on",
			stream:    func(ctx context.Context, _ func(bool) error) error { wait(ctx, 30*time.Second); return nil },
			wantHeard: false, wantErr: io.EOF, wantAfter: 30 * time.Second,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				device, start, news := inBubble(t, &streamer{stream: tt.stream}), time.Now(), 0
				heard, err := device.Watch(t.Context(), func(sync bool) {
					if sync {
						news++
					}
				})
				if !errors.Is(err, tt.wantErr) || heard != tt.wantHeard || news != tt.wantNews {
					t.Errorf("got %d news, heard %v, %v, want %d, %v, %v", news, heard, err, tt.wantNews, tt.wantHeard, tt.wantErr)
				}
				if after := time.Since(start); after != tt.wantAfter {
					t.Errorf("ended after %v, want %v", after, tt.wantAfter)
				}
			})
		})
	}
}

func TestAwaitNewsWaitsLongerThanOtherQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, start := inBubble(t, &streamer{}), time.Now()
		news, err := device.AwaitNews(t.Context())
		if err != nil || !news || time.Since(start) != 50*time.Second {
			t.Errorf("got %v, %v after %v, want news after 50s", news, err, time.Since(start))
		}
	})
}

func TestWatchEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device := inBubble(t, &streamer{stream: func(ctx context.Context, _ func(bool) error) error { <-ctx.Done(); return nil }})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := device.Watch(ctx, func(bool) {}); err == nil || errors.Is(err, hubclient.ErrSilent) {
			t.Errorf("got %v, want an error about the context", err)
		}
	})
}
