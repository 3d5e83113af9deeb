package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/keyshift-hq/keyshift/internal/atomicfile"
	"github.com/keyshift-hq/keyshift/internal/greeting"
)

// lookForOwner is how often it is asked whether the code is of no use any more.
const lookForOwner = time.Second

// FirstOwnerCode gives the code that makes the first owner, "" when there is one.
func (s *Server) FirstOwnerCode(ctx context.Context) (string, error) {
	return s.Hub.FirstOwnerCode(ctx)
}

// KeepFirstOwnerCode puts a code into a file that only the hub's own user can read, for when nobody reads what the hub
// says but a journal that keeps it. It gives the path. [Server.Run] removes the file when there is an owner.
func (s *Server) KeepFirstOwnerCode(code string) (path string, err error) {
	dir, err := os.OpenRoot(s.config.DataDir)
	if err != nil {
		return "", fmt.Errorf("open data directory: %w", err)
	}
	defer dir.Close()
	path = filepath.Join(s.config.DataDir, greeting.File)
	return path, atomicfile.Write(dir, greeting.File, []byte(code+"\n"), 0o600)
}

// forgetCode waits for an owner if a code lies in the data directory, now or since an earlier start, and removes it.
func (s *Server) forgetCode(ctx context.Context) error {
	path := filepath.Join(s.config.DataDir, greeting.File)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	look := time.NewTicker(lookForOwner)
	defer look.Stop()
	for {
		// While the database cannot be read, nobody can become the owner either.
		if users, err := s.store.Read(ctx).Users("", 1); err == nil && len(users) > 0 {
			s.removeCode(path)
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// removeCode removes the file. It may be gone: replicas can share a data directory. The code in it is of no use any more, so a file
// that stays is no reason to end.
func (s *Server) removeCode(path string) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.config.Log.Warn("file of the first owner's code not removed", "path", path, "error", err.Error())
	}
}
