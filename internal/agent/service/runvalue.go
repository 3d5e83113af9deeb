package service

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// maxRunValue is what Windows reads of a Run value; a longer one is ignored without a word.
const maxRunValue = 260

// runValue renders the command line for the Run key of the registry.
func runValue(p program) (string, error) {
	words := []string{quoteWindows(p.path)}
	for _, a := range p.LogonArguments {
		words = append(words, quoteWindows(a))
	}
	line := strings.Join(words, " ")
	if n := len(utf16.Encode([]rune(line))); n > maxRunValue {
		return "", fmt.Errorf("make Run value: the command has %d characters, Windows reads %d: install the program under a shorter path", n, maxRunValue)
	}
	return line, nil
}

// quoteWindows quotes one word as the C runtime of Windows and package os take command lines apart. The program is
// always in quotes: without them, C:\Program.exe would be started in place of "C:\Program Files\...".
func quoteWindows(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	slashes := 0
	for i := range len(s) {
		switch s[i] {
		case '\\':
			slashes++
			continue
		case '"':
			b.WriteString(strings.Repeat(`\`, 2*slashes+1))
		default:
			b.WriteString(strings.Repeat(`\`, slashes))
		}
		slashes = 0
		b.WriteByte(s[i])
	}
	b.WriteString(strings.Repeat(`\`, 2*slashes) + `"`)
	return b.String()
}
