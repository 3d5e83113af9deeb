package archtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// importRule forbids imports. Patterns are paths inside the module or outside import paths; see matches.
type importRule struct {
	who    []string // the packages that the rule is about
	except []string // of these, the ones that may
	never  []string // what they do not import
	tests  bool     // whether their tests do not either
	why    string
}

// parts are the packages above the leaves; every other package is a leaf.
var parts = []string{
	"internal/agent/...", "internal/hub/...", "internal/tray/...", "internal/localclient/...", "internal/hubclient/...",
	"internal/systest/...", "internal/testpg/...", "internal/archtest/...", "internal/bench/...", "cmd/...", "e2e/...",
}

// machinery is what the domain does without. log/slog is not in it: a secret has to tell slog that it is redacted.
var machinery = []string{
	"os/...", "io/fs", "net", "net/http/...", "database/sql/...", "log", "syscall", "runtime/...", "testing/...",
	"github.com/...", "golang.org/...", "google.golang.org/...", "connectrpc.com/...", "modernc.org/...",
}

var everything = []string{"internal/...", "cmd/...", "e2e/..."}

var importRules = []importRule{
	{
		who: []string{"internal/keyshift/..."}, never: slices.Concat(everything, machinery),
		why: "the domain is pure: rules that need no machine can be read and tested without one",
	},
	{
		who: []string{"internal/..."}, except: parts, never: parts,
		why: "a leaf that knows its users cannot be used by others",
	},
	{
		who: []string{"internal/localclient/...", "internal/hubclient/..."}, never: []string{"internal/agent/...", "internal/hub/...", "internal/tray/..."},
		why: "a client speaks the contract, it does not share code with the server",
	},
	{
		who: []string{"internal/agent/..."}, never: []string{"internal/hub/...", "internal/tray/..."}, tests: true,
		why: "agent and hub meet only over the contract; tests of both together belong in internal/systest",
	},
	{
		who: []string{"internal/hub/..."}, never: []string{"internal/agent/...", "internal/tray/...", "internal/localclient/...", "internal/hubclient/..."}, tests: true,
		why: "agent and hub meet only over the contract; tests of both together belong in internal/systest",
	},
	{
		who: []string{"internal/tray/..."}, never: []string{"internal/agent/...", "internal/hub/...", "internal/hubclient/..."},
		why: "the tray shows what the agent says over the local API and holds nothing itself",
	},
	{
		who: []string{"internal/hub"}, never: []string{"internal/hub/..."},
		why: "use cases declare the interfaces they need; adapters import internal/hub, never the other way",
	},
	{
		who: []string{"internal/hub/rpc/...", "internal/hub/web/..."}, never: []string{"internal/hub/store/..."},
		why: "handlers go through the use cases of internal/hub, where the authorization is",
	},
	{
		who: []string{"internal/hub/store/..."}, never: []string{"internal/hub/rpc/...", "internal/hub/web/..."},
		why: "the store does not know who asks",
	},
	{
		who: []string{"internal/tray"}, never: []string{"internal/tray/..."},
		why: "the view model is data; toolkits draw it",
	},
	{
		who: everything, except: []string{"e2e/...", "internal/systest/...", "internal/archtest/...", "internal/bench/...", "internal/testpg", "internal/browsertest"}, never: []string{
			"github.com/google/go-cmp/...", "github.com/anishathalye/porcupine", "go.uber.org/goleak", "pgregory.net/rapid",
			"github.com/rogpeppe/go-internal/...", "internal/testpg", "internal/systest/...", "internal/osring/osringtest", "internal/seal/sealtest", "internal/bench/...",
			"internal/browsertest", "internal/replica", "internal/until", "internal/loopback",
		},
		why: "libraries for tests stay out of programs",
	},
	{
		who: everything, except: []string{"cmd/...", "e2e/..."}, never: []string{"flag", "os/signal", "github.com/alecthomas/kong", "github.com/jotaen/kong-completion"},
		why: "only main programs read flags and handle signals: everything else takes values and contexts",
	},
	owner("internal/tray/fyneui/...", "fyne.io/fyne/..."),
	owner("internal/tray/icon/...", "fyne.io/systray/..."),
	owner("internal/agent/service", "github.com/kardianos/service/..."),
	owner("extension", "github.com/evanw/esbuild/..."),
	owner("internal/notify", "github.com/ebitengine/purego/..."),
	owner("internal/kek", "github.com/tink-crypto/..."),
	owner("internal/osring", "github.com/zalando/go-keyring/..."),
	owner("internal/browsertest", "github.com/chromedp/...", "github.com/coder/websocket/..."),
	owner("internal/hub/store/...", "modernc.org/sqlite/...", "github.com/jackc/pgx/...", "github.com/lib/pq/...", "github.com/pressly/goose/..."),
}

