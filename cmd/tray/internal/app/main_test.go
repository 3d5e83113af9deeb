package app

import (
	"bufio"
	"fmt"
	"os"
	"testing"
	"time"
)

// patience bounds what takes next to no time.
const patience = 20 * time.Second

// roleVariable makes this test binary a window process.
const roleVariable = "KEYSHIFT_TRAY_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "draws":
		speak(-1)
	case "leaves": // just when it is asked for a second window
		speak(0)
	case "saves":
		fmt.Println(`{"window":"","saved":true}`)
		speak(-1)
	case "hangs": // and hears nothing
		<-time.After(2 * patience)
	case "fails":
		fmt.Fprintln(os.Stderr, "no OpenGL here")
		os.Exit(1)
	default:
		os.Exit(m.Run())
	}
}

// speak says that the first window is there, and then as many more as it is asked for; -1 is all.
func speak(more int) {
	fmt.Println(`{"window":"home"}`)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if more == 0 {
			return
		}
		fmt.Println(lines.Text())
		more--
	}
}

func receive[T any](t *testing.T, from <-chan T) (got T) {
	t.Helper()
	select {
	case got = <-from:
	case <-time.After(patience):
		t.Fatalf("nothing came within %v", patience)
	}
	return got
}
