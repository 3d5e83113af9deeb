package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// completed gives what a shell is told for a line.
func (w *world) completed(t *testing.T, line string) []string {
	t.Helper()
	t.Setenv("COMP_LINE", line)
	w.env["COMP_LINE"] = line
	out := &wall{}
	p := w.program(out, os.Stderr, "ignored")
	if exit := p.Run(t.Context()); exit != 0 {
		t.Errorf("exit %d", exit)
	}
	return strings.Fields(out.String())
}

func TestCompletion(t *testing.T) {
	w := newWorld(t).enrolled().holding()
	w.env["XDG_RUNTIME_DIR"] = filepath.Dir(filepath.Dir(w.socket)) // a line that is being typed has no --socket to go by
	w.socket = filepath.Join(w.env["XDG_RUNTIME_DIR"], "keyshift", "agent.sock")
	w.serve()
	tests := []struct {
		line string
		want string
	}{
		{"keyshift-agent sta", "start status"},
		{"keyshift-agent che", "checkin checkout"},
		{"keyshift-agent checkout --sh", "--show"},
		{"keyshift-agent checkout x/", "x/acme x/acme_jobs"},
		{"keyshift-agent checkin ", "x/acme"},
		{"keyshift-agent completion z", "zsh"},
	}
	for _, tt := range tests {
		got := map[string]bool{}
		for _, word := range w.completed(t, tt.line) {
			got[word] = true
		}
		for _, word := range strings.Fields(tt.want) {
			if !got[word] {
				t.Errorf("%q: %s is not in %v", tt.line, word, got)
			}
		}
		if len(got) != len(strings.Fields(tt.want)) {
			t.Errorf("%q: got %v, want %s", tt.line, got, tt.want)
		}
	}
}

func TestCompletionWithoutAnAgent(t *testing.T) {
	if got := newWorld(t).completed(t, "keyshift-agent checkout x/"); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}

func TestCompletionCode(t *testing.T) {
	for shell, want := range map[string]string{"bash": "complete -C ", "zsh": "bashcompinit", "fish": "complete -f -c keyshift-agent"} {
		newWorld(t).run("completion", "-c", shell).want(t, 0, want)
		newWorld(t).run("completion", shell).want(t, 0, "keyshift-agent completion -c "+shell)
	}
}
