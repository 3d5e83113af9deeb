// Package assets holds Keyshift's own pictures. The sources are the SVG files in svg; everything else is drawn from them
// by `go generate ./assets`, and a test says when that was forgotten.
//
// An icon of the tray is named by the state that it shows ("held"), and comes in two colors: for a dark ground and for a
// light one. macOS colors its own from a template.
package assets

import (
	"embed"
	"io/fs"
)

//go:generate go run ./draw .

//go:embed png
var pngs embed.FS

// Icon is the icon of a state as PNG of 48 pixels; nil if there is none.
func Icon(state string, dark bool) []byte { return read(pngs, "png/"+state+ground(dark)+".png") }

// Template is the icon of a state in black, as PNG of 44 pixels; nil if there is none.
func Template(state string) []byte { return read(pngs, "png/"+state+"-template.png") }

// App is the program's own icon, as PNG of 256 pixels.
func App() []byte { return read(pngs, "png/keyshift.png") }

func ground(dark bool) string {
	if dark {
		return "-dark"
	}
	return "-light"
}

func read(files embed.FS, name string) []byte {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return nil
	}
	return data
}
