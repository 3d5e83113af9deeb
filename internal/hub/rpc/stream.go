package rpc

import (
	"crypto/tls"
	"net"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

const (
	// maxWriters is how many goroutines send at once. One that a device keeps waiting is lost to the others for writeWithin.
	maxWriters  = 32
	writeWithin = 2 * time.Second
	// endWithin is how long ending all streams may take.
	endWithin = 2 * time.Second
	// beat is the step in which heartbeats are sent, so that those of all streams do not come at once.
	beat = time.Second
)

// streams are the open streams of devices. While there is none, nothing runs.
type streams struct {
	drop func(keyshift.ID, hub.Stream)

	mu      sync.Mutex
	slots   [heartbeatEvery / beat][]*stream // each gets its heartbeat in another second
	next    int                              // the slot for the next stream
	open    int
	turn    int         // the slot whose heartbeat is next
	clock   *time.Timer // nil while there is no stream
	queue   []*stream   // those that something is to be sent to
	writers int
	closed  bool
	gone    chan struct{} // closed when closed and no stream is left
}

func newStreams(drop func(keyshift.ID, hub.Stream)) *streams {
	return &streams{drop: drop, gone: make(chan struct{})}
}

// what is to be sent to a stream. The greater takes the place of the smaller.
type what uint8

const (
	nothing what = iota
	heartbeat
	news
	theEnd
)

var chunks = map[what][]byte{heartbeat: heartbeatChunk, news: syncChunk, theEnd: endChunks}

// stream is one open answer to Watch. Its one goroutine only waits for the device to go away. set.mu guards what
// is below conn.
type stream struct {
	set    *streams
	device keyshift.ID
	conn   net.Conn

	slot, place int // where it is in set.slots
	due         what
	queued      bool // in set.queue, or just being sent to
	begun       bool
	ended       bool
}

// Wake implements [hub.Stream].
func (t *stream) Wake() { t.set.push(t, news) }

// Replaced implements [hub.Stream].
func (t *stream) Replaced() { t.set.push(t, theEnd) }

func (s *streams) push(t *stream, w what) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pushLocked(t, w)
}

func (s *streams) pushLocked(t *stream, w what) {
	t.due = max(t.due, w)
	if t.queued || !t.begun || t.ended || t.due == nothing {
		return
	}
	t.queued = true
	s.queue = append(s.queue, t)
	if s.writers < maxWriters { // any that is there may be kept waiting
		s.writers++
		go s.write()
	}
}

// write sends what is waiting, and ends when nothing is.
func (s *streams) write() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > 0 {
		t := s.queue[0]
		s.queue[0] = nil
		s.queue = s.queue[1:]
		due := t.due
		t.due = nothing
		s.mu.Unlock()
		sent := t.send(chunks[due])
		if sent && due == theEnd {
			_ = t.conn.Close()
		}
		if !sent || due == theEnd {
			s.end(t)
		}
		s.mu.Lock()
		t.queued = false
		s.pushLocked(t, nothing) // what came meanwhile
	}
	s.queue = nil
	s.writers--
}

func (t *stream) send(b []byte) bool {
	if err := t.conn.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return false
	}
	_, err := t.conn.Write(b)
	return err == nil
}

// add sends the beginning of a stream, which says "sync", and keeps the stream. It reports false if the device is gone, or
// if the hub is about to be: then it has sent the end, too.
func (s *streams) add(t *stream, head []byte) bool {
	if !t.send(append(head, syncChunk...)) {
		return false
	}
	if !s.keep(t) {
		t.send(endChunks)
		return false
	}
	go t.await()
	return true
}

func (s *streams) keep(t *stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	t.begun = true
	t.slot = s.next
	s.next = (s.next + 1) % len(s.slots)
	t.place = len(s.slots[t.slot])
	s.slots[t.slot] = append(s.slots[t.slot], t)
	s.open++
	if s.clock == nil {
		s.clock = time.AfterFunc(beat, s.tick)
	}
	s.pushLocked(t, nothing) // what came while the beginning was sent
	return true
}

// await waits until the device hangs up. It has nothing more to say, so whatever comes is the end; that is read below TLS,
// where it needs no buffer.
func (t *stream) await() {
	var anything [1]byte
	_, _ = t.wire().Read(anything[:])
	t.set.end(t)
}

// wire is the connection below TLS.
func (t *stream) wire() net.Conn {
	if secure, ok := t.conn.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return t.conn
}

// tick sends the heartbeats of one slot.
func (s *streams) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == 0 || s.closed {
		s.clock = nil
		return
	}
	for _, t := range s.slots[s.turn] {
		s.pushLocked(t, heartbeat)
	}
	s.turn = (s.turn + 1) % len(s.slots)
	s.clock.Reset(beat)
}

// end closes a stream, whoever notices first that it is over.
func (s *streams) end(t *stream) {
	if !s.remove(t) {
		return
	}
	s.drop(t.device, t)
	_ = t.wire().Close() // without a word: who is gone or stuck does not hear it
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open--; s.open == 0 && s.closed {
		close(s.gone)
	}
}

func (s *streams) remove(t *stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.ended {
		return false
	}
	t.ended = true
	slot := s.slots[t.slot]
	last := slot[len(slot)-1]
	slot[t.place], last.place = last, t.place
	slot[len(slot)-1] = nil
	s.slots[t.slot] = slot[:len(slot)-1]
	return true
}

// close tells every device properly that its stream is over, so that it asks elsewhere, and closes the connections.
func (s *streams) close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	if s.clock != nil {
		s.clock.Stop()
	}
	var left []*stream
	for _, slot := range s.slots {
		left = append(left, slot...)
	}
	for _, t := range left {
		s.pushLocked(t, theEnd)
	}
	if s.open == 0 {
		close(s.gone)
	}
	s.mu.Unlock()
	limit := time.NewTimer(endWithin)
	defer limit.Stop()
	select {
	case <-s.gone:
	case <-limit.C:
		for _, t := range left {
			s.end(t)
		}
	}
}
