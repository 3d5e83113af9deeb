package rpc

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// ear is a device at the other end of a stream.
type ear struct {
	stream *stream
	conn   net.Conn
	heard  bytes.Buffer
	hungUp chan struct{}
}

// listens opens a stream; a deaf device reads nothing after the beginning.
func listens(t *testing.T, s *streams, deaf bool) *ear {
	t.Helper()
	ours, theirs := net.Pipe()
	e := &ear{stream: &stream{set: s, device: "d", conn: ours}, conn: theirs, hungUp: make(chan struct{})}
	go func() {
		defer close(e.hungUp)
		buf := make([]byte, 256)
		for {
			n, err := theirs.Read(buf)
			e.heard.Write(buf[:n])
			if err != nil || deaf {
				return
			}
		}
	}()
	if !s.add(e.stream, []byte("head ")) {
		t.Fatal("the stream was not kept")
	}
	return e
}

func (e *ear) count(chunk []byte) int { return bytes.Count(e.heard.Bytes(), chunk) }

func TestStreamsSayWhatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dropped atomic.Int64
		s := newStreams(func(keyshift.ID, hub.Stream) { dropped.Add(1) })
		var ears []*ear
		for range 100 {
			ears = append(ears, listens(t, s, false))
		}
		ears[7].stream.Wake()
		ears[8].stream.Replaced()
		<-time.After(10*heartbeatEvery + time.Millisecond)
		s.close()
		for i, e := range ears {
			<-e.hungUp
			want := [3]int{1, 10, 1} // syncs, heartbeats, ends
			switch i {
			case 7:
				want = [3]int{2, 10, 1}
			case 8:
				want = [3]int{1, 0, 1}
			}
			if got := [3]int{e.count(syncChunk), e.count(heartbeatChunk), e.count(endChunks)}; got != want {
				t.Errorf("stream %d: %v, want %v", i, got, want)
			}
			if heard := e.heard.String(); !strings.HasPrefix(heard, "head "+string(syncChunk)) {
				t.Errorf("stream %d begins %q", i, heard)
			}
		}
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		if dropped.Load() != 100 || s.open != 0 || s.writers != 0 {
			t.Errorf("%d dropped, %d open, %d writers, want 100, 0, 0", dropped.Load(), s.open, s.writers)
		}
	})
}

// A device that comes while the hub ends is told so, and asks elsewhere.
func TestNoStreamBeginsAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreams(nil)
		s.close()
		ours, theirs := net.Pipe()
		var heard bytes.Buffer
		go func() { _, _ = io.Copy(&heard, theirs) }()
		if s.add(&stream{set: s, conn: ours}, nil) {
			t.Error("a stream was kept after the end")
		}
		_ = ours.Close()
		synctest.Wait()
		if got := heard.String(); got != string(syncChunk)+string(endChunks) {
			t.Errorf("the device was told %q, want a sync and the end", got)
		}
	})
}

func TestADeafDeviceKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreams(func(keyshift.ID, hub.Stream) {})
		t.Cleanup(s.close)
		var deaf []*ear
		for range maxWriters - 1 {
			deaf = append(deaf, listens(t, s, true))
		}
		good := listens(t, s, false)
		synctest.Wait()
		for _, e := range deaf {
			e.stream.Wake()
		}
		good.stream.Wake()
		synctest.Wait() // no time passes
		if got := good.count(syncChunk); got != 2 {
			t.Errorf("the device beside deaf ones heard %d syncs, want 2", got)
		}
		<-time.After(writeWithin)
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open != 1 {
			t.Errorf("%d streams are open after %v, want 1: the deaf ones are given up", s.open, writeWithin)
		}
	})
}

func TestADeviceThatHangsUpIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := make(chan keyshift.ID, 1)
		s := newStreams(func(d keyshift.ID, _ hub.Stream) { gone <- d })
		e := listens(t, s, false)
		e.conn.Close()
		if got := <-gone; got != "d" {
			t.Errorf("forgot %q", got)
		}
		e.stream.Wake() // too late, and harmless
		<-time.After(2 * beat)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.clock != nil {
			t.Error("the clock ticks although there is no stream")
		}
	})
}
