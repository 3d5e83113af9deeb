package ipc

import (
	"path/filepath"
	"testing"
)

// TestTrayAndAgentListenSideBySide: they are two programs of one user at one time, and the agent listens for browsers apart.
func TestTrayAndAgentListenSideBySide(t *testing.T) {
	agent := filepath.Join(shortDir(t), "keyshift", "agent.sock")
	for _, path := range []string{agent, TrayPath(agent), BrowserPath(agent)} {
		mustListen(t, path)
	}
}
