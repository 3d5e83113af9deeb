package app

import (
	"context"
	"os"
	"os/exec"
	"testing"
)

func playing(t *testing.T, role string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	return cmd
}

// Where the opener of addresses is the browser itself, it runs on.
func TestABrowserThatStaysIsNoTrouble(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cmd := playing(t, "hangs")
	if err := launch(ctx, cmd); err != nil {
		t.Errorf("a browser that runs on: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Errorf("the browser does not run on: %v", err)
	}
}

func TestABrowserThatFailsIsTold(t *testing.T) {
	if launch(t.Context(), playing(t, "fails")) == nil || launch(t.Context(), exec.Command("/does/not/exist")) == nil {
		t.Error("nothing is opened, and nobody hears of it")
	}
}
