package e2e

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, len(args) == 2, "json PATH VALUE")
	got := valueAt(ts, args[0])
	if (got == args[1]) == neg {
		ts.Fatalf("%s is %q", args[0], got)
	}
}

func cmdRemember(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 2, "remember NAME PATH")
	ts.Setenv(args[0], valueAt(ts, args[1]))
}

// valueAt reads a path like leases.0.state in the last standard output. A list's length is PATH.length.
func valueAt(ts *testscript.TestScript, path string) string {
	var value any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &value); err != nil {
		ts.Fatalf("standard output is not JSON: %v", err)
	}
	for name := range strings.SplitSeq(path, ".") {
		next, err := step(value, name)
		if err != nil {
			ts.Fatalf("%s: %v", path, err)
		}
		value = next
	}
	return shown(value)
}

func step(value any, name string) (any, error) {
	switch v := value.(type) {
	case map[string]any:
		if next, ok := v[name]; ok {
			return next, nil
		}
	case []any:
		if name == "length" {
			return float64(len(v)), nil
		}
		if i, err := strconv.Atoi(name); err == nil && i < len(v) {
			return v[i], nil
		}
	}
	return nil, fmt.Errorf("there is no %q in %s", name, shown(value))
}

func shown(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
