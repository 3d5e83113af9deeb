package server_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/greeting"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/server"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/until"
)

// The code lies where only the hub's own user finds it, for as long as it is good for something.
func TestTheCodeOfTheFirstOwnerLiesInAFileUntilThereIsOne(t *testing.T) {
	c := config(t)
	s, err := once(t, c)
	if err != nil {
		t.Fatal(err)
	}
	code, err := s.FirstOwnerCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	path, err := s.KeepFirstOwnerCode(code)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || path != filepath.Join(c.DataDir, greeting.File) {
		t.Fatalf("%s: %v, %v, want mode 600 in the data directory", path, info, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	if text, err := os.ReadFile(path); err != nil || strings.TrimSpace(string(text)) != code {
		t.Errorf("before there is an owner: %v, want the code", err)
	}
	becomeOwner(t, s, code)
	removed(t, path)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What a hub leaves that was killed before its owner came, its next start removes.
func TestACodeThatWasLeftIsRemoved(t *testing.T) {
	s, err := once(t, config(t))
	if err != nil {
		t.Fatal(err)
	}
	code, err := s.FirstOwnerCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	becomeOwner(t, s, code)
	path, err := s.KeepFirstOwnerCode(code)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	removed(t, path)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func becomeOwner(t *testing.T, s *server.Server, code string) {
	t.Helper()
	i, err := keyshift.ParseInvitation(code)
	if err != nil {
		t.Fatal(err)
	}
	call := hub.Call{Access: hub.Access{Kind: hub.AnyoneAccess, Effect: true}, Procedure: "test", RequestID: strings.Repeat("0", 32), Source: "192.0.2.1"}
	if _, err := s.Hub.Login(t.Context(), call, hub.LoginRequest{Code: i.SecretText(), UserName: "alice"}); err != nil {
		t.Fatal(err)
	}
}

// removed waits until a file is gone.
func removed(t *testing.T, path string) {
	t.Helper()
	err := until.True("the code is removed", time.Minute, func() bool {
		_, err := os.Lstat(path)
		return os.IsNotExist(err)
	})
	if err != nil {
		t.Fatal(err)
	}
}
