package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// callRule forbids functions of the standard library outside some directories. Tests are free.
type callRule struct {
	pkg   string
	funcs []string
	in    []string // directories where they are allowed
	why   string
}

var (
	programs = []string{"cmd/...", "e2e/...", "assets/draw", "extension/build", "internal/native/typescript"}
	helpers  = append([]string{"internal/testpg", "internal/browsertest", "internal/systest/..."}, programs...)
)

// environment is where variables may be read. internal/osring is there because the D-Bus library reads the address
// of the session bus from the environment, and starts a stray bus when it finds none.
var environment = append([]string{"internal/osring"}, helpers...)

var callRules = []callRule{
	{"os", []string{"Exit"}, programs, "only a main program may end itself: return an error"},
	{"syscall", []string{"Exit"}, programs, "only a main program may end itself: return an error"},
	{"log", []string{"Fatal", "Fatalf", "Fatalln"}, programs, "only a main program may end itself: return an error"},
	{"os", []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Unsetenv", "Clearenv"}, environment, "only main programs read the environment: take the value as an argument"},
	{"syscall", []string{"Getenv", "Environ", "Setenv"}, environment, "only main programs read the environment: take the value as an argument"},
	{"fmt", []string{"Print", "Printf", "Println"}, programs, "only main programs write to standard output: take an io.Writer or a slog.Logger"},
	{"time", []string{"Tick"}, nil, "its ticker cannot be stopped: use time.NewTicker"},
}

// allows tells whether the file lies where the calls are allowed.
func (r callRule) allows(path string) bool {
	dir := path[:max(0, strings.LastIndexByte(path, '/'))]
	return matches(dir, r.in)
}

// forbiddenCalls lists uses of forbidden functions in one file, also as values.
func forbiddenCalls(s source) ([]string, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, s.path, s.text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	names := importNames(file)
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if !ok || names[x.Name] == "" {
			return true
		}
		if why := forbidden(s.path, names[x.Name], sel.Sel.Name); why != "" {
			found = append(found, fmt.Sprintf("%s: %s.%s: %s", set.Position(sel.Pos()), names[x.Name], sel.Sel.Name, why))
		}
		return true
	})
	return found, nil
}

// importNames maps the names that a file uses to import paths.
func importNames(file *ast.File) map[string]string {
	names := map[string]string{}
	for _, i := range file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		name := path[strings.LastIndexByte(path, '/')+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		names[name] = path
	}
	return names
}

func forbidden(path, pkg, name string) string {
	for _, r := range callRules {
		if r.pkg != pkg || r.allows(path) {
			continue
		}
		for _, f := range r.funcs {
			if f == name {
				return r.why
			}
		}
	}
	return ""
}

func TestOnlyMainProgramsTouchTheProcess(t *testing.T) {
	for _, s := range goSources(t) {
		if s.isTest() || s.generated() {
			continue
		}
		found, err := forbiddenCalls(s)
		if err != nil {
			t.Error(err)
		}
		for _, f := range found {
			t.Error(f)
		}
	}
}

func TestCallRulesCatch(t *testing.T) {
	const text = "package x\nimport (\"os\"; p \"fmt\"; sys \"syscall\"; \"time\")\n" +
		"var e = os.Exit\nfunc f() { os.Getenv(\"A\"); p.Println(); sys.Environ(); os.Open(\"\"); time.Tick(1); type os2 struct{} }\n"
	for _, tt := range []struct {
		path string
		want int
	}{
		{"internal/hub/x.go", 5},
		{"internal/testpg/x.go", 3},
		{"cmd/agent/x.go", 1},
		{"cmd/agent/sub/x.go", 1},
		{"x.go", 5},
	} {
		got, err := forbiddenCalls(source{tt.path, []byte(text)})
		if err != nil || len(got) != tt.want {
			t.Errorf("%s: got %d %q, %v, want %d", tt.path, len(got), got, err, tt.want)
		}
	}
}
