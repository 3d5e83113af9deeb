package archtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	built "github.com/keyshift-hq/keyshift/internal/systest/programs"
)

// heavy is what a program that has it spends time on whenever it starts, before its first line runs.
var heavy = []string{"internal/kek", "github.com/tink-crypto/...", "encoding/xml", "github.com/kardianos/service/...", "modernc.org/...", "github.com/jackc/..."}

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

const early = "cmd/agent/internal/early"

// later is what must not be initialized before the first question of a command has left: whatever early imports, these do
// not come before it. An import whose path sorts behind google.golang.org, such as net or os/exec, is enough for that.
var later = []string{
	"google.golang.org/protobuf/types/...", "google.golang.org/protobuf/proto", "google.golang.org/protobuf/internal/impl", "connectrpc.com/...",
	"internal/api/...", "net/...", "regexp/...", "log/slog/...", "crypto/tls", "crypto/x509", "github.com/alecthomas/kong", "github.com/godbus/...",
}

// At most so much is initialized before the first question leaves, and until a command begins that asks nothing early. Raise
// it only for what every command is worth waiting for.
var (
	untilAsked = initialized{packages: 75, allocations: 200, bytes: 56 << 10}
	untilMain  = initialized{packages: 150, allocations: 1650, bytes: 480 << 10}
)

// initialized is how much was done for packages to be ready.
type initialized struct{ packages, allocations, bytes int }

func (i initialized) beyond(limit initialized) bool {
	return i.packages > limit.packages || i.allocations > limit.allocations || i.bytes > limit.bytes
}

// readTrace adds up a trace of initialization up to a package, and lists what came before it.
func readTrace(trace []byte, last string) (sum initialized, before []string) {
	for line := range bytes.Lines(trace) { // init os @0.87 ms, 0.015 ms clock, 432 bytes, 9 allocs
		var name string
		var at, took float64
		var size, allocations int
		if _, err := fmt.Sscanf(string(line), "init %s @%f ms, %f ms clock, %d bytes, %d allocs", &name, &at, &took, &size, &allocations); err != nil {
			continue
		}
		sum = initialized{sum.packages + 1, sum.allocations + allocations, sum.bytes + size}
		if ours(name) == last {
			break
		}
		before = append(before, ours(name))
	}
	return sum, before
}

// TestACommandAsksBeforeTheProgramIsReady counts what the real program does before. Unlike time, that does not depend on what
// else the computer does.
func TestACommandAsksBeforeTheProgramIsReady(t *testing.T) {
	dir := t.TempDir()
	if err := built.Put(dir, "keyshift-agent"); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "keyshift-agent"), "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace bytes.Buffer
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	asked, before := readTrace(trace.Bytes(), early)
	for _, name := range before {
		if matches(name, later) {
			t.Errorf("%s is initialized before %s: look for an import of it whose path sorts late", name, early)
		}
	}
	all, names := readTrace(trace.Bytes(), "")
	if !slices.Contains(names, early) || asked.packages == all.packages || len(names) < 100 {
		t.Fatalf("%s is not among the %d packages that are initialized, or the last:\n%s", early, all.packages, strings.Join(names, "\n"))
	}
	t.Logf("until the first question leaves: %+v; until main begins: %+v", asked, all)
	if asked.beyond(untilAsked) || all.beyond(untilMain) {
		t.Errorf("until the first question leaves %+v, at most %+v; until main begins %+v, at most %+v", asked, untilAsked, all, untilMain)
	}
}

func TestTraceIsRead(t *testing.T) {
	trace := []byte("init os @0.8 ms, 0.01 ms clock, 400 bytes, 9 allocs\nkeyshift-agent 1\ninit " + module + "/" + early +
		" @1 ms, 0.1 ms clock, 100 bytes, 1 allocs\ninit net/http @2 ms, 0 ms clock, 1 bytes, 1 allocs\n")
	if sum, before := readTrace(trace, early); sum != (initialized{2, 10, 500}) || !slices.Equal(before, []string{"os"}) {
		t.Errorf("got %+v, %q", sum, before)
	}
	if sum, before := readTrace(trace, ""); sum != (initialized{3, 11, 501}) || len(before) != 3 {
		t.Errorf("got %+v, %q", sum, before)
	}
	if !(initialized{2, 10, 500}).beyond(initialized{2, 9, 500}) || (initialized{2, 10, 500}).beyond(initialized{2, 10, 500}) {
		t.Error("limits do not hold")
	}
}
