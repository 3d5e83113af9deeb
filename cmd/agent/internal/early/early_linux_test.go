package early

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// TestMain lets the test binary be the program of another user that took the agent's place.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "squat" {
		squat(os.Args[2])
		return
	}
	os.Exit(m.Run())
}

// squat tells what it hears from the first who comes, or that it hears nothing.
func squat(path string) {
	l, err := net.Listen("unix", path)
	if err != nil {
		return
	}
	_ = os.Chmod(path, 0o777)
	_, _ = os.Stdout.WriteString("ready\n")
	conn, err := l.Accept()
	if err != nil {
		return
	}
	if n, _ := conn.Read(make([]byte, 1)); n > 0 {
		_, _ = os.Stdout.WriteString("heard something\n")
	}
}

// room is a folder for a socket whose path is short enough.
func room(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "ks")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func none(string) string { return "" }

// listen is an agent that takes nothing in.
func listen(t *testing.T) (path string, l net.Listener) {
	t.Helper()
	path = filepath.Join(room(t), "agent.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return path, l
}

func TestAPlainQuestionIsSent(t *testing.T) {
	path, l := listen(t)
	q := ask([]string{"--socket", path, "checkout", "x/acme", "-r", "post", "-d", "1h"}, none)
	if q == nil {
		t.Fatal("nothing was asked")
	}
	defer q.Conn.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/keyshift.v1.LocalService/CheckOut" || r.Host != "keyshift.local" || string(body) != string(q.Message) {
		t.Errorf("heard %s %s %s %q, %v, want %q", r.Method, r.Host, r.URL, body, err, q.Message)
	}
	if r.Header.Get("Connect-Timeout-Ms") != "120000" || r.Header.Get("Content-Type") != "application/proto" || !r.Close {
		t.Errorf("heard %v", r.Header)
	}
	if !keyshift.ID(q.RequestID).Valid() || q.Path != path {
		t.Errorf("got request %q at %q", q.RequestID, q.Path)
	}
}

func TestTheUsualPlaceOfTheSocket(t *testing.T) {
	for dir, want := range map[string]string{
		"/run/user/1000": "/run/user/1000/keyshift/agent.sock", "": "/keyshift/agent.sock", "run": "", "/run/../x": "", "/run//x": "",
	} {
		env := func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": dir}[name] }
		got := ""
		if q := Of([]string{"leases"}, env, nil); q != nil {
			got = q.Path
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", dir, got, want)
		}
	}
}

func TestNothingIsAsked(t *testing.T) {
	path, l := listen(t)
	full := fill(t, path)
	for name, q := range map[string]*Question{
		"no command":      ask([]string{"--socket", path}, none),
		"completion":      ask([]string{"--socket", path, "leases"}, func(string) string { return "keyshift-agent le" }),
		"not plain":       ask([]string{"--socket", path, "checkout", "x/acme"}, none),
		"nobody there":    ask([]string{"--socket", path + "x", "leases"}, none),
		"nobody in time":  ask([]string{"--socket", path, "leases"}, none),
		"path is too far": ask([]string{"--socket", "/tmp/" + string(make([]byte, 200)), "leases"}, none),
	} {
		if q != nil {
			t.Errorf("%s: asked %s", name, q.Procedure)
		}
	}
	for _, place := range full {
		_ = syscall.Shutdown(place, syscall.SHUT_WR)
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		if n, err := conn.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
			t.Errorf("heard something, %v", err)
		}
		_, _ = conn.Close(), syscall.Close(place)
	}
}

// fill takes all places in the queue of an agent that takes nothing in.
func fill(t *testing.T, path string) (places []int) {
	t.Helper()
	for {
		fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
			_ = syscall.Close(fd)
			if !errors.Is(err, syscall.EAGAIN) {
				t.Fatal(err)
			}
			return places
		}
		places = append(places, fd)
	}
}

// strangers lists whom the test can start in the agent's place: only root can start somebody else.
func strangers() []int {
	if os.Geteuid() == 0 {
		return []int{54321}
	}
	return nil
}

func TestAForeignAgentHearsNothing(t *testing.T) {
	for _, uid := range strangers() {
		dir := room(t)
		path, exe := filepath.Join(dir, "agent.sock"), filepath.Join(dir, "part")
		self, err1 := os.Executable()
		code, err2 := os.ReadFile(self)
		if err := errors.Join(err1, err2, os.WriteFile(exe, code, 0o755), os.Chmod(dir, 0o755), os.Chown(dir, uid, -1)); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), exe, "squat", path)
		cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
		output, err := cmd.StdoutPipe()
		if err := errors.Join(err, cmd.Start()); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(output)
		if !lines.Scan() || lines.Text() != "ready" {
			t.Fatalf("squatter says %q", lines.Text())
		}
		if q := ask([]string{"--socket", path, "leases"}, none); q != nil {
			t.Errorf("asked %s", q.Procedure)
		}
		for lines.Scan() {
			t.Errorf("squatter %s", lines.Text())
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}
