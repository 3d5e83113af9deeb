// Mocksecrets serves a mock Secret Service on the session bus of its
// environment, for stories over the real programs. It prints "ready" when it
// has the name, then reads commands, one a line, and answers each with a line
// "ok" or "error: ...". It ends with its input.
//
//	normal, dismiss-delete, dismiss-set,
//	hang, hang-delete, locked              switch the behavior; normal also
//	                                       accepts prompts that are still open
//	plant SERVICE USERNAME                 add a foreign item that is found before ours
//	plant-older SERVICE USERNAME           add one that is found after ours
//	dump                                   one line for each item, before the "ok":
//	                                       its attributes and how long its value is
package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

// planted is the value of planted items: base64, so that it passes for ours.
const planted = "cGxhbnRlZA=="

func main() {
	if err := run(os.Getenv("DBUS_SESSION_BUS_ADDRESS"), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mocksecrets:", err)
		os.Exit(1)
	}
}

func run(address string, in io.Reader, out io.Writer) error {
	mock, err := osringtest.ServeMock(address)
	if err != nil {
		return err
	}
	defer mock.Close()
	fmt.Fprintln(out, "ready")
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := obey(mock, strings.Fields(lines.Text()), out); err != nil {
			fmt.Fprintln(out, "error:", err)
			continue
		}
		fmt.Fprintln(out, "ok")
	}
	return lines.Err()
}

func obey(mock *osringtest.MockSecretService, words []string, out io.Writer) error {
	switch {
	case len(words) == 3 && words[0] == "plant":
		mock.PlantNewer(words[1], words[2], planted)
	case len(words) == 3 && words[0] == "plant-older":
		mock.PlantOlder(words[1], words[2], planted)
	case len(words) == 1 && words[0] == "dump":
		dump(mock, out)
	case len(words) == 1:
		return mock.Behave(osringtest.Behavior(words[0]))
	default:
		return fmt.Errorf("%q is not a command", strings.Join(words, " "))
	}
	return nil
}

func dump(mock *osringtest.MockSecretService, out io.Writer) {
	for _, item := range mock.Items() {
		fmt.Fprint(out, "item")
		for _, name := range slices.Sorted(maps.Keys(item.Attributes)) {
			fmt.Fprintf(out, " %s=%q", name, item.Attributes[name])
		}
		fmt.Fprintf(out, " bytes=%d\n", len(item.Value))
	}
}
