package cli

import (
	"testing"

	"github.com/keyshift-hq/keyshift/internal/api"
)

func TestPlaces(t *testing.T) {
	tests := []struct {
		name          string
		env           map[string]string
		state, socket string
		exit          api.Exit
	}{
		{"usual", map[string]string{"HOME": "/home/dana", "XDG_RUNTIME_DIR": "/run/user/1000"},
			"/home/dana/.local/state/keyshift", "/run/user/1000/keyshift/agent.sock", 0},
		{"state elsewhere", map[string]string{"HOME": "/home/dana", "XDG_STATE_HOME": "/srv/state", "XDG_RUNTIME_DIR": "/run/user/1000"},
			"/srv/state/keyshift", "/run/user/1000/keyshift/agent.sock", 0},
		{"relative is unset", map[string]string{"HOME": "/home/dana", "XDG_STATE_HOME": "state", "XDG_RUNTIME_DIR": "run"},
			"/home/dana/.local/state/keyshift", "", api.ExitUnreachable},
		{"nothing", nil, "", "", api.ExitUnreachable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := func(name string) string { return tt.env[name] }
			inv := &invocation{Program: &Program{Env: env}}
			if got, err := inv.stateDir(); got != tt.state || (err == nil) != (tt.state != "") {
				t.Errorf("state in %q, %v, want %q", got, err, tt.state)
			}
			if got, err := inv.socket(); got != tt.socket || api.ExitOf(err) != tt.exit {
				t.Errorf("socket at %q, %v, want %q", got, err, tt.socket)
			}
		})
	}
}
