package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

const (
	// talkLimit bounds a talk between two starts.
	talkLimit = 5 * time.Second
	// longestRequest is how much of a request is read, in bytes.
	longestRequest = 4096
)

// errTaken says that another resident took the request.
var errTaken = errors.New("another tray has the desk")

// claim makes this process the resident, or has the one there is show the request: errTaken. One that does not answer may
// just have ended.
func claim(ctx context.Context, path string, r tray.Request) (*ipc.Listener, error) {
	l, err := ipc.Listen(path)
	if err == nil || !errors.Is(err, ipc.ErrInUse) {
		return l, err
	}
	asked := askResident(ctx, path, r)
	if asked == nil {
		return nil, errTaken
	}
	if l, err = ipc.Listen(path); err == nil {
		return l, nil
	}
	return nil, asked
}

func askResident(ctx context.Context, path string, r tray.Request) error {
	ctx, cancel := context.WithTimeout(ctx, talkLimit)
	defer cancel()
	c, err := ipc.Dial(ctx, path)
	if err != nil {
		return fmt.Errorf("ask running tray: %w", err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(talkLimit))
	if err := json.NewEncoder(c).Encode(r); err != nil {
		return fmt.Errorf("ask running tray: %w", err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		return fmt.Errorf("hear running tray: %w", err)
	}
	return nil
}

// receiveRequests hands on what later starts ask for, until the listener is closed.
func receiveRequests(l net.Listener, take func(tray.Request)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(talkLimit))
			var r tray.Request
			if json.NewDecoder(io.LimitReader(c, longestRequest)).Decode(&r) != nil || !known(r) {
				return
			}
			take(r)
			_, _ = c.Write([]byte{'\n'})
		}()
	}
}
