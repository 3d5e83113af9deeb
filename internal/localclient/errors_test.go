//go:build linux || darwin

package localclient

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func wantCode(t *testing.T, err error, want keyshift.Code) *keyshift.Error {
	t.Helper()
	e, ok := errors.AsType[*keyshift.Error](err)
	if !ok {
		t.Fatalf("got %v, want a %s for people", err, want)
	}
	if e.Code != want || e.Text == "" || e.Hint == "" {
		t.Errorf("got %s %q %q, want %s", e.Code, e.Text, e.Hint, want)
	}
	return e
}

func TestNobodyListens(t *testing.T) {
	_, err := client(t, socket(t)).Status(limited(t))
	e := wantCode(t, err, keyshift.CodeAgentNotRunning)
	for _, command := range []string{"keyshift-agent start", "keyshift-agent run"} {
		if !strings.Contains(e.Hint, command) {
			t.Errorf("%q does not name %s", e.Hint, command)
		}
	}
	if errors.Is(err, ErrAnswerLost) {
		t.Error("a question that never left has no lost answer")
	}
}

func TestUsablePathIsNeeded(t *testing.T) {
	for _, path := range []string{"agent.sock", "/tmp/" + strings.Repeat("x", 200) + "/agent.sock"} {
		_, err := client(t, path).Status(limited(t))
		wantCode(t, err, keyshift.CodeFieldInvalid)
	}
}

func TestSocketThatCannotBeOpened(t *testing.T) {
	path := socket(t)
	dir := filepath.Dir(path)
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	_, err := client(t, path).Status(limited(t))
	wantCode(t, err, keyshift.CodeUnavailable)
}

func TestAgentsErrorArrivesAsItIs(t *testing.T) {
	want := keyshift.Refuse(keyshift.CodeAccountInUse, "@acme is with lee until 14:30.", "Ask again then.").With("holder", "lee")
	path := socket(t)
	serve(t, path, (&contract{fail: api.ToConnect(want)}).mux())
	_, err := client(t, path).CheckOut(limited(t), nil)
	got := wantCode(t, err, keyshift.CodeAccountInUse)
	if got.Text != want.Text || got.Hint != want.Hint || got.Facts["holder"] != "lee" {
		t.Errorf("got %+v", got)
	}
	if errors.Is(err, ErrAnswerLost) {
		t.Error("an answer that came is not lost")
	}
}

func TestAnswerLost(t *testing.T) {
	path := socket(t)
	serve(t, path, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	_, err := client(t, path).CheckOut(limited(t), nil)
	wantCode(t, err, keyshift.CodeUnavailable)
	if !errors.Is(err, ErrAnswerLost) {
		t.Errorf("%v does not say that the answer is lost", err)
	}
}

func TestCallerGivesUp(t *testing.T) {
	path, asked := socket(t), make(chan struct{})
	serve(t, path, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	ctx, cancel := context.WithCancel(limited(t))
	go func() {
		<-asked
		cancel()
	}()
	_, err := client(t, path).CheckOut(ctx, nil)
	wantCode(t, err, keyshift.CodeUnavailable)
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrAnswerLost) {
		t.Errorf("got %v", err)
	}
}

func TestForeignServerInWords(t *testing.T) {
	err := New("/run/x/agent.sock").explain(&dialError{ipc.ErrForeignServer})
	wantCode(t, err, keyshift.CodePeerRefused)
}

// strangers lists whom the test can start in the agent's place: only root can start somebody else.
func strangers() []int {
	if os.Geteuid() == 0 {
		return []int{54321}
	}
	return nil
}

func TestForeignServerHearsNothing(t *testing.T) {
	for _, uid := range strangers() {
		dir := openRoom(t, uid)
		path := filepath.Join(dir, "agent.sock")
		cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "part"), "squat", path)
		cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
		input, err1 := cmd.StdinPipe()
		output, err2 := cmd.StdoutPipe()
		if err := errors.Join(err1, err2, cmd.Start()); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(output)
		if !lines.Scan() || lines.Text() != "ready" {
			t.Fatalf("squatter says %q", lines.Text())
		}
		_, err := client(t, path).Enroll(limited(t), "keyshift1-secret", "")
		wantCode(t, err, keyshift.CodePeerRefused)
		_ = input.Close()
		for lines.Scan() {
			t.Errorf("squatter %s", lines.Text())
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// openRoom is a folder of that user with a copy of the test binary.
func openRoom(t *testing.T, uid int) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ks")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	self, err1 := os.Executable()
	code, err2 := os.ReadFile(self)
	err = errors.Join(err1, err2, os.WriteFile(filepath.Join(dir, "part"), code, 0o755), os.Chmod(dir, 0o755), os.Chown(dir, uid, -1))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestStop(t *testing.T) {
	path, asked := socket(t), 0
	mux := http.NewServeMux()
	mux.HandleFunc("POST /stop", func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusAccepted)
	})
	serve(t, path, mux)
	if err := client(t, path).Stop(limited(t)); err != nil || asked != 1 {
		t.Errorf("asked %d times, %v", asked, err)
	}
}

func TestStopRefused(t *testing.T) {
	path := socket(t)
	serve(t, path, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(api.CodeHeader, "not_found")
		http.Error(w, `{"code":"not_found","message":"There is no such route."}`, http.StatusNotFound)
	}))
	e := wantCode(t, client(t, path).Stop(limited(t)), keyshift.CodeNotFound)
	if e.Text != "There is no such route." {
		t.Errorf("got %q", e.Text)
	}
}
