package ipc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

const (
	pipePrefix = `\\.\pipe\`
	// maxPipeName is the limit of CreateNamedPipe for the whole name.
	maxPipeName = 256
	bufferBytes = 64 << 10
	// probeTime is how long Listen asks who has the name before it gives up.
	probeTime = time.Second
)

func currentUser() (string, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return "", fmt.Errorf("read own SID: %w", err)
	}
	return user.User.Sid.String(), nil
}

func defaultPath(string) (string, error) {
	sid, err := currentUser()
	if err != nil {
		return "", err
	}
	return pipePrefix + "keyshift-agent-" + sid, nil
}

// checkPath refuses pipes of other machines.
func checkPath(path string) error {
	name, ok := strings.CutPrefix(path, pipePrefix)
	if !ok || name == "" {
		return fmt.Errorf("%w: %q does not begin with %s", ErrUnsafePath, path, pipePrefix)
	}
	if len(path) > maxPipeName {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrPathTooLong, len(path), maxPipeName)
	}
	return nil
}

// dial lets the server learn who we are (identification) but not act as us (impersonation).
func dial(ctx context.Context, path string) (net.Conn, error) {
	access := uint32(windows.GENERIC_READ | windows.GENERIC_WRITE)
	c, err := winio.DialPipeAccessImpLevel(ctx, path, access, winio.PipeImpLevelIdentification)
	if errors.Is(err, windows.ERROR_FILE_NOT_FOUND) {
		return nil, ErrNotRunning
	}
	return c, err
}

// listen creates the first instance of the pipe. go-winio v0.6.4 asks for FILE_CREATE and
// FILE_PIPE_REJECT_REMOTE_CLIENTS and hands the descriptor to the same call: a name that exists, or a list
// that cannot be set, is an error and never an open pipe.
func listen(path string) (net.Listener, error) {
	self, err := currentUser()
	if err != nil {
		return nil, err
	}
	l, err := winio.ListenPipe(path, &winio.PipeConfig{
		SecurityDescriptor: descriptor(self),
		InputBufferSize:    bufferBytes,
		OutputBufferSize:   bufferBytes,
	})
	if err != nil {
		return nil, occupied(path, self, err)
	}
	return l, nil
}

// occupied finds out who has the name, where cause says only that the pipe could not be made.
func occupied(path, self string, cause error) error {
	ctx, cancel := context.WithTimeout(context.Background(), probeTime)
	defer cancel()
	c, err := dialAs(ctx, path, self)
	if err == nil {
		_ = c.Close()
		return ErrInUse
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return ErrInUse
	}
	if errors.Is(err, ErrForeignServer) || errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		return fmt.Errorf("%w: %w", ErrForeignServer, cause)
	}
	return fmt.Errorf("create pipe: %w", cause)
}
