package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheExtensionHasTheContract(t *testing.T) {
	got, err := os.ReadFile(filepath.Join("../../..", target))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(render()) {
		t.Errorf("%s is not what the Go types say: run make generate", target)
	}
}

func TestRenderNamesEverything(t *testing.T) {
	got := string(render())
	for _, want := range []string{
		"export interface FillGet {\n  lease_id: string;\n  field: Field;\n",
		`"fill.get": { body: FillGet; answer: Fill };`,
		`"lease.ended": LeaseEnded;`,
		`    relation: { kind: "word", words: Relations },`,
		`    fill_asked_until: { kind: "int", optional: true },`,
		"export interface Refusal {\n  code: Code;\n",
		"  Empty: {},\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestWriteMakesTheFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b.ts")
	if err := write(path); err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != string(render()) {
		t.Errorf("got %d bytes, %v", len(raw), err)
	}
}
