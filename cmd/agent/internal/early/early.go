// Package early asks the agent before the program is ready.
//
// Getting ready takes a command longer than anything else: each package that is linked into the program is initialized
// before main begins, and most of them are for the agent itself. Go initializes packages in the order of their import
// paths, each as soon as those that it imports are (https://go.dev/ref/spec#Program_initialization). This package imports
// little, so its turn comes when a third of the work is done; and if the command line is a plain one of those whose first
// question is known from the line alone, it is sent there and then. While the agent works, the program gets ready as
// always, does what the command line says, and where it comes to that very question it finds it asked: see [Begun].
//
// Nothing is decided here. What is not plain is left alone, and so is whatever does not succeed (no agent, somebody else's,
// one that is busy): then the question is asked later, and the error told, by whoever knows all of it. What this package
// sends is what package cli would have sent, byte for byte; otherwise that one does not take it, and asks itself.
package early

import (
	"os"
	"strings"
)

// Question is one that was sent to the agent.
type Question struct {
	// Path is the agent's socket, Procedure what it is asked, and Message with what, as package wire writes it.
	Path, Procedure string
	Message         []byte
	// RequestID is the name that the message has; empty if it has none.
	RequestID string
	// Conn is the connection on which the answer comes.
	Conn *os.File
}

var begun *Question

func init() { begun = ask(os.Args[1:], os.Getenv) }

// Begun is the question that was sent when the program began, nil for none. It is the caller's then.
func Begun() *Question { return begun }

// Of is what a command line asks first, before it is sent; nil if the line is not plain. newID makes the name of a check-out;
// without one it is not plain.
func Of(args []string, env func(string) string, newID func() string) *Question {
	l, ok := read(args)
	path := l.socket(env)
	if !ok || path == "" || env("COMP_LINE") != "" {
		return nil
	}
	q := l.question(newID)
	message := q.encode()
	if q.method == "" || message == nil {
		return nil
	}
	return &Question{Path: path, Procedure: service + q.method, Message: message, RequestID: q.requestID}
}

// socket is where the agent is expected; empty if that is an unusual place.
func (l line) socket(env func(string) string) string {
	path := l.flags["--socket"]
	if path == "" {
		path = env("XDG_RUNTIME_DIR") + "/keyshift/agent.sock"
	}
	if path[0] != '/' || strings.Count(path, "/") < 2 || strings.Contains(path, "//") || strings.Contains(path, "/.") {
		return ""
	}
	return path
}
