package cli

import (
	"context"
	"fmt"
	"io"
)

type versionCmd struct{}

func (cmd *versionCmd) Run(_ context.Context, inv *invocation) error {
	v := inv.Version()
	return inv.Value(v, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "%s %s (%s) %s/%s, %s\n", Name, v.Version, v.Commit, v.OS, v.Arch, v.Go)
	})
}
