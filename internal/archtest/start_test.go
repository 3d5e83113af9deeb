package archtest

import "testing"

// heavy is what a program that has it spends time on whenever it starts, before its first line runs.
var heavy = []string{"internal/kek", "github.com/tink-crypto/...", "github.com/kardianos/service/...", "modernc.org/...", "github.com/jackc/..."}

// TestTheAgentStartsWithoutWhatItNeverUses looks at everything that is linked into the agent for Linux: each command is a
// start of it, and each browser starts it too.
func TestTheAgentStartsWithoutWhatItNeverUses(t *testing.T) {
	list, err := goList("linux", "0", "-deps", "./cmd/agent")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if matches(p.name(), heavy) {
			t.Errorf("cmd/agent has %s: every command would wait for it to get ready", p.name())
		}
	}
	if len(list) < 100 {
		t.Errorf("cmd/agent has %d packages: the list is not whole", len(list))
	}
}
