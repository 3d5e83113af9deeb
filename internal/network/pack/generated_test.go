package pack

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/shape"
)

var update = flag.Bool("update", false, "write schema.json and extension/src/gen/pack.ts anew")

// TestGeneratedFilesAreCurrent: the Go types are the only source of the form.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	list := shape.Of(Pack{})
	for name, want := range map[string][]byte{
		"schema.json": shape.JSONSchema("Keyshift site pack", "How the pages of one network look. docs/site-packs.md tells how to write one.", list),
		filepath.FromSlash("../../../extension/src/gen/pack.ts"): shape.TypeScript("The form of a site pack; internal/network/pack/pack.go says what each field means.", list),
	} {
		if *update {
			if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, want, 0o644); err != nil { //nolint:gosec // part of the source
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is out of date: run go test ./internal/network/pack -update", name)
		}
	}
}