// owner is the rule that a library has one importer, test packages of the whole system aside.
func owner(pkg string, libraries ...string) importRule {
	return importRule{
		who: everything, except: []string{pkg, "e2e/..."}, never: libraries,
		why: "only " + strings.TrimSuffix(pkg, "/...") + " imports it, so that its traps are handled in one place",
	}
}

// violations lists what one package does against the rule.
func (r importRule) violations(p goPackage) []string {
	if !matches(p.name(), r.who) || matches(p.name(), r.except) {
		return nil
	}
	imports := slices.Clone(p.Imports)
	if r.tests {
		imports = slices.Concat(imports, p.TestImports, p.XTestImports)
	}
	var found []string
	for _, i := range imports {
		if i != p.ImportPath && matches(ours(i), r.never) {
			found = append(found, fmt.Sprintf("%s imports %s: %s", p.name(), ours(i), r.why))
		}
	}
	return found
}

func TestImports(t *testing.T) {
	list, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range list {
		for _, r := range importRules {
			for _, v := range r.violations(p) {
				if !seen[v] {
					t.Error(v)
				}
				seen[v] = true
			}
		}
	}
}

func TestImportRulesCatch(t *testing.T) {
	for _, tt := range []struct {
		from, imports string
		want          bool
	}{
		{"internal/keyshift", "os", true},
		{"internal/keyshift", "github.com/google/uuid", true},
		{"internal/keyshift", "net/http", true},
		{"internal/keyshift", "net/url", false},
		{"internal/keyshift", "internal/seal", true},
		{"internal/keyshift", "strings", false},
		{"internal/seal", "internal/keyshift", false},
		{"internal/seal", "internal/agent", true},
		{"internal/anything", "internal/hub", true},
		{"internal/anything", "internal/seal", false},
		{"internal/agent", "internal/hub", true},
		{"internal/agent/localapi", "internal/hub/store", true},
		{"internal/agent", "internal/agent/secretstore", false},
		{"internal/hub", "internal/hub/store", true},
		{"internal/hub/store", "internal/hub", false},
		{"internal/hub/web", "internal/hub/store", true},
		{"internal/hub/audit", "internal/agent", true},
		{"internal/hubclient", "internal/hub", true},
		{"internal/tray", "internal/tray/fyneui", true},
		{"internal/tray/fyneui", "fyne.io/fyne/v2/app", false},
		{"internal/tray", "fyne.io/fyne/v2", true},
		{"cmd/agent", "github.com/zalando/go-keyring", true},
		{"internal/osring", "github.com/zalando/go-keyring", false},
		{"internal/agent", "flag", true},
		{"cmd/agent", "flag", false},
		{"internal/hub", "github.com/google/go-cmp/cmp", true},
		{"cmd/hub", "internal/hub/store", false},
	} {
		path := func(s string) string {
			if matches(s, everything) {
				return module + "/" + s
			}
			return s
		}
		p := goPackage{ImportPath: path(tt.from), Imports: []string{path(tt.imports)}}
		var found []string
		for _, r := range importRules {
			found = append(found, r.violations(p)...)
		}
		if got := len(found) > 0; got != tt.want {
			t.Errorf("%s imports %s: forbidden is %v, want %v", tt.from, tt.imports, got, tt.want)
		}
	}
}

func TestImportRulesCoverTestsWhereTheySay(t *testing.T) {
	p := goPackage{ImportPath: module + "/internal/agent", XTestImports: []string{module + "/internal/hub"}}
	got := 0
	for _, r := range importRules {
		got += len(r.violations(p))
	}
	if got != 1 {
		t.Errorf("a test of the agent that imports the hub breaks %d rules, want 1", got)
	}
}

func TestEveryImportRuleHasAReason(t *testing.T) {
	for _, r := range importRules {
		if r.why == "" || len(r.who) == 0 || len(r.never) == 0 {
			t.Errorf("incomplete rule: %+v", r)
		}
	}
}
