// A program that only says something and ends.
package main

import "os"

func main() { _, _ = os.Stdout.WriteString("running\n") }
