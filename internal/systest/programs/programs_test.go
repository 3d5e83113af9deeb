package programs

import (
	"os"
	"path/filepath"
	"testing"
)

func TestProgramsThatAreThereAreNotBuilt(t *testing.T) {
	there, bin := t.TempDir(), filepath.Join(t.TempDir(), "bin")
	if err := os.WriteFile(filepath.Join(there, "keyshift-hub"), []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(Variable, there)
	if err := Put(bin, "keyshift-hub"); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(bin, "keyshift-hub")
	text, err := os.ReadFile(program)
	if err != nil || string(text) != "#!/bin/sh\n" {
		t.Errorf("put %q, %v", text, err)
	}
	if info, err := os.Stat(program); err != nil || info.Mode().Perm()&0o500 != 0o500 {
		t.Errorf("it cannot be started: %v, %v", info, err)
	}
	if err := Put(bin, "keyshift-agent"); err == nil {
		t.Error("a program that is missing was put")
	}
}

func TestAProgramThatThereIsNotIsNotBuilt(t *testing.T) {
	t.Setenv(Variable, "")
	if err := Put(t.TempDir(), "keyshift-nothing"); err == nil {
		t.Error("built what there is not")
	}
}
