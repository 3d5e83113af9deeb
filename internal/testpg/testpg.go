// Package testpg gives tests a real PostgreSQL: each call of [New] is a fresh, empty database of a cluster that
// exists only for tests.
//
// `make test` starts one cluster for all test binaries and names it in KEYSHIFT_TEST_POSTGRES. A test that
// is run by itself finds no such variable; the first New of its binary then starts a cluster of its own with
// scripts/testpg.sh, about three seconds, which ends with the binary, however that ends.
//
// The cluster runs without fsync: it is right for what SQL means and wrong for what survives a crash.
package testpg

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Variable names the environment variable with the address of a cluster: a postgres:// URL of a role that
// may create databases.
const Variable = "KEYSHIFT_TEST_POSTGRES"

// limit is for one command of psql, and for starting a cluster on a busy machine.
const limit = 2 * time.Minute

// New creates an empty UTF-8 database and returns its address as a postgres:// URL. The database is dropped at the end
// of the test, with whatever is still connected to it. Without PostgreSQL the test fails.
func New(t testing.TB) string {
	t.Helper()
	return copied(t, "template0")
}

// copied is New from another database, to which nobody is connected.
func copied(t testing.TB, from string) string {
	t.Helper()
	name, dsn, err := create(from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(name); err != nil {
			t.Error(err)
		}
	})
	return dsn
}

func create(from string) (name, dsn string, err error) {
	admin, err := cluster()
	if err != nil {
		return "", "", err
	}
	name = "test_" + strings.ToLower(rand.Text())
	if dsn, err = sibling(admin, name); err != nil {
		return "", "", err
	}
	return name, dsn, psql(admin, "CREATE DATABASE "+name+" TEMPLATE "+from)
}

func drop(name string) error {
	admin, err := cluster()
	if err != nil {
		return err
	}
	return psql(admin, "DROP DATABASE "+name+" WITH (FORCE)")
}

// Exec runs SQL on a database that New gave: what no program of ours would do, as damage or a time that has passed.
func Exec(t testing.TB, dsn, statements string) {
	t.Helper()
	if err := psql(dsn, statements); err != nil {
		t.Fatal(err)
	}
}

// cluster is the address of the shared cluster or of the binary's own.
func cluster() (string, error) {
	if dsn := os.Getenv(Variable); dsn != "" {
		return dsn, nil
	}
	s, err := own()
	return s.address, err
}

// sibling is the address of another database of the same cluster.
func sibling(dsn, name string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return "", fmt.Errorf("read %s: not a postgres:// URL", Variable)
	}
	u.Path = "/" + name
	return u.String(), nil
}

// psql runs one statement. The client program instead of a driver keeps the drivers where they belong: in hub/store.
func psql(dsn, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit) // cleanup runs after the test's context
	defer cancel()
	cmd := exec.CommandContext(ctx, client(), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname="+dsn, "--command="+statement) // #nosec G204 -- statements are made here
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run %q: %w: %s", statement, err, out)
	}
	return nil
}

// client prefers the program itself to Debian's wrapper around it, which takes longer than the statement.
func client() string {
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/psql"); len(found) > 0 {
		return found[len(found)-1]
	}
	return "psql"
}

// server is a cluster that runs as long as this process.
type server struct {
	address string
	// leash is the standard input of the script. Nobody writes to it: it closes with this process, however that
	// ends, and the script then stops the cluster.
	leash io.WriteCloser
}

// own starts the cluster of this test binary once.
var own = sync.OnceValues(func() (server, error) {
	root, err := moduleRoot()
	if err != nil {
		return server{}, err
	}
	s, err := serve(filepath.Join(root, "scripts", "testpg.sh"))
	if err != nil {
		return server{}, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return s, nil
})

// serve starts the script and reads the address that it prints, or why it cannot.
func serve(script string) (server, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return server{}, err
	}
	cmd := exec.Command("bash", script, "serve") // #nosec G204 -- a script of this repository
	cmd.Stdout, cmd.Stderr = w, w
	leash, err := cmd.StdinPipe()
	if err != nil {
		return server{}, err
	}
	if err := errors.Join(cmd.Start(), w.Close()); err != nil {
		return server{}, err
	}
	out := bufio.NewReader(r)
	line, err := out.ReadString('\n')
	if err == nil && strings.HasPrefix(line, "postgres://") {
		return server{strings.TrimSpace(line), leash}, nil
	}
	rest, _ := io.ReadAll(out) // the script has ended
	return server{}, errors.New(line + string(rest))
}

// moduleRoot is the nearest directory with a go.mod: tests run in the directory of their package.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find module: no go.mod above the test")
		}
		dir = parent
	}
}
