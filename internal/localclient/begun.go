package localclient

import (
	"bytes"
	"os"
	"sync/atomic"
)

// Begun is a question that a program sent before it was ready, over a connection whose other end is known to be the agent of
// the same user. It is for one client's first question, if that is the same.
type Begun struct {
	path, procedure string
	message         []byte
	conn            atomic.Pointer[os.File]
}

// NewBegun is a question with a message, as package wire writes it, for a procedure of the agent at path. The connection, one
// that does not block, belongs to it.
func NewBegun(path, procedure string, message []byte, conn *os.File) *Begun {
	b := &Begun{path: path, procedure: procedure, message: message}
	b.conn.Store(conn)
	return b
}

// Resume is [Once] for a program whose first question has perhaps begun; nil if not.
func Resume(path string, b *Begun) *Client {
	c := Once(path)
	c.way = plainWay{c, b}
	return c
}

// take gives the connection on which the answer to a question comes, nil if it is to be asked. Whatever comes first takes it:
// what was asked is either that, or not wanted any more.
func (b *Begun) take(path, procedure string, message []byte) *os.File {
	if b == nil {
		return nil
	}
	conn := b.conn.Swap(nil)
	if conn != nil && (b.path != path || b.procedure != procedure || !bytes.Equal(b.message, message)) {
		_ = conn.Close()
		return nil
	}
	return conn
}
