package fyneui

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// crossings lists where a file leaves the goroutine of the user interface, or comes back to it.
func crossings(set *token.FileSet, file *ast.File) []string {
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, set.Position(n.Pos()).String()+": go")
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "fyne" && strings.HasPrefix(n.Sel.Name, "Do") {
				found = append(found, set.Position(n.Pos()).String()+": fyne."+n.Sel.Name)
			}
		}
		return true
	})
	return found
}

func TestOnlyTheBridgeCrossesGoroutines(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("files: %v, %v", files, err)
	}
	allowed := 0
	for _, name := range files {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range crossings(set, file) {
			switch {
			case name == "bridge.go", name == "run.go":
				allowed++
			default:
				t.Errorf("%s: only bridge.go does that, and run.go at the start", c)
			}
		}
	}
	if allowed < 3 {
		t.Errorf("%d crossings were found in the bridge", allowed)
	}
}

// TestNoClickWaitsForTheAgent presses every button of every window. The agent of these tests complains when it is asked
// before settle, which is when other goroutines would have their turn.
func TestNoClickWaitsForTheAgent(t *testing.T) {
	pressed := 0
	for _, s := range scenes {
		for _, text := range buttonsOf(t, s) {
			w := open(t, s)
			for _, o := range w.all() {
				if b, ok := o.(*button); ok && b.Text == text && !b.Disabled() {
					b.OnTapped()
					pressed++
					break
				}
			}
			w.settle()
		}
	}
	if pressed < 40 {
		t.Errorf("only %d buttons were pressed", pressed)
	}
}

func open(t *testing.T, s scene) *world {
	a := office()
	if s.agent != nil {
		a = s.agent()
	}
	w := newWorld(t, a, tray.Settings{})
	s.show(w)
	return w
}

func buttonsOf(t *testing.T, s scene) []string {
	var list []string
	for _, o := range open(t, s).all() {
		if b, ok := o.(*button); ok && b.Visible() && !slices.Contains(list, b.Text) {
			list = append(list, b.Text)
		}
	}
	return list
}
