package ipc

import (
	"path/filepath"
	"testing"
)

// TestTrayAndAgentListenSideBySide: they are two programs of one user at one time.
func TestTrayAndAgentListenSideBySide(t *testing.T) {
	agent := filepath.Join(shortDir(t), "keyshift", "agent.sock")
	for _, path := range []string{agent, TrayPath(agent)} {
		mustListen(t, path)
	}
}
