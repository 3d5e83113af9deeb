//go:build linux || darwin

package ipc

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func TestListenMeetsWhatLiesAtPath(t *testing.T) {
	rows := []struct {
		name    string
		prepare func(t *testing.T, path string) error
		want    error
	}{
		{"socket of a killed server", leaveKilled, nil},
		{"socket nobody serves", leaveStale, nil},
		{"live server", leaveLive, ErrInUse},
		{"live server that holds no lock", leaveUnlocked, ErrInUse},
		{"file", func(_ *testing.T, path string) error { return os.WriteFile(path, []byte("keep"), 0o600) }, ErrUnsafePath},
		{"link to a file", leaveLink, ErrUnsafePath},
		{"directory", func(_ *testing.T, path string) error { return os.Mkdir(path, 0o700) }, ErrUnsafePath},
		{"lock that is a link", lockLink, errAny},
	}
	if os.Geteuid() == 0 {
		rows = append(rows, []struct {
			name    string
			prepare func(t *testing.T, path string) error
			want    error
		}{
			{"stale socket of another user (as root)", leaveForeign, ErrTaken},
			{"lock of another user (as root)", lockForeign, ErrTaken},
		}...)
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(shortDir(t), "agent.sock")
			if err := tt.prepare(t, path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(path)
			l, err := Listen(path)
			if err == nil {
				defer l.Close()
			}
			if tt.want == errAny {
				if err == nil {
					t.Error("got no error")
				}
				return
			}
			wantErr(t, err, tt.want)
			if after, _ := os.Lstat(path); before != nil && tt.want != nil && !os.SameFile(before, after) {
				t.Error("what lay there is gone")
			}
		})
	}
}

var errAny = errors.New("any error")

func leaveKilled(t *testing.T, path string) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	server := start(t, exe, os.Geteuid(), "serve", path)
	if got := server.line(); got != "ready" {
		return errors.New(got)
	}
	if err := server.cmd.Process.Kill(); err != nil {
		return err
	}
	_ = server.cmd.Wait()
	_, err = os.Lstat(path)
	return err
}

func leaveStale(_ *testing.T, path string) error {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false)
	return l.Close()
}

func leaveForeign(t *testing.T, path string) error {
	return errors.Join(leaveStale(t, path), os.Lchown(path, strangerUID, strangerUID))
}

// lockForeign is how another user could make it look as if an agent ran, in a directory that was open by mistake.
func lockForeign(t *testing.T, path string) error {
	lock := path + ".lock"
	f, err := os.Create(lock)
	if err != nil {
		return err
	}
	t.Cleanup(func() { _ = f.Close() })
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_EX), os.Chown(lock, strangerUID, strangerUID))
}

func leaveLive(t *testing.T, path string) error {
	go echo(mustListen(t, path))
	return nil
}

func leaveUnlocked(t *testing.T, path string) error {
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	t.Cleanup(func() { _ = l.Close() })
	return nil
}

func leaveLink(_ *testing.T, path string) error {
	return errors.Join(os.WriteFile(path+".target", nil, 0o600), os.Symlink(path+".target", path))
}

func lockLink(_ *testing.T, path string) error {
	return os.Symlink(path+".target", path+".lock")
}

func TestSecondServerLeavesFirstAlone(t *testing.T) {
	path := filepath.Join(shortDir(t), "agent.sock")
	go echo(mustListen(t, path))
	_, err := Listen(path)
	wantErr(t, err, ErrInUse)
	c, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	talk(t, c)
}

func TestRaceOfServersHasOneWinner(t *testing.T) {
	const racers = 32
	for round := range 20 {
		path := filepath.Join(shortDir(t), "agent.sock")
		if err := leaveStale(t, path); err != nil {
			t.Fatal(err)
		}
		results := make([]error, racers)
		var wg sync.WaitGroup
		for i := range racers {
			wg.Go(func() {
				l, err := Listen(path)
				results[i] = err
				if err == nil {
					t.Cleanup(func() { _ = l.Close() })
					go echo(l)
				}
			})
		}
		wg.Wait()
		if got := countWinners(t, results); got != 1 {
			t.Fatalf("round %d: got %d winners, want 1", round, got)
		}
		c, err := Dial(t.Context(), path)
		if err != nil {
			t.Fatalf("round %d: winner is not reachable: %v", round, err)
		}
		talk(t, c)
		_ = c.Close()
	}
}

func countWinners(t *testing.T, results []error) int {
	t.Helper()
	winners := 0
	for _, err := range results {
		if err == nil {
			winners++
			continue
		}
		wantErr(t, err, ErrInUse)
	}
	return winners
}

func TestRaceOfProcessesHasOneWinner(t *testing.T) {
	path := filepath.Join(shortDir(t), "agent.sock")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var running []*process
	for range 4 {
		running = append(running, start(t, exe, os.Geteuid(), "serve", path))
	}
	ready := 0
	for _, p := range running {
		switch got := p.line(); {
		case got == "ready":
			ready++
		case !strings.Contains(got, ErrInUse.Error()):
			t.Errorf("process says %q", got)
		}
	}
	if ready != 1 {
		t.Errorf("got %d servers, want 1", ready)
	}
	for _, p := range running {
		p.finish(t)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("socket is still there: %v", err)
	}
}

func TestCloseGivesPathFree(t *testing.T) {
	path := filepath.Join(shortDir(t), "agent.sock")
	for range 3 {
		l, err := Listen(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		if _, err := Dial(t.Context(), path); !errors.Is(err, ErrNotRunning) {
			t.Errorf("dial gave %v, want %v", err, ErrNotRunning)
		}
	}
}

func TestPathLength(t *testing.T) {
	base := filepath.Join(shortDir(t), "d")
	tests := []struct {
		length int
		want   error
	}{
		{maxPath, nil},
		{maxPath + 1, ErrPathTooLong},
		{4000, ErrPathTooLong},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.length, " bytes"), func(t *testing.T) {
			path := base + "/" + strings.Repeat("s", tt.length-len(base)-1)
			l, err := Listen(path)
			wantErr(t, err, tt.want)
			if err == nil {
				_ = l.Close()
			}
			_, err = Dial(t.Context(), path)
			if tt.want != nil {
				wantErr(t, err, tt.want)
			}
		})
	}
}

func TestPathMustBeAbsolute(t *testing.T) {
	for _, path := range []string{"", "agent.sock", "./agent.sock", "@keyshift", "\x00keyshift"} {
		t.Run(fmt.Sprintf("%q", path), func(t *testing.T) {
			_, err := Listen(path)
			wantErr(t, err, ErrUnsafePath)
			_, err = Dial(t.Context(), path)
			wantErr(t, err, ErrUnsafePath)
		})
	}
}

func TestDefaultPath(t *testing.T) {
	tests := []struct {
		name, dir, want string
		err             error
	}{
		{"below the directory", "/run/user/1000", "/run/user/1000/keyshift/agent.sock", nil},
		{"no directory", "", "", ErrUnsafePath},
		{"relative directory", "run", "", ErrUnsafePath},
		{"deep directory", "/" + strings.Repeat("d", 200), "", ErrPathTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := DefaultPath(tt.dir)
			wantErr(t, err, tt.err)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
