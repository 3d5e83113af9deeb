package rpc

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// A stream lives for days and says nearly nothing. net/http would keep a request, its buffers, its contexts and two large
// goroutines for each. So the stream of an agent, which speaks the Connect protocol over HTTP/1.1, is taken over from it
// and kept as a [stream]. Every other client is served by the handler as ever.

// streamType is what agents speak: https://connectrpc.com/docs/protocol, "Streaming RPCs".
const streamType = "application/connect+proto"

// takeOver makes a stream of a request for Watch. It reports false, with nothing done, if the request is not an agent's
// way of asking, is refused, or comes over something that cannot be taken over: the handler knows what to say then.
func (s *Server) takeOver(w http.ResponseWriter, r *http.Request, p *proof) bool {
	if r.ProtoMajor != 1 || r.Method != http.MethodPost || r.Header.Get("Content-Type") != streamType || r.Header.Get("Connect-Timeout-Ms") != "" {
		return false
	}
	var req v1.WatchRequest
	message, ok := onlyMessage(p.body)
	if !ok || proto.Unmarshal(message, &req) != nil {
		return false
	}
	call, err := s.callOf(r.Context(), &req)
	if err != nil {
		return false
	}
	t := &stream{set: s.streams}
	if t.device, err = s.Hub.Attach(r.Context(), call, t); err != nil {
		return false
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		s.Hub.Broker().Drop(t.device, t)
		return false
	}
	s.begin(t, conn, buffered)
	return true
}

// begin lets a stream live on its connection. What Wake left before is sent first.
func (s *Server) begin(t *stream, conn net.Conn, buffered *bufio.ReadWriter) {
	_ = conn.SetDeadline(time.Time{}) // net/http leaves one behind
	t.conn = conn
	if buffered.Reader.Buffered() > 0 || !s.streams.add(t, responseHead(s.Hub.Now())) { // it says more than it should
		s.Hub.Broker().Drop(t.device, t)
		_ = conn.Close()
	}
}

// onlyMessage takes the one message of a stream's request out of its envelope.
func onlyMessage(body []byte) ([]byte, bool) {
	if len(body) < 5 || body[0] != 0 || uint64(binary.BigEndian.Uint32(body[1:5])) != uint64(len(body)-5) {
		return nil, false
	}
	return body[5:], true
}

// responseHead is what comes before the first message.
func responseHead(now time.Time) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nDate: %s\r\nTransfer-Encoding: chunked\r\n\r\n", streamType, now.UTC().Format(http.TimeFormat))
}

// The messages of a stream, ready to be sent.
var (
	syncChunk      = chunkOf(0, &v1.WatchResponse{Sync: true})
	heartbeatChunk = chunkOf(0, &v1.WatchResponse{})
	// endChunks ends the stream without an error, and the answer.
	endChunks = append(chunk(envelope(endOfStream, []byte("{}"))), "0\r\n\r\n"...)
)

// endOfStream is the flag of an envelope that holds the end of a stream.
const endOfStream = 2

func chunkOf(flag byte, m proto.Message) []byte {
	encoded, err := proto.Marshal(m)
	if err != nil {
		panic(err) // a message with one flag
	}
	return chunk(envelope(flag, encoded))
}

func envelope(flag byte, message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{flag}, uint32(len(message))), message...)
}

func chunk(b []byte) []byte { return fmt.Appendf(nil, "%x\r\n%s\r\n", len(b), b) }
