//go:build !linux

package early

// ask asks nothing: here the question is asked when the program is ready.
func ask([]string, func(string) string) *Question { return nil }
