// Package nativehost is what the agent's program is when a browser starts it: a relay between the browser's extension and
// the running agent, without a secret and without a decision of its own.
//
// A browser starts a native host without asking the user. Chromium and its family give the origin of the extension as the
// first argument, Firefox the path of the manifest and the id of the add-on. [Detect] tells such a start from a command
// line before anything else happens, so that nothing of it is logged or printed: standard output belongs to the browser.
//
// [Run] serves only extensions that it knows: those of package extensionid, and those that `browser install
// --extension-id` recorded ([Record]). It then hands frames on, both ways, and refuses those that package native does not
// allow. What they say is for the agent to judge: it asks for itself who is at the other end, and every value has to be
// asked for with the key of a paired profile. So this program needs no trust, and a program of the same user that starts
// it, or talks to the agent's socket itself, gets no further than an extension that was never paired.
//
// Its memory is readable for other programs of the user, as the browser's is: the agent looks at /proc to see that its
// peer is this program (the kernel would hide that from it otherwise). It leaves no core file.
package nativehost

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/extensionid"
)

const chromiumScheme = "chrome-extension://"

// Caller is the extension for which a browser started the native host.
type Caller struct {
	// ID is the extension's id.
	ID string
	// Firefox tells the two families apart.
	Firefox bool
}

// Detect reports whether the arguments (without the program's name) are those with which a browser starts a native host.
func Detect(args []string) (Caller, bool) {
	if len(args) == 0 {
		return Caller{}, false
	}
	if rest, ok := strings.CutPrefix(args[0], chromiumScheme); ok {
		return Caller{ID: strings.TrimSuffix(rest, "/")}, true
	}
	if len(args) == 2 && filepath.IsAbs(args[0]) && strings.HasSuffix(args[0], ".json") {
		return Caller{ID: args[1], Firefox: true}, true
	}
	return Caller{}, false
}

// known reports whether the extension is ours, or among those that were recorded.
func (c Caller) known(recorded []string) bool {
	own := extensionid.Chromium
	if c.Firefox {
		own = extensionid.Firefox
	}
	return c.ID == own || ValidID(c.ID) == nil && slices.Contains(recorded, c.ID)
}
