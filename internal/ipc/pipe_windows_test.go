package ipc

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Microsoft/go-winio"
)

// otherSID is LocalService, whom no test runs as.
const otherSID = "S-1-5-19"

func TestSameUserTalks(t *testing.T) {
	path := pipeName(t)
	l := mustListen(t, path)
	served := make(chan Peer, 1)
	go serveOne(l, served)

	c, err := Dial(deadline(t), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	talk(t, c)

	want := Peer{OSUser: self(t), PID: os.Getpid()}
	if got := receive(t, served); got != want {
		t.Errorf("server sees %v, want %v", got, want)
	}
	if got, ok := PeerOf(c); !ok || got != want {
		t.Errorf("client sees %v, %v, want %v", got, ok, want)
	}
}

func TestAcceptRefusesStranger(t *testing.T) {
	path := pipeName(t)
	refused := make(chan Peer, 1)
	l, err := ListenConfig{OnRefused: func(p Peer) { refused <- p }}.listenAs(path, otherSID)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { _, _ = l.Accept() }()

	c, err := Dial(deadline(t), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(longTime))
	if got, _ := io.ReadAll(c); len(got) != 0 {
		t.Errorf("stranger got %q", got)
	}
	if got := receive(t, refused).OSUser; got != self(t) || l.Refused() != 1 {
		t.Errorf("reported %q and %d refused", got, l.Refused())
	}
}

func TestAcceptRefusesAnonymousClient(t *testing.T) {
	path := pipeName(t)
	refused := make(chan Peer, 1)
	l, err := ListenConfig{OnRefused: func(p Peer) { refused <- p }}.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { _, _ = l.Accept() }()
	c, err := winio.DialPipeContext(deadline(t), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := receive(t, refused); got != (Peer{}) {
		t.Errorf("anonymous client is known as %v", got)
	}
}

func TestDialRefusesStrangersServer(t *testing.T) {
	path := pipeName(t)
	raw, err := listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	heard := make(chan []byte, 1)
	go func() {
		c, err := raw.Accept()
		if err != nil {
			return
		}
		got, _ := io.ReadAll(c)
		heard <- got
	}()
	_, err = dialAs(deadline(t), path, otherSID)
	wantErr(t, err, ErrForeignServer)
	if got := receive(t, heard); len(got) != 0 {
		t.Errorf("squatter heard %q", got)
	}
}

func TestOpenPipeServesNobody(t *testing.T) {
	path := pipeName(t)
	everyone := &winio.PipeConfig{SecurityDescriptor: "O:" + self(t) + "D:P(A;;GA;;;WD)"}
	raw, err := winio.ListenPipe(path, everyone)
	if err != nil {
		t.Fatal(err)
	}
	l := &Listener{raw: raw, osUser: self(t)}
	defer l.Close()
	served := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		served <- err
	}()
	c, err := Dial(deadline(t), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(longTime))
	if got, _ := io.ReadAll(c); len(got) != 0 || l.Refused() != 1 {
		t.Errorf("got %q and %d refused", got, l.Refused())
	}
}

func TestSecondServerIsRefused(t *testing.T) {
	path := pipeName(t)
	served := make(chan Peer, 2)
	l := mustListen(t, path)
	go serveOne(l, served)
	_, err := Listen(path)
	wantErr(t, err, ErrInUse)
}

func TestCloseGivesPathFree(t *testing.T) {
	path := pipeName(t)
	for range 3 {
		l := mustListen(t, path)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accept gave %v, want %v", err, net.ErrClosed)
		}
		_, err := Dial(deadline(t), path)
		wantErr(t, err, ErrNotRunning)
	}
}

func TestPathMustBeLocalPipe(t *testing.T) {
	tests := []struct {
		path string
		want error
	}{
		{"", ErrUnsafePath},
		{`C:\agent.sock`, ErrUnsafePath},
		{`\\.\pipe\`, ErrUnsafePath},
		{`\\server\pipe\keyshift`, ErrUnsafePath},
		{`\\.\pipe\` + strings.Repeat("k", 300), ErrPathTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			_, err := Listen(tt.path)
			wantErr(t, err, tt.want)
			_, err = Dial(deadline(t), tt.path)
			wantErr(t, err, tt.want)
		})
	}
}

func TestDefaultPathCarriesSID(t *testing.T) {
	got, err := DefaultPath("")
	if want := `\\.\pipe\keyshift-agent-` + self(t); err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func pipeName(t *testing.T) string {
	t.Helper()
	return pipePrefix + "keyshift-test-" + filepath.Base(t.TempDir()) + "-" + t.Name()
}

func self(t *testing.T) string {
	t.Helper()
	sid, err := currentUser()
	if err != nil {
		t.Fatal(err)
	}
	return sid
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longTime)
	t.Cleanup(cancel)
	return ctx
}

func serveOne(l net.Listener, served chan<- Peer) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		peer, _ := PeerOf(c)
		served <- peer
		_, _ = io.Copy(c, c)
		_ = c.Close()
	}
}
