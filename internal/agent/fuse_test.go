package agent

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

var errCrashed = errors.New("the program is dead")

// fuse kills a program: after a number of steps that last, nothing that it does has any effect any more. The zero value
// never blows.
type fuse struct {
	mu    sync.Mutex
	armed bool
	left  int
	burnt int
}

// arm lets n more steps happen. A negative n disarms it.
func (f *fuse) arm(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed, f.left, f.burnt = n >= 0, n, 0
}

// step uses up one step, or says that the program is dead.
func (f *fuse) step() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.armed && f.left == 0 {
		return errCrashed
	}
	f.left--
	f.burnt++
	return nil
}

// dead reports whether no step is left.
func (f *fuse) dead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.armed && f.left == 0
}

type fusedFiles struct {
	*memoryFiles
	fuse *fuse
}

func (f fusedFiles) Write(name string, data []byte) error {
	if err := f.fuse.step(); err != nil {
		return err
	}
	return f.memoryFiles.Write(name, data)
}

// Begin is one step: what the program has begun is there when it dies.
func (f fusedFiles) Begin(name string, data []byte) (settle func() error, err error) {
	if err := f.fuse.step(); err != nil {
		return nil, err
	}
	return f.memoryFiles.Begin(name, data)
}

func (f fusedFiles) Remove(name string) error {
	if err := f.fuse.step(); err != nil {
		return err
	}
	return f.memoryFiles.Remove(name)
}

type fusedRing struct {
	*osringtest.Fake
	fuse *fuse
}

func (r fusedRing) Set(ctx context.Context, key string, value []byte) error {
	if err := r.fuse.step(); err != nil {
		return err
	}
	return r.Fake.Set(ctx, key, value)
}

func (r fusedRing) Delete(ctx context.Context, key string) error {
	if err := r.fuse.step(); err != nil {
		return err
	}
	return r.Fake.Delete(ctx, key)
}

// fusedTransport counts a request as two steps: that the hub gets it, and that the answer arrives.
type fusedTransport struct {
	next http.RoundTripper
	fuse *fuse
	did  func(method string)
}

func (t *fusedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == keyshiftv1connect.AgentServiceWatchProcedure { // it changes nothing
		if t.fuse.dead() {
			return nil, errCrashed
		}
		return t.next.RoundTrip(r)
	}
	if err := t.fuse.step(); err != nil {
		return nil, err
	}
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	t.did(r.URL.Path)
	if err := t.fuse.step(); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

func (t *fusedTransport) CloseIdleConnections() {
	if c, ok := t.next.(*cuttable); ok {
		c.CloseIdleConnections()
	}
}
