// Command draw makes the pictures of package assets from their SVG sources: `go run ./draw DIR` writes DIR/png and DIR/ico.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: draw DIR")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "draw:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	files, err := pictures(os.DirFS(filepath.Join(dir, "svg")))
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), data, 0o644); err != nil { // #nosec G306 -- pictures are for everybody
			return fmt.Errorf("write picture: %w", err)
		}
	}
	return nil
}
