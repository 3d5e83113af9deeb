package cli

import (
	"context"
	"io"

	"github.com/keyshift-hq/keyshift/internal/agent/nativehost"
	"github.com/keyshift-hq/keyshift/internal/ipc"
)

// ServeBrowser is what the program does when a browser started it: see package nativehost. It takes nothing from a command
// line, and prints nothing.
func ServeBrowser(ctx context.Context, caller nativehost.Caller, env func(string) string, in io.Reader, out io.Writer) error {
	socket, err := DefaultSocket(env)
	if err != nil {
		return err
	}
	folders := nativehost.SystemFolders()
	if own, err := stateBase(env); err == nil {
		folders = append(folders, own)
	}
	return nativehost.Host{Caller: caller, Recorded: nativehost.Recorded(folders...), Socket: ipc.BrowserPath(socket), In: in, Out: out}.Run(ctx)
}
