//go:build !race

package systest

// fewer is said in raced_test.go.
const fewer = 1
