package systest

import (
	"log/slog"
	"path/filepath"
	"testing"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/server"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/testpg"
)

// Replicas that start together each show a first-owner code. Only the newest may work: with two, two strangers to each
// other could become owners at the same moment.
func TestOneFirstOwnerCodeIsGoodHoweverManyReplicasStart(t *testing.T) {
	dir := t.TempDir()
	w := &World{t: t, Config: server.Config{
		Database: testpg.New(t), DataDir: filepath.Join(dir, "data"), KEKFile: filepath.Join(dir, "key", "kek.json"), Listen: "127.0.0.1:0", Name: "Acme", Host: "localhost",
		Limits: hub.Limits{CodeTriesPerMinute: 1000}, Log: slog.New(slog.DiscardHandler),
	}}
	t.Cleanup(w.Stop)
	for range 3 {
		w.Start()
	}
	codes := make([]string, 30)
	for i, err := range together(len(codes), func(i int) (err error) {
		codes[i], err = w.Replica[i%3].FirstOwnerCode(t.Context())
		return err
	}) {
		if err != nil {
			t.Fatalf("code %d: %v", i, err)
		}
	}
	good := 0
	for _, code := range codes {
		target, i := Target(t, code)
		// The name is refused after the code was found good, and the code is not used up.
		_, err := hubclient.Call(t.Context(), w.admin(target, nil).Auth.Login, &v1.LoginRequest{Code: i.SecretText(), UserName: "no name"})
		switch keyshift.CodeOf(err) {
		case keyshift.CodeFieldInvalid:
			good++
		case keyshift.CodeCodeInvalid:
		default:
			t.Fatalf("log in: %v", err)
		}
	}
	if good != 1 {
		t.Errorf("%d of %d first-owner codes are good, want 1", good, len(codes))
	}
}
