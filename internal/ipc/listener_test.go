//go:build linux || darwin

package ipc

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestSameUserTalks(t *testing.T) {
	path := filepath.Join(shortDir(t), "keyshift", "agent.sock")
	l := mustListen(t, path)
	accepted := make(chan Peer, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		peer, _ := PeerOf(c)
		accepted <- peer
		_, _ = io.Copy(c, c)
	}()

	c, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	talk(t, c)

	want := Peer{OSUser: ownUser(), PID: os.Getpid()}
	if got := receive(t, accepted); got != want {
		t.Errorf("server sees %v, want %v", got, want)
	}
	if got, ok := PeerOf(c); !ok || got != want {
		t.Errorf("client sees %v, %v, want %v", got, ok, want)
	}
	if got := permOf(t, filepath.Dir(path)); got != 0o700 {
		t.Errorf("directory has mode %o", got)
	}
	if got := permOf(t, path); got != 0o600 {
		t.Errorf("socket has mode %o", got)
	}
}

func TestModesDoNotDependOnUmask(t *testing.T) {
	for _, mask := range []int{0, 0o022, 0o077, 0o177} {
		t.Run(fmt.Sprintf("umask %03o", mask), func(t *testing.T) {
			base := shortDir(t)
			path := filepath.Join(base, "keyshift", "agent.sock")
			old := unix.Umask(mask)
			l, err := Listen(path)
			unix.Umask(old)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if dir, sock := permOf(t, filepath.Dir(path)), permOf(t, path); dir != 0o700 || sock != 0o600 {
				t.Errorf("got modes %o and %o, want 700 and 600", dir, sock)
			}
		})
	}
}

// TestAcceptRefusesStranger holds for every user who runs it: the listener serves another user, so that
// this one is the stranger, and the kernel's word is real.
func TestAcceptRefusesStranger(t *testing.T) {
	path := filepath.Join(shortDir(t), "keyshift", "agent.sock")
	refused := make(chan Peer, 1)
	config := ListenConfig{OnRefused: func(p Peer) { refused <- p }}
	l, err := config.listenAs(path, "4242424")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	served := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		served <- err
	}()

	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(longTime))
	got, _ := io.ReadAll(c)
	if len(got) != 0 {
		t.Errorf("stranger got %q", got)
	}
	if got, want := receive(t, refused), (Peer{OSUser: ownUser(), PID: os.Getpid()}); got != want {
		t.Errorf("reported %v, want %v", got, want)
	}
	if got := l.Refused(); got != 1 {
		t.Errorf("got %d refused, want 1", got)
	}
	_ = l.Close()
	if err := receive(t, served); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept gave %v, want only the end", err)
	}
}

// mistake is something an administrator might do to the socket, and what then keeps another user out.
type mistake struct {
	name      string
	dir, sock os.FileMode
	want      string
	refused   uint64
}

// mistakes lists what is tried as another user. Only root can become one; anyone else tries as himself, which tests
// that the same mistakes do not lock the own user out.
func mistakes() (uid int, rows []mistake) {
	if os.Geteuid() != 0 {
		return os.Geteuid(), []mistake{{"own user after chmod 0666 (not root: no other user to be)", 0o711, 0o666, "got 21 bytes", 0}}
	}
	return strangerUID, []mistake{
		{"other user, nothing changed", 0o700, 0o600, "permission denied", 0},
		{"other user after chmod 0711 of the directory", 0o711, 0o600, "permission denied", 0},
		{"other user after chmod 0666 of the socket", 0o700, 0o666, "permission denied", 0},
		{"other user after chmod of both", 0o711, 0o666, "got 0 bytes", 1},
	}
}

func TestOtherUserIsKeptOut(t *testing.T) {
	room, exe := openRoom(t)
	uid, rows := mistakes()
	for i, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(room, fmt.Sprint(i), "agent.sock")
			l := mustListen(t, path)
			go echo(closeAfterLine{l})
			if err := errors.Join(os.Chmod(filepath.Dir(path), tt.dir), os.Chmod(path, tt.sock)); err != nil {
				t.Fatal(err)
			}

			stranger := start(t, exe, uid, "connect", path)
			got := stranger.line()
			stranger.finish(t)
			if !strings.Contains(got, tt.want) {
				t.Errorf("stranger says %q, want %q", got, tt.want)
			}
			if got := l.Refused(); got != tt.refused {
				t.Errorf("got %d refused, want %d", got, tt.refused)
			}

			c, err := Dial(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			talk(t, c)
		})
	}
}

// closeAfterLine ends the reading side of each connection at the first newline, so that echo comes to an end.
type closeAfterLine struct{ net.Listener }

func (l closeAfterLine) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return lineConn{c}, err
}

type lineConn struct{ net.Conn }

func (c lineConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil && strings.HasSuffix(string(b[:n]), "\n") {
		return n, io.EOF
	}
	return n, err
}

func TestListenExaminesDirectory(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(t *testing.T, dir string) error
		want    error
	}{
		{"absent", func(*testing.T, string) error { return nil }, nil},
		{"private", mkdir(0o700), nil},
		{"open to all, mended", mkdir(0o777), nil},
		{"readable by group, mended", mkdir(0o750), nil},
		{"shared and sticky", mkdir(0o777 | os.ModeSticky), ErrUnsafePath},
		{"link to a private directory", func(t *testing.T, dir string) error { return os.Symlink(shortDir(t), dir) }, ErrUnsafePath},
		{"link to nothing", func(_ *testing.T, dir string) error { return os.Symlink("/nowhere", dir) }, ErrUnsafePath},
		{"file", func(_ *testing.T, dir string) error { return os.WriteFile(dir, nil, 0o600) }, ErrUnsafePath},
		{"without parent", func(_ *testing.T, dir string) error { return os.Remove(filepath.Dir(dir)) }, os.ErrNotExist},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(shortDir(t), "keyshift")
			if err := tt.prepare(t, dir); err != nil {
				t.Fatal(err)
			}
			l, err := Listen(filepath.Join(dir, "agent.sock"))
			wantErr(t, err, tt.want)
			if err != nil {
				return
			}
			defer l.Close()
			if got := permOf(t, dir); got != 0o700 {
				t.Errorf("directory has mode %o", got)
			}
		})
	}
}

func mkdir(mode os.FileMode) func(*testing.T, string) error {
	return func(_ *testing.T, dir string) error {
		return errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, mode))
	}
}

// TestListenRefusesForeignDirectory takes a directory of somebody else: root gives one away, anyone else finds /etc.
func TestListenRefusesForeignDirectory(t *testing.T) {
	dir, name := "/etc", "directory of root"
	if os.Geteuid() == 0 {
		dir, name = filepath.Join(shortDir(t), "keyshift"), "directory given away (as root)"
		if err := errors.Join(os.Mkdir(dir, 0o755), os.Chown(dir, strangerUID, strangerUID)); err != nil {
			t.Fatal(err)
		}
	}
	t.Run(name, func(t *testing.T) {
		_, err := Listen(filepath.Join(dir, "agent.sock"))
		wantErr(t, err, ErrUnsafePath)
		wantErr(t, err, ErrTaken)
		if got := permOf(t, dir); got != 0o755 {
			t.Errorf("directory now has mode %o", got)
		}
	})
}

func TestListenRefusesRootsDirectory(t *testing.T) {
	_, err := Listen("/agent.sock")
	wantErr(t, err, ErrUnsafePath)
	if got := permOf(t, "/"); got&0o055 != 0o055 {
		t.Fatalf("the root directory now has mode %o", got)
	}
}
