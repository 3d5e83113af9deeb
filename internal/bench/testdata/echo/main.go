// Program echo is a native host that says back what it hears, and nothing else: what a round trip costs at least.
package main

import (
	"encoding/binary"
	"io"
	"os"
)

func main() {
	buf := make([]byte, 4+1<<20)
	for {
		if _, err := io.ReadFull(os.Stdin, buf[:4]); err != nil {
			return
		}
		n := binary.NativeEndian.Uint32(buf)
		if n > 1<<20 {
			return
		}
		if _, err := io.ReadFull(os.Stdin, buf[4:4+n]); err != nil {
			return
		}
		if _, err := os.Stdout.Write(buf[:4+n]); err != nil {
			return
		}
	}
}
