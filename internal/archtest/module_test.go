package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// module is the import path that all our packages begin with.
const module = "github.com/keyshift-hq/keyshift"

// systems are what agent and hub are built for.
var systems = []string{"linux", "windows", "darwin"}

// goPackage is the part of `go list -json` that the rules need.
type goPackage struct {
	ImportPath   string
	Standard     bool
	CgoFiles     []string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Error        *struct{ Err string }
}

// name is the path inside the module, such as "internal/hub".
func (p goPackage) name() string { return ours(p.ImportPath) }

// ours strips the module from an import path; other paths stay whole.
func ours(path string) string { return strings.TrimPrefix(path, module+"/") }

// goList runs `go list` for one operating system.
func goList(system, cgo string, args ...string) ([]goPackage, error) {
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Standard,CgoFiles,Imports,TestImports,XTestImports,Error"}, args...)...)
	cmd.Dir = root()
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED="+cgo)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list for %s: %w: %s", system, err, &stderr)
	}
	var list []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
}

// drawn is what draws with Fyne: go.mod leaves it out of ./..., because it takes minutes to compile.
const drawn = "./internal/tray/fyneui"

// packages lists our packages as each operating system sees them, so that imports of platform files count.
var packages = sync.OnceValues(func() ([]goPackage, error) {
	var all []goPackage
	for _, system := range systems {
		list, err := goList(system, "0", "./...", drawn)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
})

// root is the module's directory: tests run in the directory of their package.
var root = sync.OnceValue(func() string {
	dir, err := filepath.Abs("../..")
	if err != nil {
		panic(err)
	}
	return dir
})

// source is one text file of the repository.
type source struct {
	path string // slashes, from the module's directory
	text []byte
}

func (s source) lines() int      { return bytes.Count(s.text, []byte("\n")) }
func (s source) generated() bool { return generatedMark.Match(s.text) }
func (s source) isTest() bool    { return strings.HasSuffix(s.path, "_test.go") }
func (s source) isGo() bool      { return strings.HasSuffix(s.path, ".go") }

// generatedMark is the mark of https://go.dev/s/generatedcode, in any comment style.
var generatedMark = regexp.MustCompile(`(?m)^\W* ?(Code )?[Gg]enerated .*DO NOT EDIT`)

// skipped are directories whose content is not ours, by name.
var skipped = map[string]bool{"bin": true, "node_modules": true, "dist": true}

// sources reads every text file of the repository, except hidden directories and test data.
var sources = sync.OnceValues(func() ([]source, error) {
	var all []source
	err := filepath.WalkDir(root(), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root() && (skipped[d.Name()] || strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			return err
		}
		rel, err := filepath.Rel(root(), path)
		all = append(all, source{filepath.ToSlash(rel), text})
		return err
	})
	return all, err
})

// goSources are the Go files, without test data.
func goSources(t *testing.T) []source {
	t.Helper()
	var list []source
	for _, s := range allSources(t) {
		if s.isGo() && !strings.Contains(s.path, "/testdata/") {
			list = append(list, s)
		}
	}
	return list
}

func allSources(t *testing.T) []source {
	t.Helper()
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("found only %d files below %s", len(all), root())
	}
	return all
}

// matches tells whether a slash path is one of the patterns: "a/b" is itself, "a/b/..." also everything below.
func matches(path string, patterns []string) bool {
	for _, p := range patterns {
		prefix, below := strings.CutSuffix(p, "/...")
		if path == prefix || below && strings.HasPrefix(path, prefix+"/") {
			return true
		}
	}
	return false
}
