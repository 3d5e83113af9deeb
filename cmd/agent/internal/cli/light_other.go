//go:build !linux

package cli

// releaseProgram does nothing: macOS and Windows take the pages of an idle program back by themselves.
func releaseProgram() error { return nil }
