//go:build unix

package testpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Pair is two servers of which the second follows the first by streaming replication. Unlike the cluster of [New] they run
// with fsync, and each is a process that a test may kill.
type Pair struct {
	Primary, Standby *Server
	// DSN names both, for a database that is empty at first.
	DSN string
}

// Server is one server of a [Pair], reached by a Unix socket.
type Server struct {
	t    testing.TB
	dir  string
	cmd  *exec.Cmd
	done chan struct{}
}

// standbyName is what the standby calls itself to the primary.
const standbyName = "second"

// NewPair starts two servers. When they are synchronous, a commit waits for the standby. Both are gone after the test.
func NewPair(t testing.TB, synchronous bool) *Pair {
	t.Helper()
	p := &Pair{Primary: newServer(t), Standby: newServer(t)}
	first, second := p.Primary, p.Standby
	first.tool("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=keyshift", "-D", first.data())
	first.Start()
	first.Exec("CREATE DATABASE pair TEMPLATE template0")
	second.tool("pg_basebackup", "--checkpoint=fast", "--write-recovery-conf", "-D", second.data(), "-d", "host="+first.dir+" user=keyshift application_name="+standbyName)
	second.Start()
	first.until("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'")
	if synchronous {
		first.Exec("ALTER SYSTEM SET synchronous_standby_names = '" + standbyName + "'")
		first.Reload()
		first.until("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
	}
	p.DSN = "postgres://keyshift@/pair?target_session_attrs=read-write&host=" + url.QueryEscape(first.dir+","+second.dir)
	return p
}

func newServer(t testing.TB) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "keyshift-pair-")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, dir: dir}
	t.Cleanup(func() {
		s.Kill()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if as := owner(); as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// owner is the user that PostgreSQL runs as: it refuses root. Nil is whoever runs the test.
func owner() *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil // the server will say what is wrong
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// DSN names this server alone.
func (s *Server) DSN() string { return "postgres://keyshift@/pair?host=" + url.QueryEscape(s.dir) }

func (s *Server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(filepath.Dir(client()), name), args...) // #nosec G204 -- PostgreSQL's own programs
	cmd.Dir, cmd.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: owner()}
	return cmd
}

func (s *Server) tool(name string, args ...string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if out, err := s.command(ctx, name, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// Start starts the server, anew after Kill, and waits until it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.cmd = s.command(context.Background(), "postgres", "-D", s.data(), "-c", "listen_addresses=", "-c", "unix_socket_directories="+s.dir,
		"-c", "shared_buffers=32MB", "-c", "max_connections=150", "-c", "wal_level=replica", "-c", "logging_collector=off")
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.cmd.Stdout, s.cmd.Stderr = log, log
	held, holds, err := os.Pipe() // each of its processes has an end of it
	if err != nil {
		s.t.Fatal(err)
	}
	defer holds.Close()
	s.cmd.ExtraFiles = []*os.File{holds}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	done := make(chan struct{})
	s.done = done
	go func() {
		defer held.Close()
		_ = s.cmd.Wait() // it is killed
		_, _ = io.Copy(io.Discard, held)
		close(done)
	}()
	s.until("SELECT 1")
}

// Kill ends the server with SIGKILL. Its other processes end when they notice: only then does it return, because a server does
// not start beside them.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Error(err)
	}
	<-s.done
}

// KillBackend ends one of the server's processes that serve clients with SIGKILL. The server then ends all others and
// recovers as after a crash.
func (s *Server) KillBackend() {
	s.t.Helper()
	pid, err := strconv.Atoi(s.ask("SELECT pid FROM pg_stat_activity WHERE application_name = 'keyshift-hub' ORDER BY random() LIMIT 1"))
	if err != nil {
		s.t.Fatalf("find a backend of a hub: %v", err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		s.t.Error(err)
	}
}

// Promote makes a standby the primary.
func (s *Server) Promote() {
	s.t.Helper()
	s.Exec("SELECT pg_promote()")
	s.until("SELECT 1 WHERE NOT pg_is_in_recovery()")
}

// Reload has the server take over its settings, and waits until new sessions have them.
func (s *Server) Reload() {
	s.t.Helper()
	s.Exec("SELECT pg_reload_conf()")
	s.until("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_file_settings f JOIN pg_settings s USING (name) WHERE f.applied AND f.sourcefile LIKE '%auto.conf' AND s.setting <> f.setting)")
}

// Exec runs a statement, as the server's superuser.
func (s *Server) Exec(statement string) {
	s.t.Helper()
	if out, err := s.try(statement); err != nil {
		s.t.Fatalf("run %q: %v: %s", statement, err, out)
	}
}

func (s *Server) ask(query string) string {
	s.t.Helper()
	out, err := s.try(query)
	if err != nil {
		s.t.Fatalf("run %q: %v: %s", query, err, out)
	}
	return out
}

func (s *Server) try(statement string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	out, err := s.command(ctx, "psql", "--no-psqlrc", "-tAq", "-h", s.dir, "-U", "keyshift", "-d", "postgres", "-c", statement).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// until waits until a query gives a row.
func (s *Server) until(query string) {
	s.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(limit); ; {
		out, err := s.try(query)
		if err == nil && out != "" {
			return
		}
		select {
		case <-tick.C:
		case <-s.done:
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			s.t.Fatalf("PostgreSQL ended:\n%s", log)
		case <-late:
			s.t.Fatal(fmt.Errorf("wait for %q: %w: %s", query, err, out))
		}
	}
}
