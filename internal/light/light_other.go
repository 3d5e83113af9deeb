//go:build !linux

package light

// releaseProgram does nothing: macOS and Windows take the pages of an idle program back by themselves.
func releaseProgram() error { return nil }
