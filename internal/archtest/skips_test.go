package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// excuses lists the places of one file where a test skips itself or sleeps.
func excuses(s source) ([]string, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, s.path, s.text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if why := excuse(call); why != "" {
			found = append(found, fmt.Sprintf("%s: %s", set.Position(call.Pos()), why))
		}
		return true
	})
	return found, nil
}

func excuse(call *ast.CallExpr) string {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok {
		return ""
	}
	switch x.Name + "." + sel.Sel.Name {
	case "t.Skip", "t.Skipf", "t.SkipNow", "b.Skip", "b.Skipf", "b.SkipNow", "f.Skip", "tb.Skip", "testing.Short":
		return "a skipped test proves nothing: fail and say what is missing, scripts/setup.sh installs it"
	case "time.Sleep":
		return "a sleep is too short on a busy machine and too long on others: use testing/synctest, a channel, or a deadline"
	}
	return ""
}

func TestNoTestSkipsOrSleeps(t *testing.T) {
	for _, s := range goSources(t) {
		if !s.isTest() {
			continue
		}
		found, err := excuses(s)
		if err != nil {
			t.Error(err)
		}
		for _, f := range found {
			t.Error(f)
		}
	}
}

func TestExcusesAreFound(t *testing.T) {
	const text = "package x\nfunc f() { t.Skip(\"later\"); if testing.Short() { return }; time.Sleep(1); skip(); list.Skip(2) }\n"
	got, err := excuses(source{"x_test.go", []byte(text)})
	if want := 3; err != nil || len(got) != want {
		t.Errorf("got %q, %v, want %d", got, err, want)
	}
}
