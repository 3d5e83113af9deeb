package assets

import "embed"

//go:embed ico
var icos embed.FS

// ICO is the icon of a state as Windows wants it; nil if there is none.
func ICO(state string, dark bool) []byte { return read(icos, "ico/"+state+ground(dark)+".ico") }
