package wire

import (
	"fmt"
	"time"
)

const (
	// Host is what the agent wants to be called in a request.
	Host = "keyshift.local"
	// ContentType is that of a message, in a request and in the answer to it.
	ContentType = "application/proto"
	// CallLimit covers a keyring that asks a person, several times, and a slow hub.
	CallLimit = 2 * time.Minute
)

// Request is an HTTP/1.1 request with a message, which the agent answers within the limit, as the Connect library sends it
// (https://connectrpc.com/docs/protocol, unary). The connection ends with the answer.
func Request(procedure string, limit time.Duration, message []byte) []byte {
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nConnect-Protocol-Version: 1\r\nConnect-Timeout-Ms: %d\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
		procedure, Host, max(1, limit.Milliseconds()), ContentType, len(message))
	return append([]byte(head), message...)
}
