//go:build linux || darwin

package ipc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestDialNobody(t *testing.T) {
	dir := shortDir(t)
	stale := filepath.Join(dir, "stale.sock")
	if err := leaveStale(t, stale); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, path string }{
		{"no directory", filepath.Join(dir, "none", "agent.sock")},
		{"no socket", filepath.Join(dir, "agent.sock")},
		{"stale socket", stale},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Dial(t.Context(), tt.path)
			wantErr(t, err, ErrNotRunning)
		})
	}
}

func TestDialEndsWithContext(t *testing.T) {
	path := filepath.Join(shortDir(t), "agent.sock")
	go echo(mustListen(t, path))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Dial(ctx, path)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// TestDialRefusesStrangersServer holds for every user who runs it: the client expects another user's server,
// so that this one's is the squatter, and the kernel's word is real.
func TestDialRefusesStrangersServer(t *testing.T) {
	path := filepath.Join(shortDir(t), "agent.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	heard := make(chan []byte, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_ = c.SetDeadline(time.Now().Add(longTime))
		got, _ := io.ReadAll(c)
		heard <- got
	}()
	_, err = dialAs(t.Context(), path, "4242424")
	wantErr(t, err, ErrForeignServer)
	if got := receive(t, heard); len(got) != 0 {
		t.Errorf("squatter heard %q", got)
	}
}

// squats lists the users who take the agent's place before it starts. Only root can start one as somebody else.
func squats() map[string]struct {
	uid  int
	want error
} {
	rows := map[string]struct {
		uid  int
		want error
	}{"own user's server": {os.Geteuid(), nil}}
	if os.Geteuid() == 0 {
		rows["squatter of another user (as root)"] = struct {
			uid  int
			want error
		}{strangerUID, ErrForeignServer}
	}
	return rows
}

func TestDialMeetsSquatter(t *testing.T) {
	room, exe := openRoom(t)
	for name, tt := range squats() {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(room, fmt.Sprint(tt.uid))
			if err := errors.Join(os.Mkdir(dir, 0o755), os.Chown(dir, tt.uid, -1)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "agent.sock")
			squatter := start(t, exe, tt.uid, "squat", path)
			if got := squatter.line(); got != "ready" {
				t.Fatalf("squatter says %q", got)
			}

			c, err := Dial(t.Context(), path)
			wantErr(t, err, tt.want)
			if err == nil {
				_ = c.Close()
			}
			if got, want := squatter.line(), "got 0 bytes"; got != want {
				t.Errorf("squatter %s, want %s", got, want)
			}
			squatter.finish(t)
		})
	}
}

func TestPeerReachesHandler(t *testing.T) {
	path := filepath.Join(shortDir(t), "agent.sock")
	l := mustListen(t, path)
	server := &http.Server{ConnContext: ConnContext, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, ok := PeerFrom(r.Context())
		fmt.Fprint(w, peer, " ", ok)
	})}
	go func() { _ = server.Serve(l) }()
	defer server.Close()

	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return Dial(ctx, path) }
	client := &http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: longTime}
	defer client.CloseIdleConnections()
	res, err := client.Get("http://agent/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	want := fmt.Sprintf("user %s, process %d true", ownUser(), os.Getpid())
	if err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestUnknownPeer(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if peer, ok := PeerOf(a); ok {
		t.Errorf("PeerOf knows %v", peer)
	}
	if peer, ok := PeerFrom(ConnContext(t.Context(), a)); ok {
		t.Errorf("PeerFrom knows %v", peer)
	}
	if _, err := peerOf(a); err == nil {
		t.Error("a pipe in memory has a peer")
	}
	if (Peer{}).is("") {
		t.Error("unknown is the same as unknown")
	}
	if got, want := (Peer{PID: 4711}).String(), "unknown user"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	wantErr(t, foreign(Peer{}, ownUser(), io.ErrUnexpectedEOF), ErrForeignServer)
}
