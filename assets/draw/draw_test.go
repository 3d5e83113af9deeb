package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestPicturesAreThoseOfTheirSources(t *testing.T) {
	files, err := pictures(os.DirFS("../svg"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what its source says (%v): run `go generate ./assets`", name, err)
		}
	}
	if len(files) < 30 {
		t.Errorf("%d pictures, want those of all states", len(files))
	}
}

func TestEveryPictureHasASource(t *testing.T) {
	files, err := pictures(os.DirFS("../svg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"png", "ico"} {
		entries, err := os.ReadDir("../" + dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if files[dir+"/"+e.Name()] == nil {
				t.Errorf("nothing draws %s/%s", dir, e.Name())
			}
		}
	}
}
